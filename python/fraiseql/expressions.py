"""SQL of stored values and their comparisons, for statements and indexes."""

from datetime import date, datetime, time
from decimal import Decimal
from typing import Any, Final

from fraiseql.catalog.picture import Column, quote
from fraiseql.document_values import JsonValue, as_double, readable, typed
from fraiseql.field_access import TEXTS, FieldAccess, as_json, wire_type
from fraiseql.operators import SIGNS
from fraiseql.sql_names import CATALOG, fn, op, ty

_SENT_AS_TEXT: Final = frozenset({"column", "timestamptz", "timestamp", "date", "time"})
"""Types that are sent as text: PostgreSQL has values that the driver's Python types do not."""

_DEFAULT: Final = 'COLLATE pg_catalog."default"'


def literal(text: str) -> str:
    """Return a known constant as an SQL string literal."""
    escaped = text.replace("'", "''").replace("\\", "\\\\")
    # E'' only when needed: it does not depend on standard_conforming_strings.
    return f"E'{escaped}'" if "\\" in text else f"'{escaped}'"


def column_sql(alias: str, access: FieldAccess) -> str:
    """Return the column of ``access``; ``alias`` is empty for a single relation."""
    return f"{alias}.{quote(access.column.name)}" if alias else quote(access.column.name)


def expression(alias: str, access: FieldAccess) -> str:
    """Return the SQL expression of a stored value, in the type that it is compared in.

    A JSON value that its field could not serve counts as null.
    """
    column = column_sql(alias, access)
    if not as_json(access):
        return column
    labels = [literal(label) for label in access.labels]
    if access.in_document and access.column.base_type == "json":
        # Made readable once for each row; only statements use it, not indexes.
        key = f"{readable(column, 'json')} {op('->')} {literal(access.name)}"
        value = JsonValue("s.v", f"(s.v {op('#>>')} '{{}}')", "json", access.column.checks)
        inner = typed(value, access.form, access.type_name, labels)
        # Its parts are quoted and escaped.
        return f"(SELECT {inner} FROM (SELECT {key} AS v OFFSET 0) AS s)"  # noqa: S608
    return typed(_json_value(column, access), access.form, access.type_name, labels)


def _json_value(column: str, access: FieldAccess) -> JsonValue:
    checks = access.column.checks
    if access.in_document:
        value, text = (f"({column} {op(sign)} {literal(access.name)})" for sign in ("->", "->>"))
        return JsonValue(value, text, "jsonb", checks)
    value = column if access.column.base_type == "jsonb" else f"{fn('to_jsonb')}({column})"
    return JsonValue(value, f"({value} {op('#>>')} '{{}}')", "jsonb", checks)


def rounded(alias: str, access: FieldAccess) -> str:
    """Return a number as the double that a client reads, or null."""
    column = column_sql(alias, access)
    if access.column.base_type == "int8":
        return f"{column}::{ty('float8')}"
    return f"(CASE {as_double(column)} END)"


def tested(alias: str, access: FieldAccess) -> str:
    """Return the SQL expression of a stored value for null tests."""
    column = column_sql(alias, access)
    if access.in_document:
        # ->> gives SQL null for a missing key and for a JSON null alike.
        document = readable(column, access.column.base_type)
        return f"({document} {op('->>')} {literal(access.name)})"
    # A response has null for a JSON null too.
    base = access.column.base_type
    if base in ("json", "jsonb"):
        return f"(CASE WHEN {fn(f'{base}_typeof')}({column}) {op('<>')} 'null' THEN {column} END)"
    return column


def text_expression(alias: str, access: FieldAccess) -> str:
    """Return the SQL expression of a stored value as its text in a response."""
    left = expression(alias, access)
    if as_json(access):
        return left
    base = access.column.base_type
    if base in TEXTS or base in ("bpchar", "citext"):
        return left if access.column.deterministic else f"{left} {_DEFAULT}"
    return f"({fn('to_jsonb')}({left}) {op('#>>')} '{{}}')"


def infix(access: FieldAccess, sign: str) -> str:
    """Return the operator between an ``expression`` and its placeholder."""
    return op(sign) if as_json(access) else op(sign, access.column.operators)


def equals(left: Column, right: Column) -> str:
    """Return the operator that joins two columns."""
    same = left.operators == right.operators
    return op("=", left.operators if same else CATALOG)


def text_operator(access: FieldAccess, sign: str) -> str:
    """Return the operator between a ``text_expression`` and a pattern."""
    return op(sign, access.column.operators if access.column.base_type == "citext" else CATALOG)


def sent_as_text(access: FieldAccess) -> bool:
    """Whether values are sent as text and cast by PostgreSQL."""
    return wire_type(access) in _SENT_AS_TEXT


def placeholder(number: int, access: FieldAccess, *, array: bool) -> str:
    """Return the SQL of a placeholder for a value or a list of values.

    Args:
        number: Number of the placeholder.
        access: The compared field.
        array: Whether it is a list.
    """
    wire, brackets = wire_type(access), "[]" if array else ""
    if wire in _SENT_AS_TEXT:
        return f"${number}::{ty('text')}{brackets}::{_cast(access, wire)}{brackets}"
    return f"${number}::{_cast(access, wire)}{brackets}"


def ordered_type(access: FieldAccess) -> str:
    """Return the type that an order compares a value in, whose texts it reads back."""
    base = access.column.base_sql
    return base if base and not as_json(access) else _cast(access, wire_type(access))


def _cast(access: FieldAccess, wire: str) -> str:
    if wire == "column":
        return access.column.base_sql
    # A float4 is compared with a double of the same value, which is never out of range.
    return ty("float8" if wire == "float4" else wire)


def constant(access: FieldAccess, value: Any) -> str:
    """Return a constant as SQL, equal to its placeholder.

    Args:
        access: The compared field.
        value: The value, as returned by ``as_wire``.
    """
    wire = wire_type(access)
    if wire == "bool":
        return "true" if value else "false"
    # A single cast: a text that is cast to an enum is no constant in an index.
    return f"{literal(_text(value))}::{_cast(access, wire)}"


def _text(value: Any) -> str:
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    return format(value, "f") if isinstance(value, Decimal) else str(value)


def compared(alias: str, access: FieldAccess, comparison: str, value: Any) -> str:
    """Return the comparison with a constant, as in statements and predicates.

    Args:
        alias: Alias of the relation; empty for a single relation.
        access: The compared field.
        comparison: One of ``SIGNS``.
        value: The value, as returned by ``as_wire``; None compares with null.
    """
    if value is None:
        return f"{tested(alias, access)} IS NULL"
    left = expression(alias, access)
    return f"{left} {infix(access, SIGNS[comparison])} {constant(access, value)}"
