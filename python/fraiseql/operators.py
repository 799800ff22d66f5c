"""Filter operators: one row for each, with its names, operand and SQL."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

Kind = Literal["equality", "order", "list", "text", "null"]
"""The values that an operator compares, and its operand.

``equality`` and ``order`` take a value of the field's type, ``list`` a list of them, ``text`` a
text, and ``null`` a boolean. ``order`` needs values with an order, ``text`` needs texts.
"""


@dataclass(frozen=True, slots=True)
class FilterOperator:
    """A filter operator.

    Attributes:
        name: Name in Python.
        graphql_name: Name in GraphQL.
        kind: Kind of its values and operand.
        sql: PostgreSQL's operator; ``~~`` is LIKE, ``~~*`` is ILIKE.
        quantifier: How ``sql`` is applied to a list: ``ANY`` or ``ALL``.
        pattern: How its text becomes a LIKE pattern; empty when it already is one.
        bounds: Comparisons of the exact number with a neighbour of the compared double, implied by
            this operator on rounded numbers.
        description: Its description in the schema.
    """

    name: str
    graphql_name: str
    kind: Kind
    sql: str = ""
    quantifier: str = ""
    pattern: str = ""
    bounds: tuple[tuple[str, str], ...] = ()
    description: str | None = None


_LOWER: Final = (">=", "below")
_UPPER: Final = ("<=", "above")

FILTER_OPERATORS: Final[Mapping[str, FilterOperator]] = {
    operator.name: operator
    for operator in (
        FilterOperator("eq", "eq", "equality", "=", bounds=(_LOWER, _UPPER)),
        FilterOperator("neq", "neq", "equality", "<>"),
        FilterOperator("gt", "gt", "order", ">", bounds=(_LOWER,)),
        FilterOperator("gte", "gte", "order", ">=", bounds=(_LOWER,)),
        FilterOperator("lt", "lt", "order", "<", bounds=(_UPPER,)),
        FilterOperator("lte", "lte", "order", "<=", bounds=(_UPPER,)),
        FilterOperator("in", "in", "list", "=", "ANY"),
        FilterOperator("not_in", "notIn", "list", "<>", "ALL"),
        FilterOperator(
            "like",
            "like",
            "text",
            "~~",
            description="SQL LIKE: % stands for any text, _ for one character.",
        ),
        FilterOperator("ilike", "ilike", "text", "~~*", description="LIKE without regard to case."),
        FilterOperator(
            "contains",
            "contains",
            "text",
            "~~",
            pattern="contains",
            description="Contains this text.",
        ),
        FilterOperator(
            "icontains",
            "icontains",
            "text",
            "~~*",
            pattern="contains",
            description="Contains this text, without regard to case.",
        ),
        FilterOperator(
            "starts_with",
            "startsWith",
            "text",
            "~~",
            pattern="starts_with",
            description="Starts with this text.",
        ),
        FilterOperator(
            "ends_with",
            "endsWith",
            "text",
            "~~",
            pattern="ends_with",
            description="Ends with this text.",
        ),
        FilterOperator("is_null", "isNull", "null", description="Null (true) or not null (false)."),
    )
}
"""Every operator of a filter by its Python name, in the order of the generated inputs."""

SIGNS: Final[Mapping[str, str]] = {
    operator.name: operator.sql
    for operator in FILTER_OPERATORS.values()
    if operator.name == "eq" or operator.kind == "order"
}
"""The comparisons that an index's predicate may consist of, with PostgreSQL's operators."""
