"""Expressions: the SQL of a stored value and of its comparisons, the same wherever they stand."""

from collections.abc import Mapping
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any, Final

from fraiseql.accesses import CASTS, TEXTS, Access, wire_type
from fraiseql.catalog.picture import quote

_KINDS: Final[Mapping[str, str]] = {"numeric": "number", "bool": "boolean"}

SIGNS: Final[Mapping[str, str]] = {"eq": "=", "gt": ">", "gte": ">=", "lt": "<", "lte": "<="}
"""The comparisons that an index's predicate may consist of."""


def literal(text: str) -> str:
    """Return a known constant as an SQL string literal."""
    escaped = text.replace("'", "''").replace("\\", "\\\\")
    # Plain where nothing asks for more; E'' says the same whatever standard_conforming_strings is.
    return f"E'{escaped}'" if "\\" in text else f"'{escaped}'"


def column_sql(alias: str, access: Access) -> str:
    """Return the column of ``access``; ``alias`` is empty where there is but one relation."""
    return f"{alias}.{quote(access.column.name)}" if alias else quote(access.column.name)


def expression(alias: str, access: Access) -> str:
    """Return the SQL expression of a stored value, in the type that it is compared in.

    A key of a document whose value has another JSON type than its field counts as null.
    """
    column = column_sql(alias, access)
    if not access.in_document:
        return column
    key = literal(access.name)
    text = f"({column}->>{key})"
    wire = wire_type(access)
    if wire not in _KINDS:
        return f"({text}{CASTS[wire]})" if wire in CASTS else text
    typeof = f"{access.column.base_type}_typeof({column}->{key})"
    return f"(CASE WHEN {typeof} = '{_KINDS[wire]}' THEN {text}::{wire} END)"


def tested(alias: str, access: Access) -> str:
    """Return the SQL expression of a stored value as it is compared with null."""
    column = column_sql(alias, access)
    # ->> gives SQL null for a missing key and for a JSON null alike.
    return f"({column}->>{literal(access.name)})" if access.in_document else column


def column_cast(access: Access, wire: str) -> str:
    """Return the cast of a text to the column's own type: an enum, a domain; else nothing."""
    column = access.column
    if wire != "text" or access.in_document or column.base_type in TEXTS:
        return ""
    return f"::{column.type_name}"


def constant(access: Access, value: Any) -> str:
    """Return a known constant as SQL, equal to the parameter that would carry it.

    Args:
        access: What it is compared with.
        value: As ``as_wire`` gives it.
    """
    wire = wire_type(access)
    if wire == "bool":
        return "true" if value else "false"
    # One cast only: a text that is turned into an enum is no constant to an index.
    return literal(_text(value)) + (column_cast(access, wire) or f"::{wire}")


def _text(value: Any) -> str:
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    return format(value, "f") if isinstance(value, Decimal) else str(value)


def compared(alias: str, access: Access, operator: str, value: Any) -> str:
    """Return the comparison with a known constant, as statements and predicates have it.

    Args:
        alias: Of the relation; empty where there is but one.
        access: What is compared.
        operator: One of ``SIGNS``.
        value: As ``as_wire`` gives it; None compares with null.
    """
    if value is None:
        return f"{tested(alias, access)} IS NULL"
    return f"{expression(alias, access)} {SIGNS[operator]} {constant(access, value)}"
