"""Expressions: the SQL of a stored value and of its comparisons, the same wherever they stand."""

from datetime import date, datetime, time
from decimal import Decimal
from typing import Any, Final

from fraiseql.catalog.picture import Column, quote
from fraiseql.document_values import JsonValue, as_double, readable, typed
from fraiseql.field_access import TEXTS, FieldAccess, as_json, wire_type
from fraiseql.operators import SIGNS
from fraiseql.sql_names import CATALOG, fn, op, ty

_SENT_AS_TEXT: Final = frozenset({"column", "timestamptz", "timestamp", "date", "time"})
"""PostgreSQL reads these from a text: it has values that the driver's Python types have not."""

_DEFAULT: Final = 'COLLATE pg_catalog."default"'


def literal(text: str) -> str:
    """Return a known constant as an SQL string literal."""
    escaped = text.replace("'", "''").replace("\\", "\\\\")
    # Plain where nothing asks for more; E'' says the same whatever standard_conforming_strings is.
    return f"E'{escaped}'" if "\\" in text else f"'{escaped}'"


def column_sql(alias: str, access: FieldAccess) -> str:
    """Return the column of ``access``; ``alias`` is empty where there is but one relation."""
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
        # Made readable once for each row; only statements come here, as no index can hold it.
        key = f"{readable(column, 'json')} {op('->')} {literal(access.name)}"
        value = JsonValue("s.v", f"(s.v {op('#>>')} '{{}}')", "json", access.column.checks)
        inner = typed(value, access.form, access.type_name, labels)
        # The parts are quoted and escaped where they are made.
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
    """Return a number as the double that a client reads, null where there is none."""
    column = column_sql(alias, access)
    if access.column.base_type == "int8":
        return f"{column}::{ty('float8')}"
    return f"(CASE {as_double(column)} END)"


def tested(alias: str, access: FieldAccess) -> str:
    """Return the SQL expression of a stored value as it is compared with null."""
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
    """Return the SQL expression of a stored value as the text that a response has for it."""
    left = expression(alias, access)
    if as_json(access):
        return left
    base = access.column.base_type
    if base in TEXTS or base in ("bpchar", "citext"):
        return left if access.column.deterministic else f"{left} {_DEFAULT}"
    return f"({fn('to_jsonb')}({left}) {op('#>>')} '{{}}')"


def infix(access: FieldAccess, sign: str) -> str:
    """Return the operator between a value as ``expression`` writes it and its placeholder."""
    return op(sign) if as_json(access) else op(sign, access.column.operators)


def equals(left: Column, right: Column) -> str:
    """Return the operator by which two columns are joined."""
    same = left.operators == right.operators
    return op("=", left.operators if same else CATALOG)


def text_operator(access: FieldAccess, sign: str) -> str:
    """Return the operator between a text as ``text_expression`` writes it and a pattern."""
    return op(sign, access.column.operators if access.column.base_type == "citext" else CATALOG)


def sent_as_text(access: FieldAccess) -> bool:
    """Whether values travel as texts that PostgreSQL reads as values of their type."""
    return wire_type(access) in _SENT_AS_TEXT


def placeholder(place: int, access: FieldAccess, *, array: bool) -> str:
    """Return the SQL of a placeholder that carries a value, or a list of them.

    Args:
        place: Number of the placeholder.
        access: What the value is compared with.
        array: Whether it is a list.
    """
    wire, brackets = wire_type(access), "[]" if array else ""
    if wire in _SENT_AS_TEXT:
        return f"${place}::{ty('text')}{brackets}::{_cast(access, wire)}{brackets}"
    return f"${place}::{_cast(access, wire)}{brackets}"


def _cast(access: FieldAccess, wire: str) -> str:
    if wire == "column":
        return access.column.base_sql
    # A float4 is compared with the double that has its value, which is never out of range.
    return ty("float8" if wire == "float4" else wire)


def constant(access: FieldAccess, value: Any) -> str:
    """Return a known constant as SQL, equal to the placeholder that would carry it.

    Args:
        access: What it is compared with.
        value: As ``as_wire`` gives it.
    """
    wire = wire_type(access)
    if wire == "bool":
        return "true" if value else "false"
    # One cast only: a text that is turned into an enum is no constant to an index.
    return f"{literal(_text(value))}::{_cast(access, wire)}"


def _text(value: Any) -> str:
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    return format(value, "f") if isinstance(value, Decimal) else str(value)


def compared(alias: str, access: FieldAccess, comparison: str, value: Any) -> str:
    """Return the comparison with a known constant, as statements and predicates have it.

    Args:
        alias: Of the relation; empty where there is but one.
        access: What is compared.
        comparison: One of ``SIGNS``.
        value: As ``as_wire`` gives it; None compares with null.
    """
    if value is None:
        return f"{tested(alias, access)} IS NULL"
    left = expression(alias, access)
    return f"{left} {infix(access, SIGNS[comparison])} {constant(access, value)}"
