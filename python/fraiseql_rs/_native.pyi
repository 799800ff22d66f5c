from collections.abc import Sequence
from typing import Protocol, TypeAlias, final

__all__ = [
    "Engine",
    "LargeText",
    "RenderError",
    "Shape",
    "__version__",
    "check_json",
    "transform_one",
]

# A row whose first column is a document: asyncpg's Record, a tuple, a list.
class _Record(Protocol):
    def __getitem__(self, index: int, /) -> object: ...

class _Info(Protocol):
    def document(self, row: object, type_name: str, /) -> object: ...

_Element: TypeAlias = bytes | str | int | _Record | None
_Item: TypeAlias = _Element | Sequence[_Element]

__version__: str

@final
class RenderError:
    @property
    def field_id(self) -> int: ...
    @property
    def code(self) -> str: ...
    @property
    def path(self) -> list[str | int]: ...
    @property
    def detail(self) -> str | int: ...
    @property
    def type_name(self) -> str: ...

@final
class LargeText:
    def __len__(self) -> int: ...
    def piece(self, start: int, end: int) -> bytes: ...

@final
class Shape:
    def __new__(cls, description: bytes) -> Shape: ...
    def render(
        self, streams: Sequence[Sequence[_Item] | None], max_bytes: int | None = None
    ) -> tuple[bytes | LargeText, list[RenderError] | None, dict[int, list[bytes]] | None]: ...

@final
class Engine:
    def __new__(cls) -> Engine: ...

def check_json(data: bytes) -> None: ...
def transform_one(row: object, type_name: str, info: _Info) -> object: ...
