"""FraiseQL's native core: compiled shapes that render documents into responses.

Everything here comes from the extension module; `_native.pyi` describes it.
"""

import sys

from fraiseql_rs._native import (
    Engine,
    Hits,
    LargeText,
    RenderError,
    Shape,
    __version__,
    check_json,
    transform_one,
)

if sys.platform != "win32":
    from fraiseql_rs._native import Server

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
