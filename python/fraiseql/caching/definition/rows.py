"""Functions that render one row as JSON, the same in every session.

The function is immutable: its arguments alone decide its result. It sets the few settings that
rendering depends on itself, to the values of the connections that serve.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from fraiseql.caching.definition.tables import Table, TableColumn
from fraiseql.caching.objects import DatabaseObject
from fraiseql.catalog.picture import quote
from fraiseql.expressions import literal

MOST_COLUMNS: Final = 100
"""PostgreSQL's limit of function arguments."""

_CHUNK: Final = 45
"""Pairs of one ``jsonb_build_object``: each pair is two arguments."""

_TIME_ZONE: Final = "TimeZone = 'UTC'"
_DATE_STYLE: Final = "DateStyle = 'ISO'"
_FLOAT_DIGITS: Final = "extra_float_digits = 1"

_NEEDED: Final[Mapping[str, tuple[str, ...]]] = {
    **dict.fromkeys(("bool", "int2", "int4", "int8", "numeric"), ()),
    **dict.fromkeys(("text", "varchar", "bpchar", "name", "citext", "uuid", "jsonb"), ()),
    **dict.fromkeys(("date", "time", "timetz", "timestamp"), ()),
    **dict.fromkeys(("inet", "cidr", "macaddr", "macaddr8", "bit", "varbit", "tsvector"), ()),
    **dict.fromkeys(("int4range", "int8range", "numrange"), ()),
    **dict.fromkeys(("daterange", "tsrange"), (_DATE_STYLE,)),
    "timestamptz": (_TIME_ZONE,),
    "tstzrange": (_TIME_ZONE, _DATE_STYLE),
    "interval": ("IntervalStyle = 'iso_8601'",),
    **dict.fromkeys(("float4", "float8"), (_FLOAT_DIGITS,)),
    "bytea": ("bytea_output = 'hex'",),
}
"""Base type → settings that its JSON rendering depends on; other types are refused."""

FLOATS: Final = frozenset({"float4", "float8"})

# jsonb writes 1e+20 with all its zeros and loses the sign of -0. Such numbers are stored as
# the text that json has for them, and the response writes that text without quotes.
_EXPONENTS: Final = r"""'(-?[0-9.]+e[+-][0-9]+|-0(?![.0-9]))', E'"\\1"', 'g'"""


@dataclass(frozen=True, slots=True)
class RowFunction:
    """The function of one type's own fields.

    Attributes:
        object: Its definition.
        name: Qualified, without arguments.
        columns: Columns that it takes, in order.
    """

    object: DatabaseObject
    name: str
    columns: tuple[str, ...]

    def call(self, alias: str = "") -> str:
        """Return the call on a row; ``alias`` qualifies each column."""
        prefix = f"{alias}." if alias else ""
        return f"{self.name}({', '.join(prefix + quote(name) for name in self.columns)})"


def is_storable(column: TableColumn) -> bool:
    """Whether values of the column's type are rendered the same in every session."""
    return column.base in _NEEDED or column.base_kind == "e"


def row_function(owner: str, table: Table, names: Sequence[str]) -> RowFunction:
    """Return the function that renders the columns ``names`` as one JSON object.

    Its name ends with a digest of its body: another rendering is another function, so stored
    documents are never older than their function.

    Args:
        owner: The type.
        table: The table of the columns.
        names: Columns, which become the document's keys; at most ``MOST_COLUMNS``.
    """
    columns = [table.columns[name] for name in names]
    body = _body(columns)
    settings = sorted({text for column in columns for text in _NEEDED.get(column.base, ())})
    types = ", ".join(column.sql_type for column in columns)
    digest = hashlib.sha256("\0".join((types, body, *settings)).encode()).hexdigest()[:10]
    # PostgreSQL cuts names at 63 bytes; the digest must stay.
    short = table.name.encode()[:40].decode(errors="ignore")
    name = f'"fraiseql".{quote(f"{short}_row_{digest}")}'
    clauses = "".join(f"\n  SET {text}" for text in settings)
    create = (
        f"CREATE OR REPLACE FUNCTION {name}({types}) RETURNS jsonb"
        f"\n  LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE{clauses}"
        f"\n  AS {_quoted(f'BEGIN RETURN {body}; END')}"
    )
    granted = f"GRANT EXECUTE ON FUNCTION {name}({types}) TO PUBLIC"
    function = DatabaseObject(
        "function",
        f"{name}({types})",
        (create, granted),
        (f"DROP FUNCTION IF EXISTS {name}({types})",),
        owner,
    )
    return RowFunction(function, name, tuple(names))


def _body(columns: Sequence[TableColumn]) -> str:
    pairs = [
        f"{literal(column.name)}, {_value(column, f'${place}')}"
        for place, column in enumerate(columns, 1)
    ]
    chunks = [pairs[start : start + _CHUNK] for start in range(0, len(pairs), _CHUNK)] or [[]]
    parts = [f"pg_catalog.jsonb_build_object({', '.join(chunk)})" for chunk in chunks]
    return " OPERATOR(pg_catalog.||) ".join(parts)


def _value(column: TableColumn, argument: str) -> str:
    if column.base not in FLOATS:
        return argument
    text = f"pg_catalog.to_json({argument})::pg_catalog.text"
    return f"pg_catalog.regexp_replace({text}, {_EXPONENTS})::pg_catalog.jsonb"


def _quoted(body: str) -> str:
    tag = "row"
    while f"${tag}$" in body:
        tag += "_"
    return f"${tag}${body}${tag}$"
