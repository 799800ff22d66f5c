"""Prepared statements and the binding of their parameters."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from fraiseql.errors import FraiseQLError, InputError, sqlstate_of
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

_SYNTAX: Final = "42601"

_STATEMENT: Final = 2_000
_CHARACTER: Final = 15
"""Bytes of memory for each character of a statement, including its binders."""


class PreparedQuery:
    """A query compiled once; a request only binds its parameters.

    Args:
        query: The query.
        max_limit: Maximum ``limit`` of a request.
        freshness: Freshness of documents that may be stale; rows then have their age.
        hints: Forms of comparisons that depend on values, for variants.
        condition: SQL condition of the whole statement.
        access: Roles that may read its rows; if set, the request's role is bound as ``ROLE``.

    Attributes:
        text: SQL.
        relation: Its relation, for the log.
        has_cursor: Whether a parameter is part of a cursor.
        has_parsed: Whether PostgreSQL parses a parameter by a grammar.
        parameters: Sources of its parameters, for printing.
        choose: Returns the variant for the values of a request, if a declared index needs another
            text for some values; else None.
    """

    __slots__ = (
        "_binders",
        "_variants",
        "choose",
        "has_cursor",
        "has_parsed",
        "parameters",
        "relation",
        "text",
    )

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
        self.has_cursor = any(each.cursor is not None for each in statement.parameters)
        self.has_parsed = any(each.parsed for each in statement.parameters)
        self._binders = [
            binder(parameter, converter(parameter)) for parameter in statement.parameters
        ]
        self.choose: Callable[[Mapping[str, Any]], PreparedQuery] | None = None
        self._variants: _Variants | None = None
        if statement.points and not hints:

            def compiled(hints: Sequence[IndexHint]) -> PreparedQuery:
                return PreparedQuery(query, max_limit, freshness, hints, condition, access=access)

            self._variants = _Variants(self, statement.points, compiled)
            self.choose = self._variants.of

    @property
    def weight(self) -> int:
        """Approximate bytes of memory, with all possible variants."""
        forms = 1 if self.choose is None else _MOST_VARIANTS
        return forms * (_STATEMENT + _CHARACTER * len(self.text))

    def variants(self) -> Sequence["PreparedQuery"]:
        """Return the forms of the statement that are compiled."""
        return (self,) if self._variants is None else self._variants.compiled()

    def blamed(self, error: FraiseQLError) -> FraiseQLError:
        """Return the error of the statement; of its parameter, if that has a wrong syntax."""
        return of_syntax(error) if self.has_parsed else error

    def bind(self, values: Mapping[str, Any]) -> list[Any]:
        """Return the parameters for one request.

        Raises:
            InputError: A value has the wrong form for the field that it is compared with.
        """
        return [bind(values) for bind in self._binders]


def of_syntax(error: FraiseQLError) -> FraiseQLError:
    """Return the error of a statement with a text that PostgreSQL parses."""
    if sqlstate_of(error) != _SYNTAX:
        return error
    invalid = InputError(
        "A jsonpath or another text with a grammar cannot be read.",
        hint="See the syntax in PostgreSQL's documentation of the operator.",
    )
    invalid.__cause__, invalid.relation = error.__cause__, error.relation
    return invalid


class _Variants:
    """The variants of a query that depend on values, for indexes.

    Args:
        ordinary: The variant for any value.
        points: The comparisons whose form depends on values.
        compiled: Compiles the variant for a choice at each point.
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
                binder(point.parameter, comparable(point.parameter)),
            )
            for point in points
        ]
        self._compiled = compiled
        self._variants = {(UNHINTED,) * len(points): ordinary}

    def compiled(self) -> Sequence[PreparedQuery]:
        """Return the variants that are compiled."""
        return tuple(self._variants.values())

    def of(self, values: Mapping[str, Any]) -> PreparedQuery:
        """Return the variant for the values of a request, compiled on first use."""
        try:
            key = tuple([choose(bind(values)) for choose, bind in self._points])
        except InputError:
            return self._ordinary  # its binding reports the invalid value
        variant = self._variants.get(key)
        if variant is None and len(self._variants) < _MOST_VARIANTS:
            variant = self._variants[key] = self._compiled(key)
        return variant or self._ordinary


def binder(parameter: Parameter, convert: Callable[[Any], Any]) -> Bind:
    """Return the function that returns the value of a parameter for a request's values."""
    source = parameter.source
    if isinstance(source, ValueRef):
        name = source.name
        if not source.path:
            return lambda values: convert(values[name])
        return lambda values: convert(source.value(values))
    if isinstance(source, list | tuple) and any(isinstance(item, ValueRef) for item in source):
        # A list literal that contains variables.
        return lambda values: convert([_resolved(item, values) for item in source])
    constant: list[Any] = []

    def bind_constant(_values: Mapping[str, Any]) -> Any:
        # Converted at the first request, so that an invalid constant is an error of its field.
        if not constant:
            constant.append(convert(source))
        return constant[0]

    return bind_constant


def _resolved(item: Any, values: Mapping[str, Any]) -> Any:
    return item.value(values) if isinstance(item, ValueRef) else item
