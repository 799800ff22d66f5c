"""Rows of the sample table, written by sessions with any settings."""

import json
from typing import Any

import asyncpg

from tests.integration.caching.generated_column.samples import COLUMNS

_FAR = """
SET TimeZone='Asia/Tokyo'; SET DateStyle='German'; SET IntervalStyle='postgres_verbose';
SET extra_float_digits=-3; SET bytea_output='escape'; SET search_path='other, pg_catalog';
SET xmlbinary='hex'; SET standard_conforming_strings=off; SET quote_all_identifiers=on;
SET lc_numeric='C'; SET lc_monetary='C'; SET lc_time='C'; SET ROLE a_writer"""
_NEAR = """
SET TimeZone='America/St_Johns'; SET DateStyle='SQL, DMY'; SET IntervalStyle='sql_standard';
SET extra_float_digits=0; SET search_path=''; SET backslash_quote=on; SET array_nulls=on"""
SESSIONS = (_FAR, _NEAR, "SET TimeZone='UTC'")
"""Settings that must not show in what is kept; the last session is like those that serve."""

_KINDS = {
    "instants": "timestamptz[]",
    "ratios": "float8[]",
    "spans": "interval[]",
    "moods": "public.mood[]",
    "numbers": "int[]",
    "names": "text[]",
}


async def write(connection: asyncpg.Connection, number: int, row: dict[str, Any]) -> None:
    """Insert one row; every value is read from the same text, whatever the session's settings."""
    values = ", ".join(_value(f"${place}", name) for place, name in enumerate(COLUMNS, 2))
    await connection.execute(
        f"INSERT INTO public.thing (id, {', '.join(COLUMNS)}) VALUES ($1, {values})",
        number,
        *(_argument(name, row[name]) for name in COLUMNS),
    )


def _value(place: str, name: str) -> str:
    if name in _KINDS:
        return f"{place}::text[]::{_KINDS[name]}"
    casts = {"how": "public.mood", "grid": "int[]", "cost": "public.euros"}
    return f"({place}::text)::{casts.get(name, _TYPES[name])}"


_TYPES = {
    **dict.fromkeys(("small",), "int2"),
    "big": "int8",
    "price": "numeric",
    "cost": "numeric",
    "ratio": "float8",
    "single": "float4",
    "flag": "bool",
    "name": "text",
    "code": "text",
    "short": "text",
    "uid": "uuid",
    "at": "timestamptz",
    "local": "timestamp",
    "day": "date",
    "clock": "time",
    "span": "interval",
    "raw": "bytea",
    "how": "text",
    "doc": "jsonb",
    "period": "tstzrange",
    "days": "daterange",
    "host": "inet",
    "grid": "int[]",
}


def _argument(name: str, value: Any) -> Any:
    if value is None or name != "doc":
        return value
    # jsonb has no code point 0.
    return json.dumps(value)
