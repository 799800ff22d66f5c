"""Sample type with fields of every kind, in columns and documents."""

import json
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from enum import Enum
from itertools import cycle
from typing import Any
from uuid import UUID

import fraiseql

TABLE = """
CREATE TYPE colour AS ENUM ('red', 'dark green', 'blue');
CREATE DOMAIN short AS varchar(20);
CREATE DOMAIN positive AS int CHECK (VALUE > 0);
CREATE TABLE sample (
    id int PRIMARY KEY,
    i2 int2, i4 int4, i8 int8, fraction int4, price numeric, ratio float8, small float4,
    word text, label varchar(30), fixed short, pos positive, ok bool, uid uuid,
    moment timestamptz, local timestamp, day date, clock time, colour colour,
    names text[], extra jsonb, undeclared text,
    data jsonb NOT NULL
);
"""


@fraiseql.enum
class Colour(Enum):
    RED = "red"
    GREEN = "dark green"
    BLUE = "blue"


@fraiseql.type(sql_source="sample", jsonb_column="data")
class Sample:
    id: int
    i2: int | None
    i4: int | None
    i8: fraiseql.BigInt | None
    fraction: Decimal | None
    price: Decimal | None
    ratio: float | None
    small: float | None
    word: str | None
    label: str | None
    fixed: str | None
    pos: int | None
    ok: bool | None
    uid: UUID | None
    moment: datetime | None
    local: datetime | None
    day: date | None
    clock: time | None
    colour: Colour | None
    names: list[str] | None
    extra: dict | None
    d_int: int | None
    d_big: fraiseql.BigInt | None
    d_price: Decimal | None
    d_ratio: float | None
    d_word: str | None
    d_id: fraiseql.ID | None
    d_ok: bool | None
    d_uid: UUID | None
    d_moment: datetime | None
    d_day: date | None
    d_clock: time | None
    d_colour: Colour | None


COLUMNS = [
    *("i2", "i4", "i8", "fraction", "price", "ratio", "small", "word", "label", "fixed"),
    *("pos", "ok", "uid", "moment", "local", "day", "clock", "colour"),
]
KEYS = [
    *("d_int", "d_big", "d_price", "d_ratio", "d_word", "d_id", "d_ok", "d_uid"),
    *("d_moment", "d_day", "d_clock", "d_colour"),
]

_east = timezone(timedelta(hours=9))
_moments = [
    datetime(2024, 1, 1, 9, tzinfo=_east),
    datetime(2024, 1, 1, 0, 0, 0, 500, tzinfo=UTC),
    datetime(2023, 12, 31, 23, 59, 59, tzinfo=UTC),
    datetime(2024, 6, 1, tzinfo=UTC),
]
_numbers = [9, 10, 100, -1, 2]
_words = ["a%b", "a_b", "axb", "100%", "Ünï \\ 'q\"", "x", "X", ""]
_uids = [UUID(int=n) for n in (1, 2, 1 << 127)]
_fractions = [Decimal(text) for text in ("9.5", "10", "1e2", "-0.001", "12345678901234567890.5")]
_floats = [9.5, 10.0, 0.1, -1e-9, 1e300]

VALUES: dict[str, list[Any]] = {
    "i2": _numbers,
    "i4": _numbers,
    "i8": [9, 10, 1 << 40, -(1 << 62)],
    "fraction": _numbers,
    "price": _fractions,
    "ratio": _floats,
    "small": [0.5, 9.5, 10.0, -2.25],
    "word": _words,
    "label": _words,
    "fixed": _words,
    "pos": [9, 10, 100],
    "ok": [True, False],
    "uid": _uids,
    "moment": _moments,
    "local": [moment.astimezone(UTC).replace(tzinfo=None) for moment in _moments],
    "day": [date(2024, 1, 9), date(2024, 1, 10), date(1999, 12, 31)],
    "clock": [time(9), time(10, 30, 0, 250), time(23, 59, 59)],
    "colour": [Colour.RED, Colour.BLUE, Colour.GREEN],
}
VALUES |= {
    "d_int": _numbers,
    "d_big": VALUES["i8"],
    "d_price": _fractions,
    "d_ratio": _floats,
    "d_word": _words,
    "d_id": ["9", "10", "x'; --"],
    "d_ok": [True, False],
    "d_uid": _uids,
    "d_moment": _moments,
    "d_day": VALUES["day"],
    "d_clock": VALUES["clock"],
    "d_colour": VALUES["colour"],
}
ENUMS = ("colour", "d_colour")
TEXTS = ("word", "label", "fixed", "d_word")
FLAGS = ("ok", "d_ok")


def rows(count: int = 16) -> list[dict[str, Any]]:
    """Return rows by Python name; every fourth value is null, in shifting places."""
    created: list[dict[str, Any]] = [{"id": n + 1} for n in range(count)]
    for place, (name, values) in enumerate(VALUES.items()):
        left = cycle(values)
        for n, row in enumerate(created):
            row[name] = None if (n + place) % 4 == 0 else next(left)
    return created


def stored(row: dict[str, Any]) -> list[Any]:
    """Return the inserted values: columns, then the document; a null is a missing key or null."""
    document = {name: as_json(row[name]) for name in KEYS if row[name] is not None or row["id"] % 2}
    text = json.dumps(document, default=str)
    # A number with all its digits.
    text = text.replace(f'"d_price": "{row["d_price"]}"', f'"d_price": {row["d_price"]}')
    return [row["id"], *[plain(row[name]) for name in COLUMNS], text]


def plain(value: Any) -> Any:
    """Return the value for the driver."""
    return value.value if isinstance(value, Enum) else value


def as_json(value: Any) -> Any:
    """Return the value in a document; decimals as text."""
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    return plain(value) if not isinstance(value, Decimal | UUID) else str(value)


def sent(value: Any) -> Any:
    """Return the value of a variable."""
    if isinstance(value, list):
        return [sent(item) for item in value]
    return value.name if isinstance(value, Enum) else as_json(value)
