"""Documents: JSON bytes as resolvers hand them on, opened only when a resolver looks inside."""

from collections.abc import Iterator, Mapping
from typing import Any

import orjson

from fraiseql.serving.planning.reads import DOCUMENT_KEY


class Document(Mapping[str, Any]):
    """One JSON object, by its bytes.

    It is rendered without being decoded. As a mapping it shows what was read of the row, under the
    Python names: the fields that the operation selected, or all stored fields where no selection
    applies.

    Args:
        raw: JSON text of one object, UTF-8.
        type_name: GraphQL name of its type; empty when it is not known.

    Attributes:
        raw: The same bytes.
        type_name: The same name.
    """

    __slots__ = ("_opened", "raw", "type_name")

    def __init__(self, raw: bytes, type_name: str = "") -> None:
        self.raw = raw
        self.type_name = type_name
        self._opened: dict[str, Any] | None = None

    def _open(self) -> dict[str, Any]:
        if self._opened is None:
            opened = orjson.loads(self.raw)
            self._opened = {**(opened.pop(DOCUMENT_KEY, None) or {}), **opened}
        return self._opened

    def __getitem__(self, key: str) -> Any:
        return self._open()[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._open())

    def __len__(self) -> int:
        return len(self._open())

    def __repr__(self) -> str:
        return f"Document({self.raw[:80]!r})"
