"""Filter operators: one row for each, with its names, operand and SQL."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

Kind = Literal[
    "equality",
    "order",
    "list",
    "text",
    "search",
    "null",
    "items",
    "item",
    "length",
    "json",
    "json_key",
    "json_keys",
    "json_path",
    "own_type",
]
"""The values that an operator compares, and its operand.

``equality`` and ``order`` take a value of the field's type, ``list`` a list of them, ``text`` a
text, ``search`` too, and ``null`` a boolean. ``order`` needs values with an order, ``text`` and
``search`` need texts. ``items`` and ``item`` compare arrays with items, ``length`` their number of
items, ``json`` JSON with JSON, ``json_key`` and ``json_keys`` its keys, and ``json_path`` takes a
jsonpath. ``own_type`` compares with a value of the column's type, or of ``cast``, as text.
"""


@dataclass(frozen=True, slots=True)
class JsonOperand:
    """JSON that an operator compares with; its structure is no structure of a filter."""

    json: Any


@dataclass(frozen=True, slots=True)
class FilterOperator:
    """A filter operator.

    Attributes:
        name: Name in Python, behind a point if it is an operator of arrays (``list.``), of their
            length, of JSON (``json.``) or of another type of columns; in GraphQL in camelCase.
        kind: Kind of its values and operand.
        sql: PostgreSQL's operator; ``~~`` is LIKE, ``~~*`` is ILIKE.
        description: Its description in the schema.
        pattern: How its text becomes a LIKE pattern; empty when it already is one.
        quantifier: How ``sql`` is applied to a list: ``ANY`` or ``ALL``.
        bounds: Comparisons of the exact number with a neighbour of the compared double, implied by
            this operator on rounded numbers.
        option: The option of ``fraiseql.Filter`` that a field must have for it.
        cast: Type of PostgreSQL that parses its operand; empty for that of the column.
    """

    name: str
    kind: Kind
    sql: str = ""
    description: str | None = None
    pattern: str = ""
    quantifier: str = ""
    bounds: tuple[tuple[str, str], ...] = ()
    option: str = ""
    cast: str = ""

    @property
    def public_name(self) -> str:
        """Its name in filters, without what it compares."""
        return self.name.rpartition(".")[2]


_LOWER: Final = (">=", "below")
_UPPER: Final = ("<=", "above")
_LIKE: Final = "SQL LIKE: % stands for any text, _ for one character."
_LENGTHS: Final = {"eq": "=", "neq": "<>", "gt": ">", "gte": ">=", "lt": "<", "lte": "<="}
_DISTINCT: Final = "Not equal; null differs from every value, and not from null."
_NOT_DISTINCT: Final = "Equal, or both are null."
_REGEX: Final = "Matches this regular expression of PostgreSQL."
_SEARCH: Final = 'Contains these words; "a phrase", or and -not as in a web search.'
_PATH: Final = "This jsonpath finds a value; an error inside of it finds none."
_RANGE: Final = "Contains this range: [1,5), or [3,3] for one value."
_ICONTAINS: Final = "Contains this text, without regard to case."

FILTER_OPERATORS: Final[Mapping[str, FilterOperator]] = {
    operator.name: operator
    for operator in (
        FilterOperator("eq", "equality", "=", bounds=(_LOWER, _UPPER)),
        FilterOperator("neq", "equality", "<>"),
        FilterOperator("distinct_from", "equality", "<>", _DISTINCT),
        FilterOperator("not_distinct_from", "equality", "=", _NOT_DISTINCT),
        FilterOperator("gt", "order", ">", bounds=(_LOWER,)),
        FilterOperator("gte", "order", ">=", bounds=(_LOWER,)),
        FilterOperator("lt", "order", "<", bounds=(_UPPER,)),
        FilterOperator("lte", "order", "<=", bounds=(_UPPER,)),
        FilterOperator("in", "list", "=", quantifier="ANY"),
        FilterOperator("not_in", "list", "<>", quantifier="ALL"),
        FilterOperator("like", "text", "~~", _LIKE),
        FilterOperator("ilike", "text", "~~*", "LIKE without regard to case."),
        FilterOperator("contains", "text", "~~", "Contains this text.", "contains"),
        FilterOperator("icontains", "text", "~~*", _ICONTAINS, "contains"),
        FilterOperator("starts_with", "text", "~~", "Starts with this text.", "starts_with"),
        FilterOperator("ends_with", "text", "~~", "Ends with this text.", "ends_with"),
        FilterOperator("regex", "text", "~", _REGEX, option="regex"),
        FilterOperator("search", "search", "@@", _SEARCH, option="search"),
        FilterOperator("list.contains", "items", "@>", "Has all of these items."),
        FilterOperator("list.contained_by", "items", "<@", "Has no other items than these."),
        FilterOperator("list.overlaps", "items", "&&", "Has at least one of these items."),
        FilterOperator("list.has", "item", "@>", "Has this item."),
        *(FilterOperator(f"length.{name}", "length", sign) for name, sign in _LENGTHS.items()),
        FilterOperator("json.contains", "json", "@>", "Contains this JSON."),
        FilterOperator("json.contained_by", "json", "<@", "Is contained in this JSON."),
        FilterOperator("json.has_key", "json_key", "?", "Has this key, or text in a list."),
        FilterOperator("json.has_any_key", "json_keys", "?|", "Has at least one of these keys."),
        FilterOperator("json.has_all_keys", "json_keys", "?&", "Has all of these keys."),
        FilterOperator("json.path", "json_path", "@?", _PATH, option="path", cast="jsonpath"),
        FilterOperator("range.contains", "own_type", "@>", _RANGE),
        FilterOperator("range.contained_by", "own_type", "<@", "Is inside of this range."),
        FilterOperator("range.overlaps", "own_type", "&&", "Has values of this range."),
        FilterOperator("range.adjacent", "own_type", "-|-", "Begins or ends where this one does."),
        FilterOperator("inet.contained_by", "own_type", "<<=", "Is this network, or inside of it."),
        FilterOperator("inet.contains", "own_type", ">>=", "Is this network, or contains it."),
        FilterOperator("ltree.descendant_of", "own_type", "<@", "Is this path, or below it."),
        FilterOperator("ltree.ancestor_of", "own_type", "@>", "Is this path, or above it."),
        FilterOperator("ltree.matches", "own_type", "~", "Matches this lquery.", cast="lquery"),
        FilterOperator("is_null", "null", description="Null (true) or not null (false)."),
    )
}
"""Every operator of a filter by its Python name, in the order of the generated inputs."""

SIGNS: Final[Mapping[str, str]] = {
    operator.name: operator.sql
    for operator in FILTER_OPERATORS.values()
    if operator.name == "eq" or operator.kind == "order"
}
"""The comparisons that an index's predicate may consist of, with PostgreSQL's operators."""
