"""SQL of groups of rows and their aggregates."""
# ruff: noqa: S608 - identifiers are quoted from the catalog, values are parameters.

from typing import Final

from fraiseql.expressions import expression, literal, placeholder, rounded, text_expression
from fraiseql.field_access import FieldAccess, is_rounded, wire_type
from fraiseql.operators import FILTER_OPERATORS
from fraiseql.schema.aggregates import GRAPHQL_NAMES, Function
from fraiseql.serving.planning.reads import Groups, GroupTest, GroupValue
from fraiseql.serving.sql.parameters import Parameter
from fraiseql.sql_names import fn, op, ty

_DOUBLES: Final = frozenset({"float4", "float8"})
_EXTREMES: Final = frozenset({"min", "max"})
_NUMBERS: Final = ("int2", "int4", "int8", "numeric", "float4", "float8", "money", "oid", "pg_lsn")
_TIMES: Final = ("date", "time", "timetz", "timestamp", "timestamptz", "interval")
_OWN_EXTREMES: Final = frozenset([*_NUMBERS, *_TIMES, "inet"])
"""Base types with aggregates of their own, whose order is not that of their texts."""


class GroupWriter:
    """Writes the statement of groups.

    Args:
        groups: The groups.
        parameters: Parameters of the statement so far; new ones are appended.
        alias: Alias of the relation of the rows.
    """

    def __init__(self, groups: Groups, parameters: list[Parameter], alias: str = "t0") -> None:
        self._groups = groups
        self._alias = alias
        self._parameters = parameters
        self._columns: dict[str, str] = {}

    def documents(self, table: str, bounds: str) -> str:
        """Return the query of one document for each group.

        Args:
            table: FROM and WHERE of the rows.
            bounds: LIMIT and OFFSET.
        """
        document = self._document()
        keys = [self._column(GroupValue("key", access)) for access in self._groups.keys]
        having = [self._test(test) for test in self._groups.having]
        order = [f"{self._value(of)}{words}" for of, words in self._groups.order]
        columns = [f"{sql} AS {name}" for sql, name in self._columns.items()] or ["true AS c"]
        parts = [
            f"SELECT {fn('convert_to')}({document}::{ty('text')}, 'UTF8')",
            f" FROM (SELECT {', '.join(columns)} FROM {table}) AS s",
            # Without keys, () makes one group, also of no rows and without any aggregate.
            f" GROUP BY {', '.join(keys) or '()'}",
            f" HAVING {' AND '.join(having)}" if having else "",
            f" ORDER BY {', '.join([*order, *keys])}" if order or keys else "",
            bounds,
        ]
        return "".join(parts)

    def whole(self, table: str) -> str:
        """Return the query of the aggregates of all rows, as JSON; ``table`` as above."""
        document = self._document()
        columns = [f"{sql} AS {name}" for sql, name in self._columns.items()] or ["true AS c"]
        inner = f"SELECT {', '.join(columns)} FROM {table}"
        return f"SELECT {document} AS v FROM ({inner}) AS s GROUP BY ()"

    def _document(self) -> str:
        members: dict[Function, list[str]] = {function: [] for function in self._groups.parts}
        for of in self._groups.values:
            assert of.access is not None  # noqa: S101 - only count has none
            members[of.function] += [literal(of.access.name), self._value(of)]
        parts = [
            f"{literal(GRAPHQL_NAMES[function])}, "
            + (_object(own) if function != "count" else f"{fn('count')}(*)")
            for function, own in members.items()
        ]
        return _object(parts)

    def _column(self, of: GroupValue) -> str:
        """Return the column of the inner query that a value is computed from."""
        assert of.access is not None  # noqa: S101 - only count has none
        sql = _source(self._alias, of.function, of.access)
        return f"s.{self._columns.setdefault(sql, f'c{len(self._columns)}')}"

    def _value(self, of: GroupValue) -> str:
        if of.access is None:
            return f"{fn('count')}(*)"
        column = self._column(of)
        if of.function == "key":
            return column
        if of.function == "count_distinct":
            return f"{fn('count')}(DISTINCT {column})"
        value = f"{fn(of.function)}({column})"
        exact = of.function == "avg" and of.access.form != "Float"
        return f"{fn('trim_scale')}({value})" if exact else value

    def _test(self, test: GroupTest) -> str:
        row, value = FILTER_OPERATORS[test.operator], self._value(test.of)
        distinct = test.operator == "distinct_from"
        if row.kind == "null" or test.value is None:
            negated = test.value is False or test.operator == "neq" or distinct
            return f"{value} {'IS NOT NULL' if negated else 'IS NULL'}"
        operand = self._operand(test, array=bool(row.quantifier))
        if row.quantifier:
            return f"{value} {op(row.sql)} {row.quantifier}({operand})"
        if distinct:
            return f"({value} {op('=')} {operand}) IS NOT TRUE"
        return f"{value} {op(row.sql)} {operand}"

    def _operand(self, test: GroupTest, *, array: bool) -> str:
        access, function = test.of.access, test.of.function
        name = function if access is None else access.name
        wire = _wire(function, access)
        if wire is None:
            assert access is not None  # noqa: S101 - count has a type of its own
            from_field = Parameter(test.value, wire_type(access), array, name=name)
            self._parameters.append(from_field)
            return placeholder(len(self._parameters), access, array=array)
        self._parameters.append(Parameter(test.value, wire, array, name=name))
        return f"${len(self._parameters)}::{ty(wire)}{'[]' if array else ''}"


def _object(members: list[str]) -> str:
    return f"{fn('json_build_object')}({', '.join(members)})"


def _source(alias: str, function: Function, access: FieldAccess) -> str:
    """Return the SQL of a field as a function reads it."""
    if function in ("sum", "avg"):
        plain = expression(alias, access)
        inexact = access.form == "Float" and access.column.base_type in _DOUBLES
        return f"{plain}::{ty('float8')}" if inexact else plain
    if is_rounded(access):
        return rounded(alias, access)
    own = not access.in_document and access.column.base_type in _OWN_EXTREMES
    if function in _EXTREMES and access.type_name == "String" and not own:
        return text_expression(alias, access)
    return expression(alias, access)


def _wire(function: Function, access: FieldAccess | None) -> str | None:
    """Return the type that a value is compared in; None for the field's own."""
    if access is None or function == "count_distinct":
        return "int8"
    if function in _EXTREMES and access.type_name in ("DateTime", "Date", "Time"):
        return None
    return "float8" if access.form == "Float" else "numeric"
