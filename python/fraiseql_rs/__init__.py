"""FraiseQL's native core: compiled shapes that render documents into responses.

Everything here comes from the extension module; `_native.pyi` describes it.
"""

from fraiseql_rs._native import (
    Engine,
    Hits,
    LargeText,
    RenderError,
    Server,
    Shape,
    __version__,
    check_json,
    transform_one,
)

__all__ = [
    "Engine",
    "Hits",
    "LargeText",
    "RenderError",
    "Server",
    "Shape",
    "__version__",
    "check_json",
    "transform_one",
]
