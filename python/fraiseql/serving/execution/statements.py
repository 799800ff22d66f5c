"""Prepared statements: SQL text, and for each parameter the way from the request's values to it."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from fraiseql.errors import InputError
from fraiseql.serving.document.variable_signature import ValueRef
from fraiseql.serving.planning.reads import RelationQuery
from fraiseql.serving.sql import (
    UNHINTED,
    HintPoint,
    IndexHint,
    Parameter,
    comparable,
    compile_query,
    converter,
    hint_finder,
)
from fraiseql.sources import Freshness, RoleAccess

Bind = Callable[[Mapping[str, Any]], Any]

_MOST_VARIANTS: Final = 8

_STATEMENT: Final = 2_000
_CHARACTER: Final = 15
"""Bytes of memory that a statement takes for each character, with what binds its parameters."""


class PreparedQuery:
    """A query compiled once; binding it is all that a request does.

    Args:
        query: What to read.
        max_limit: Largest ``limit`` that a request may give.
        freshness: Of documents that may be stale: rows then carry their age beside the document.
        hints: How comparisons are written whose form depends on values; given for variants only.
        condition: What must hold for the statement as a whole, in SQL.
        access: Which roles may be answered by it; given, the request's role is bound as ``ROLE``.

    Attributes:
        text: SQL.
        relation: What it reads, for the log.
        parameters: Where its parameters come from, for printing.
        choose: Returns the variant to bind and run for the values of a request, where a declared
            index is served by another text for some of them; None where one text serves them all.
    """

    __slots__ = ("_binders", "choose", "parameters", "relation", "text")

    def __init__(
        self,
        query: RelationQuery,
        max_limit: int,
        freshness: Freshness | None = None,
        hints: Sequence[IndexHint] = (),
        condition: str | None = None,
        *,
        access: RoleAccess | None = None,
    ) -> None:
        statement = compile_query(query, max_limit, freshness, hints, condition, access=access)
        self.text = statement.text
        self.relation = query.read.relation.sql
        self.parameters = statement.parameters
        self._binders = [
            _binder(parameter, converter(parameter)) for parameter in statement.parameters
        ]
        self.choose: Callable[[Mapping[str, Any]], PreparedQuery] | None = None
        if statement.points and not hints:

            def compiled(hints: Sequence[IndexHint]) -> PreparedQuery:
                return PreparedQuery(query, max_limit, freshness, hints, condition, access=access)

            self.choose = _Variants(self, statement.points, compiled).of

    @property
    def weight(self) -> int:
        """About how many bytes of memory it takes, with all variants that it may get."""
        forms = 1 if self.choose is None else _MOST_VARIANTS
        return forms * (_STATEMENT + _CHARACTER * len(self.text))

    def bind(self, values: Mapping[str, Any]) -> list[Any]:
        """Return the parameters for one request.

        Raises:
            InputError: A value has not the form of the field that it is compared with.
        """
        return [bind(values) for bind in self._binders]


class _Variants:
    """The forms of one query: for values that indexes ask for, and for any.

    Args:
        ordinary: The form that serves any value.
        points: The comparisons whose form depends on values.
        compiled: Makes the form for a choice at each point.
    """

    def __init__(
        self,
        ordinary: PreparedQuery,
        points: Sequence[HintPoint],
        compiled: Callable[[Sequence[IndexHint]], PreparedQuery],
    ) -> None:
        self._ordinary = ordinary
        self._points = [
            (
                hint_finder(point.access, point.operator),
                _binder(point.parameter, comparable(point.parameter)),
            )
            for point in points
        ]
        self._compiled = compiled
        self._variants = {(UNHINTED,) * len(points): ordinary}

    def of(self, values: Mapping[str, Any]) -> PreparedQuery:
        """Return the form for the values of a request, compiled when it is first asked for."""
        try:
            key = tuple([choose(bind(values)) for choose, bind in self._points])
        except InputError:
            return self._ordinary  # binding it says which value is wrong
        found = self._variants.get(key)
        if found is None and len(self._variants) < _MOST_VARIANTS:
            found = self._variants[key] = self._compiled(key)
        return found or self._ordinary


def _binder(parameter: Parameter, convert: Callable[[Any], Any]) -> Bind:
    source = parameter.source
    if isinstance(source, ValueRef):
        name = source.name
        if not source.path:
            return lambda values: convert(values[name])
        return lambda values: convert(source.value(values))
    if isinstance(source, list | tuple) and any(isinstance(item, ValueRef) for item in source):
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
    return item.value(values) if isinstance(item, ValueRef) else item
