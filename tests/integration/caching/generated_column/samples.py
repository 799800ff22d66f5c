"""A table of every storable type, its declaration, and random values as text."""

import enum
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from hypothesis import strategies as st

import fraiseql
from fraiseql.schema.storage import GeneratedColumn

TABLE = """
CREATE TYPE mood AS ENUM ('glad', 'so "so"', 'sad');
CREATE DOMAIN euros AS numeric CHECK (value >= 0);
CREATE TABLE thing (id int PRIMARY KEY, small int2, big int8, price numeric, cost euros,
  ratio float8, single float4, flag bool, name text, code char(5), short varchar(9), uid uuid,
  at timestamptz, local timestamp, day date, clock time, span interval, raw bytea, how mood,
  doc jsonb, period tstzrange, days daterange, host inet, numbers int[], names text[],
  instants timestamptz[], ratios float8[], spans interval[], moods mood[], grid int[]);
"""


@fraiseql.enum
class Mood(enum.Enum):
    GLAD = "glad"
    SO_SO = 'so "so"'
    SAD = "sad"


class _Fields:
    id: int
    small: int | None
    big: fraiseql.BigInt | None
    price: Decimal | None
    cost: Decimal | None
    ratio: float | None
    single: float | None
    flag: bool | None
    name: str | None
    code: str | None
    short: str | None
    uid: UUID | None
    at: datetime | None
    local: datetime | None
    day: date | None
    clock: str | None
    span: str | None
    raw: str | None
    how: Mood | None
    doc: Any | None
    period: str | None
    days: str | None
    host: str | None
    numbers: list[int | None] | None
    names: list[str | None] | None
    instants: list[datetime | None] | None
    ratios: list[float | None] | None
    spans: list[str | None] | None
    moods: list[Mood | None] | None
    grid: list[list[int | None]] | None


def declared(stored: GeneratedColumn | None) -> Any:
    """Return the type, live or stored."""
    type_ = type("Thing", (), {"__annotations__": dict(_Fields.__annotations__)})
    return fraiseql.type(sql_source="thing", stored=stored)(type_)


COLUMNS = tuple(name for name in _Fields.__annotations__ if name != "id")

_text = st.text(st.characters(blacklist_characters="\0", blacklist_categories=["Cs"]), max_size=8)
_floats = st.floats().map(lambda value: repr(value).replace("inf", "infinity"))
_singles = st.floats(width=32).map(lambda value: repr(value).replace("inf", "infinity"))
_years = st.one_of(
    st.datetimes(timezones=st.just(UTC)).map(lambda moment: moment.isoformat()),
    st.sampled_from(
        ["infinity", "-infinity", "0044-03-15 12:00:00.5+00 BC", "4713-01-01 00:00:00+00 BC"]
    ),
    st.integers(10_000, 294_000).map(lambda year: f"{year}-06-01 01:02:03.000001+00"),
)
_plain = _years.map(lambda text: text.replace("+00:00", "").replace("+00", ""))
_days = _plain.map(lambda text: text.split()[0].split("T")[0] + (" BC" if "BC" in text else ""))
# Every sign is written: in the style of the SQL standard a leading minus is meant for all fields.
_spans = st.tuples(*[st.integers(-3_000, 3_000)] * 4).map(
    lambda p: f"{p[0]:+d} months {p[1]:+d} days {p[2]:+d} seconds {p[3]:+d} microseconds"
)
_numerics = st.one_of(
    st.decimals(allow_nan=False, allow_infinity=False, places=5).map(str),
    st.sampled_from(["NaN", "Infinity", "-Infinity", "1.50", "0.000", "1e40", "-1e-30"]),
)
_json = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | _text
    | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_text, inner, max_size=3),
    max_leaves=6,
)
_moods = st.sampled_from([mood.value for mood in Mood])


def _array(values: Any) -> Any:
    return st.lists(st.none() | values, max_size=3)


VALUES: dict[str, Any] = {
    "small": st.integers(-(2**15), 2**15 - 1).map(str),
    "big": st.integers(-(2**63), 2**63 - 1).map(str),
    "price": _numerics,
    "cost": st.sampled_from(["0", "1.10", "99999999999999999999.01", "NaN"]),
    "ratio": _floats,
    "single": _singles,
    "flag": st.sampled_from(["t", "f"]),
    "name": _text,
    "code": st.text("abc", max_size=5),
    "short": st.text("abc ü", max_size=9),
    "uid": st.uuids().map(str),
    "at": _years,
    "local": _plain,
    "day": _days,
    "clock": st.times().map(lambda time: time.isoformat()),
    "span": _spans,
    "raw": st.binary(max_size=6).map(lambda data: "\\x" + data.hex()),
    "how": _moods,
    "doc": _json,
    "period": st.datetimes(timezones=st.just(UTC)).map(lambda moment: f"[{moment.isoformat()},)"),
    "days": st.dates().map(lambda day: f"[{day.isoformat()},infinity)"),
    "host": st.ip_addresses(v=4).map(str),
    "numbers": _array(st.integers(-(2**31), 2**31 - 1).map(str)),
    "names": _array(_text),
    "instants": _array(_years),
    "ratios": _array(_floats),
    "spans": _array(_spans),
    "moods": _array(_moods),
    "grid": st.sampled_from(["{{1,2},{3,NULL}}", "{}", "{{5}}"]),
}


@st.composite
def rows(draw: Any) -> dict[str, Any]:
    """Values of one row, each as the text that PostgreSQL reads, lists as lists of those."""
    return {name: draw(st.none() | VALUES[name]) for name in COLUMNS}
