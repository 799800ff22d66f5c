"""Conditions: the SQL of a filter; every value of a request is a parameter."""

from collections.abc import Mapping

from fraiseql.catalog.picture import quote
from fraiseql.serving.planning.fields import Access
from fraiseql.serving.planning.filters import Comparison, Filter, Group, Negation, NullTest
from fraiseql.serving.sql.wire import TEXTS, Slot, wire_type

_INFIX: Mapping[str, str] = {
    "eq": "=",
    "neq": "<>",
    "gt": ">",
    "gte": ">=",
    "lt": "<",
    "lte": "<=",
    "like": "LIKE",
    "ilike": "ILIKE",
    "contains": "LIKE",
    "icontains": "ILIKE",
    "starts_with": "LIKE",
    "ends_with": "LIKE",
}
_PATTERNS: Mapping[str, str] = {
    "contains": "contains",
    "icontains": "contains",
    "starts_with": "starts_with",
    "ends_with": "ends_with",
}
_CASTS: Mapping[str, str] = {
    "timestamptz": "::timestamptz",
    "date": "::date",
    "time": "::time",
}


def literal(text: str) -> str:
    """Return a known constant as an SQL string literal."""
    return "'" + text.replace("'", "''") + "'"


def expression(alias: str, access: Access) -> str:
    """Return the SQL expression of a stored value, in the type that it is compared in.

    A key of a document whose value has another JSON type than its field counts as null.
    """
    column = f"{alias}.{quote(access.column.name)}"
    if not access.in_document:
        return column
    key = literal(access.name)
    text = f"({column}->>{key})"
    wire = wire_type(access)
    kinds = {"numeric": "number", "bool": "boolean"}
    if wire not in kinds:
        return f"({text}{_CASTS[wire]})" if wire in _CASTS else text
    typeof = f"{access.column.base_type}_typeof({column}->{key})"
    return f"(CASE WHEN {typeof} = '{kinds[wire]}' THEN {text}::{wire} END)"


class ConditionWriter:
    """Writes the condition of one relation and collects its parameters.

    Args:
        alias: Alias of the relation in the statement.
        slots: Parameters of the statement so far; new ones are appended.
    """

    def __init__(self, alias: str, slots: list[Slot]) -> None:
        self._alias = alias
        self._slots = slots

    def condition(self, part: Filter) -> str:
        """Return the SQL of ``part``, safe to stand beside AND, OR and NOT."""
        if isinstance(part, Comparison):
            return self._comparison(part)
        if isinstance(part, NullTest):
            word = "IS NOT NULL" if part.negated else "IS NULL"
            return f"{self._tested(part.access)} {word}"
        if isinstance(part, Negation):
            return f"({self.condition(part.part)}) IS NOT TRUE"
        return self._group(part)

    def _group(self, group: Group) -> str:
        if not group.parts:
            return "true" if group.joiner == "and" else "false"
        joined = f" {group.joiner.upper()} ".join([self.condition(part) for part in group.parts])
        return joined if len(group.parts) == 1 else f"({joined})"

    def _tested(self, access: Access) -> str:
        column = f"{self._alias}.{quote(access.column.name)}"
        # ->> gives SQL null for a missing key and for a JSON null alike.
        return f"({column}->>{literal(access.name)})" if access.in_document else column

    def _comparison(self, part: Comparison) -> str:
        access, operator = part.access, part.operator
        if operator == "is_null":
            self._slots.append(Slot(part.value, "bool", name=access.name))
            return f"({self._tested(access)} IS NULL) = ${len(self._slots)}::bool"
        left = expression(self._alias, access)
        if operator in ("in", "not_in"):
            values = self._parameter(part, array=True)
            return f"{left} = ANY({values})" if operator == "in" else f"{left} <> ALL({values})"
        if _INFIX[operator].endswith("LIKE") and self._needs_text(access):
            left = f"{left}::text"
        return f"{left} {_INFIX[operator]} {self._parameter(part, array=False)}"

    @staticmethod
    def _needs_text(access: Access) -> bool:
        return not access.in_document and access.column.base_type not in {*TEXTS, "citext"}

    def _parameter(self, part: Comparison, *, array: bool) -> str:
        wire = wire_type(part.access)
        like = _INFIX.get(part.operator, "").endswith("LIKE")
        if like:
            wire = "text"
        pattern = _PATTERNS.get(part.operator, "")
        self._slots.append(Slot(part.value, wire, array, pattern, name=part.access.name))
        brackets = "[]" if array else ""
        text = f"${len(self._slots)}::{wire}{brackets}"
        return text if like else text + self._column_cast(part.access, wire, brackets)

    @staticmethod
    def _column_cast(access: Access, wire: str, brackets: str) -> str:
        """Return the cast of a text parameter to the column's own type: an enum, a domain."""
        column = access.column
        if wire != "text" or access.in_document or column.base_type in TEXTS:
            return ""
        return f"::{column.type_name}{brackets}"
