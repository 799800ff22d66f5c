"""JSON documents of resolvers, decoded only when they are read."""

from collections.abc import Iterator, Mapping
from typing import Any

import orjson

from fraiseql.serving.planning.reads import DOCUMENT_KEY


class Document(Mapping[str, Any]):
    """The bytes of a JSON object, rendered without decoding.

    As a mapping it has the columns of the row under Python names: the fields that the operation
    selected, or all stored fields without a selection.

    Args:
        raw: JSON text of one object, UTF-8.
        type_name: GraphQL name of its type; empty if unknown.

    Attributes:
        raw: The same bytes.
        type_name: The same name.
    """

    __slots__ = ("_content", "raw", "type_name")

    def __init__(self, raw: bytes, type_name: str = "") -> None:
        self.raw = raw
        self.type_name = type_name
        self._content: dict[str, Any] | None = None

    def _decode(self) -> dict[str, Any]:
        if self._content is None:
            content = orjson.loads(self.raw)
            self._content = {**(content.pop(DOCUMENT_KEY, None) or {}), **content}
        return self._content

    def __getitem__(self, key: str) -> Any:
        return self._decode()[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._decode())

    def __len__(self) -> int:
        return len(self._decode())

    def __repr__(self) -> str:
        return f"Document({self.raw[:80]!r})"
