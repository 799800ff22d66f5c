"""Prepared statements: SQL text, and for each parameter the way from the request's values to it."""

from collections.abc import Callable, Mapping
from typing import Any

from fraiseql.serving.document.structure import Ref
from fraiseql.serving.planning.reads import Query
from fraiseql.serving.sql import Slot, compile_query, converter
from fraiseql.sources import Freshness

Bind = Callable[[Mapping[str, Any]], Any]


class PreparedQuery:
    """A query compiled once; binding it is all that a request does.

    Args:
        query: What to read.
        max_limit: Largest ``limit`` that a request may give.
        freshness: Of documents that may be stale: rows then carry their age beside the document.

    Attributes:
        text: SQL.
        slots: Where its parameters come from, for printing.
    """

    __slots__ = ("_binders", "slots", "text")

    def __init__(
        self, query: Query, max_limit: int, freshness: Freshness | None = None
    ) -> None:
        statement = compile_query(query, max_limit, freshness)
        self.text = statement.text
        self.slots = statement.slots
        self._binders = [_binder(slot) for slot in statement.slots]

    def bind(self, values: Mapping[str, Any]) -> list[Any]:
        """Return the parameters for one request.

        Raises:
            InputError: A value has not the form of the field that it is compared with.
        """
        return [bind(values) for bind in self._binders]


def _binder(slot: Slot) -> Bind:
    convert = converter(slot)
    source = slot.source
    if isinstance(source, Ref):
        name = source.name
        if not source.path:
            return lambda values: convert(values[name])
        return lambda values: convert(source.value(values))
    if isinstance(source, list | tuple) and any(isinstance(item, Ref) for item in source):
        # A list written in the document, with variables inside.
        return lambda values: convert([_known(item, values) for item in source])
    constant: list[Any] = []

    def bind_constant(_values: Mapping[str, Any]) -> Any:
        # Converted at the first request, so that a bad constant is an error of its field.
        if not constant:
            constant.append(convert(source))
        return constant[0]

    return bind_constant


def _known(item: Any, values: Mapping[str, Any]) -> Any:
    return item.value(values) if isinstance(item, Ref) else item
