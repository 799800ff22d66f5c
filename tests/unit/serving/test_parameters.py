"""Conversion of a request's values to parameters."""

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from enum import Enum
from fractions import Fraction
from typing import Any
from uuid import UUID

import pytest

from fraiseql.errors import InputError
from fraiseql.serving.sql import Parameter, converter
from fraiseql.serving.sql.parameters import pattern_of
from fraiseql.values import ExactFloat


class Colour(Enum):
    RED = "red"


east = timezone(timedelta(hours=9))


@pytest.mark.parametrize(
    ("wire", "value", "parameter"),
    [
        ("int8", 3, 3),
        ("int8", 3.0, 3),
        ("int8", "3", 3),
        ("int8", Decimal(3), 3),
        ("numeric", 0.1, Decimal("0.1")),
        ("numeric", "1e2", Decimal(100)),
        ("numeric", ExactFloat("0.12345678901234567891"), Decimal("0.12345678901234567891")),
        ("float8", Decimal("1.5"), 1.5),
        ("bool", True, True),
        ("text", "a", "a"),
        ("text", 7, "7"),
        ("text", True, "true"),
        ("text", UUID(int=1), "00000000-0000-0000-0000-000000000001"),
        ("text", Colour.RED, "red"),
        ("uuid", "0" * 31 + "1", UUID(int=1)),
        ("timestamptz", "2024-01-01T00:00:00Z", "2024-01-01T00:00:00+00:00"),
        ("timestamptz", "2024-01-01", "2024-01-01T00:00:00+00:00"),
        ("timestamptz", date(2024, 1, 1), "2024-01-01T00:00:00+00:00"),
        (
            "timestamp",
            datetime(2024, 1, 1, 9, tzinfo=east),
            "2024-01-01T00:00:00",
        ),
        ("date", "2024-02-29", "2024-02-29"),
        ("date", datetime(2024, 2, 29, 23, tzinfo=UTC), "2024-02-29"),
        ("time", "09:30", "09:30:00"),
        ("timestamptz", "9999-12-31T23:59:59.9999999Z", "9999-12-31T23:59:59.9999999Z"),
        ("timestamptz", "2024-01-01 00:00:00.1234565+02", "2024-01-01T00:00:00.123456+02:00"),
        ("timestamptz", "0044-03-15T12:00:00+00:00 BC", "0044-03-15T12:00:00+00:00 BC"),
        ("timestamp", "10000-01-01T00:00:00Z", "10000-01-01T00:00:00"),
        ("timestamp", "0044-03-15T12:00:00+00:00 BC", "0044-03-15T12:00:00 BC"),
        ("timestamp", "infinity", "infinity"),
        ("date", "infinity", "infinity"),
        ("date", "0001-02-29 BC", "0001-02-29 BC"),
        ("time", "24:00:00", "24:00:00"),
        ("float4", 0.1, 0.10000000149011612),
        ("float4", 1e300, 1e300),
        ("float4", 1e-300, 1e-300),
        ("column", "a", "a"),
    ],
)
def test_a_value_of_the_right_form(wire: str, value: Any, parameter: Any) -> None:
    converted = converter(Parameter(None, wire))(value)
    assert (type(converted), converted) == (type(parameter), parameter)
    assert converter(Parameter(None, wire, array=True))([value, value]) == [parameter, parameter]


@pytest.mark.parametrize(
    ("wire", "value"),
    [
        ("int8", True),
        ("int8", 1.5),
        ("int8", "1.5"),
        ("int8", Decimal("1.5")),
        ("int8", Decimal("1e30")),
        ("int8", Fraction(3, 2)),
        ("int8", float("nan")),
        ("int8", 1 << 63),
        ("int8", float("inf")),
        ("int8", None),
        ("numeric", True),
        ("numeric", "NaN"),
        ("numeric", "Infinity"),
        ("numeric", "x"),
        ("numeric", "1_5"),
        ("numeric", " 1.5 "),
        ("numeric", "\uff11.5"),
        ("int8", "1_5"),
        ("int8", " 15"),
        ("int8", "१५"),
        ("float8", "1e400"),
        ("float8", Decimal("-1e400")),
        ("uuid", "urn:uuid:6ba7b810-9dad-11d1-80b4-00c04fd430c8"),
        ("uuid", "6_a7b8109dad11d180b400c04fd430c8"),
        ("uuid", "+" + "1" * 31),
        ("timestamptz", "2024-01-01T00:00:00+16:00"),
        ("timestamptz", "20240101"),
        ("timestamptz", "0000-01-01"),
        ("timestamptz", "0003-02-29 BC"),
        ("timestamp", "10000-01-01T00:00:00+02:00"),
        ("time", "24:00:01"),
        ("numeric", [1]),
        ("bool", 1),
        ("bool", "true"),
        ("text", "a\0b"),
        ("text", b"a"),
        ("text", ["a"]),
        ("text", None),
        ("uuid", "1"),
        ("uuid", 1),
        ("timestamptz", "soon"),
        ("timestamptz", 0),
        ("timestamp", "2024-13-01"),
        ("date", "2024-02-30"),
        ("date", 20240229),
        ("time", "25:00"),
        ("time", date(2024, 1, 1)),
    ],
)
def test_a_value_of_another_form_is_refused(wire: str, value: Any) -> None:
    for parameter, values in (
        (Parameter(None, wire, name="x"), value),
        (Parameter(None, wire, True), [value]),
    ):
        with pytest.raises(InputError, match="cannot be compared with"):
            converter(parameter)(values)


@pytest.mark.parametrize("value", [-1, 11, 1.0, True, "1", [1]])
def test_row_counts(value: Any) -> None:
    convert = converter(Parameter(None, "int8", maximum=10, name="limit"))
    assert [convert(0), convert(10), convert(None)] == [0, 10, None]
    with pytest.raises(InputError, match="limit must be a whole number from 0 to 10"):
        convert(value)


@pytest.mark.parametrize(
    ("kind", "text", "pattern"),
    [
        ("contains", "a", "%a%"),
        ("starts_with", "50%", "50\\%%"),
        ("ends_with", "_", "%\\_"),
        ("contains", "\\", "%\\\\%"),
        ("contains", "", "%%"),
    ],
)
def test_patterns_are_literal(kind: str, text: str, pattern: str) -> None:
    assert pattern_of(kind, text) == pattern
    assert converter(Parameter(None, "text", pattern=kind))(text) == pattern
