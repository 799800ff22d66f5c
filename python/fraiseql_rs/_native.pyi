from collections.abc import Sequence
from typing import Protocol, TypeAlias, final

__all__ = [
    "Engine",
    "Hits",
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

_Headers: TypeAlias = Sequence[tuple[bytes, bytes]]

@final
class Hits:
    def __new__(cls, engine: Engine) -> Hits: ...
    def configure(self, max_bytes: int, bounds: Sequence[int]) -> None: ...
    def check(
        self,
        server: tuple[str, int, int],
        watch: int,
        statements: tuple[str, str],
        interval: float,
    ) -> None: ...
    def begin(self) -> tuple[int, int] | None: ...
    def remember(
        self,
        number: int,
        begun: tuple[int, int],
        reliance: tuple[int, Sequence[str]],
        request: tuple[bool, bytes, _Headers, bytes],
        response: tuple[_Headers, bytes],
    ) -> bool: ...
    def forget(self) -> None: ...
    def stop(self) -> None: ...
    def drain(
        self,
    ) -> tuple[list[tuple[int, int, int, float, float, float, list[int]]], list[int]]: ...
    def totals(self) -> tuple[int, int, int, int]: ...

def check_json(data: bytes) -> None: ...
def transform_one(row: object, type_name: str, info: _Info) -> object: ...
