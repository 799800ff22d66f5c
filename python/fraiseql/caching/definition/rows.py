"""Rows: a function that writes one row's own document, whatever the session is set to.

The function is immutable because its arguments decide its result: the few settings that a rendering
depends on are set by the function itself, as on the connections of the serving pipeline.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from fraiseql.caching.definition.tables import Table, TableColumn
from fraiseql.caching.objects import DatabaseObject
from fraiseql.catalog.picture import quote
from fraiseql.expressions import literal

MOST_COLUMNS: Final = 100
"""PostgreSQL's limit of a function's arguments."""

_CHUNK: Final = 45
"""Pairs of one ``jsonb_build_object``: each is two arguments, and keys come in whole chunks."""

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
"""Base type → settings that its JSON rendering depends on; a type that is not here is refused."""

FLOATS: Final = frozenset({"float4", "float8"})

# jsonb would write 1e+20 with all its zeros and lose the sign of -0: such numbers are kept as the
# text that PostgreSQL's JSON has for them, and a field of a number type writes that text unquoted.
_EXPONENTS: Final = r"""'(-?[0-9.]+e[+-][0-9]+|-0(?![.0-9]))', E'"\\1"', 'g'"""


@dataclass(frozen=True, slots=True)
class RowFunction:
    """The function of one type's own fields.

    Attributes:
        object: What makes it.
        name: Qualified, without arguments.
        columns: Own columns that it takes, in order.
    """

    object: DatabaseObject
    name: str
    columns: tuple[str, ...]

    def call(self, alias: str = "") -> str:
        """Return the call on a row; ``alias`` stands in front of each column."""
        prefix = f"{alias}." if alias else ""
        return f"{self.name}({', '.join(prefix + quote(name) for name in self.columns)})"


def is_kept(column: TableColumn) -> bool:
    """Whether values of the column's type can be rendered the same in every session."""
    return column.base in _NEEDED or column.base_kind == "e"


def kept_types() -> Iterable[str]:
    """Return the names of the types that can be kept, besides enums."""
    return sorted(_NEEDED)


def row_function(owner: str, table: Table, names: Sequence[str]) -> RowFunction:
    """Return the function that writes the columns ``names`` as one JSON object.

    Its name ends with a digest of what it does: stored documents are never older than their
    function, since another rendering is another function.

    Args:
        owner: The type it is for.
        table: Where the columns are.
        names: Columns, which are the document's keys; at most ``MOST_COLUMNS``.
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
    made = DatabaseObject(
        "function",
        f"{name}({types})",
        (create, granted),
        (f"DROP FUNCTION IF EXISTS {name}({types})",),
        owner,
    )
    return RowFunction(made, name, tuple(names))


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
