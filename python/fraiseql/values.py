"""Conversion of Python values to the PostgreSQL types of comparisons."""

import json
import math
import re
import struct
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from enum import Enum
from typing import Any, Final, Self
from uuid import UUID

from fraiseql.grammars import ANY_DATE, ANY_INSTANT, TIME
from fraiseql.grammars import UUID as UUID_GRAMMAR

_INT8: Final = 1 << 63
_INTEGER: Final = re.compile("-?[0-9]+")
_NUMBER: Final = re.compile("[+-]?[0-9]+(?:[.][0-9]*)?(?:[eE][+-]?[0-9]+)?")
_UUID: Final = re.compile(UUID_GRAMMAR)
_DATE: Final = re.compile(ANY_DATE)
_INSTANT: Final = re.compile(ANY_INSTANT)
_TIME: Final = re.compile(TIME)
_CLOCK: Final = re.compile("([0-9]{2}:[0-9]{2}(?::[0-9]{2})?)(?:[.]([0-9]+))?(.*)")
_UTC: Final = re.compile("(?:[Zz]|[+-]00(?::?00)?)(?= BC$|$)")
_ZONE: Final = re.compile(":[0-9]{2}(?:[.][0-9]+)?[+-]")


class PostgresText(str):
    """A date or time that only PostgreSQL has, as text: ``infinity``, a year BC."""

    __slots__ = ()


class ExactFloat(float):
    """A number in a request with more digits than a float; beyond the range, it is infinite.

    Attributes:
        text: The number as written.
    """

    __slots__ = ("text",)
    text: str

    def __new__(cls, text: str) -> Self:
        """Return the nearest float, with the text."""
        number = super().__new__(cls, text)
        number.text = text
        return number

    def __repr__(self) -> str:
        """Return the number as written."""
        return self.text

    def is_integer(self) -> bool:
        """Return False: no scalar may accept the rounded float as an integer."""
        return False


def plain(value: Any) -> Any:
    """Return the stored value of an enum member; other values unchanged."""
    return value.value if isinstance(value, Enum) else value


def as_wire(wire: str, value: Any) -> Any:
    """Return ``value`` as a Python value that compares as the type ``wire`` does.

    Args:
        wire: ``int8``, ``numeric``, ``float8``, ``float4``, ``bool``, ``text``, ``column``,
            ``uuid``, ``timestamptz``, ``timestamp``, ``date`` or ``time``.
        value: A value from a request or a declaration.

    Raises:
        ValueError, TypeError, ArithmeticError: The value does not fit that type.
    """
    return CONVERTERS[wire](value)


def as_parameter(wire: str, value: Any) -> Any:
    """Return ``value`` as the driver expects it for a parameter of the type ``wire``.

    Dates and times are sent as text: the driver sends Python's last dates as infinity.

    Raises:
        ValueError, TypeError, ArithmeticError: The value does not fit that type.
    """
    converted = CONVERTERS[wire](value)
    if isinstance(converted, date | time):
        return converted.isoformat()
    return str(converted) if isinstance(converted, PostgresText) else converted


def _int8(value: Any) -> int:
    if isinstance(value, str) and not _INTEGER.fullmatch(value):
        raise ValueError
    number = int(value)
    # Nothing is truncated: 1.5 is not 1, as a float or a decimal.
    if isinstance(value, bool) or (number != value and not isinstance(value, str)):
        raise ValueError
    if not -_INT8 <= number < _INT8:
        raise ValueError
    return number


def parse_number(text: str) -> Decimal:
    """Parse decimal digits with an optional fraction and exponent.

    Raises:
        ValueError: It has anything else that Python allows: spaces, underscores, other digits, NaN.
    """
    if not _NUMBER.fullmatch(text):
        raise ValueError
    try:
        return Decimal(text)
    except InvalidOperation as error:
        # The exponent is out of Python's range.
        raise ValueError from error


def _numeric(value: Any) -> Decimal:
    if isinstance(value, bool):
        raise ValueError  # noqa: TRY004
    if isinstance(value, str):
        return parse_number(value)
    if isinstance(value, ExactFloat):
        return parse_number(value.text)
    # repr: 0.1 is 0.1, not the nearest binary fraction.
    number = Decimal(repr(float(value)) if isinstance(value, float) else value)
    if not number.is_finite():
        raise ValueError
    return number


def _float8(value: Any) -> float:
    number = float(_numeric(value))
    # A number beyond the range of doubles is not infinite.
    if number in (float("inf"), float("-inf")):
        raise ValueError
    return number


def neighbour(value: Any, side: str) -> Decimal:
    """Return the next double ``below`` or ``above`` a number, with all its digits.

    Raises:
        ValueError, TypeError, ArithmeticError: The value is no number, or too large for a double.
    """
    towards = -math.inf if side == "below" else math.inf
    double = math.nextafter(_float8(value), towards)
    if math.isfinite(double):
        return Decimal(double)
    # Every number beyond the greatest double rounds to it.
    return Decimal(math.copysign(2, double)) * Decimal(2) ** 1025


def _float4(value: Any) -> float:
    """Return the nearest ``float4`` as a double; numbers out of its range unchanged."""
    number = _float8(value)
    try:
        (near,) = struct.unpack("<f", struct.pack("<f", number))
    except OverflowError:
        return number
    return float(near) if near or not number else number


def _bool(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError  # noqa: TRY004 - the caller handles ValueError
    return value


def text_value(value: Any) -> str:
    """Return a value as text for comparisons.

    Raises:
        ValueError: It has no text form, or contains NUL, which PostgreSQL's text cannot.
    """
    text = value if isinstance(value, str) else _text_of(value)
    if "\0" in text:
        raise ValueError
    return text


def _text_of(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float | Decimal | UUID):
        return str(value)
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    raise ValueError


def parse_instant(text: str) -> datetime | PostgresText:
    """Parse an instant in ISO 8601, as UTC when it has no offset.

    Digits beyond microseconds are rounded as in PostgreSQL.

    Raises:
        ValueError: It is not ISO 8601.
    """
    if not _INSTANT.fullmatch(text):
        raise ValueError
    day, clock = text[:10], text[11:]
    try:
        whole, micros, offset = _clock_parts(clock) if clock else ("00:00", 0, "")
        moment = datetime.fromisoformat(f"{day}T{whole}{offset.upper()}")
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return moment + timedelta(microseconds=micros)
    except (ValueError, OverflowError):
        # It matches PostgreSQL's grammar, so only Python has no such instant.
        return PostgresText(text)


def _clock_parts(clock: str) -> tuple[str, int, str]:
    """Return hours to seconds, microseconds, and the rest."""
    match = _CLOCK.fullmatch(clock)
    if match is None:
        raise ValueError
    whole, fraction, rest = match[1], match[2] or "", match[3]
    return whole, round(float(f"0.{fraction}") * 1_000_000) if fraction else 0, rest


def parse_day(text: str) -> date | PostgresText:
    """Parse a date in ISO 8601.

    Raises:
        ValueError: It is not ISO 8601.
    """
    if not _DATE.fullmatch(text):
        raise ValueError
    try:
        return date.fromisoformat(text)
    except ValueError:
        return PostgresText(text)


def parse_clock(text: str) -> time | PostgresText:
    """Parse a time of day in ISO 8601; 24:00:00 is the end of the day.

    Raises:
        ValueError: It is not ISO 8601.
    """
    if not _TIME.fullmatch(text):
        raise ValueError
    whole, micros, offset = _clock_parts(text)
    try:
        clock = time.fromisoformat(whole + offset.upper())
        return clock.replace(microsecond=micros)
    except ValueError:
        return PostgresText(text)


def parse_uuid(text: str) -> UUID:
    """Parse a UUID, with or without hyphens and braces.

    Raises:
        ValueError: It is not a UUID.
    """
    if not _UUID.fullmatch(text):
        raise ValueError
    return UUID(text)


def _instant(value: Any) -> Any:
    if isinstance(value, PostgresText):
        return value
    moment = parse_instant(value) if isinstance(value, str) else value
    if isinstance(moment, PostgresText):
        return moment
    if not isinstance(moment, datetime):
        if not isinstance(moment, date):
            raise ValueError  # noqa: TRY004
        moment = datetime(moment.year, moment.month, moment.day, tzinfo=UTC)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _local(value: Any) -> Any:
    # Columns without a time zone are in UTC, the TimeZone of the session.
    moment = _instant(value)
    if isinstance(moment, datetime):
        return moment.astimezone(UTC).replace(tzinfo=None)
    text = _UTC.sub("", moment)
    if _ZONE.search(text):
        raise ValueError
    return PostgresText(text)


def _date(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, PostgresText):
        return value
    return parse_day(value) if isinstance(value, str) else _checked(value, date)


def _time(value: Any) -> Any:
    if isinstance(value, PostgresText):
        return value
    return parse_clock(value) if isinstance(value, str) else _checked(value, time)


def _uuid(value: Any) -> UUID:
    return parse_uuid(value) if isinstance(value, str) else _checked(value, UUID)


def _checked(value: Any, kind: type[Any]) -> Any:
    if not isinstance(value, kind):
        raise ValueError  # noqa: TRY004
    return value


def json_text(value: Any) -> str:
    """Return any JSON value as its text, numbers with all their digits.

    Raises:
        ValueError: It is no JSON.
    """
    plain_value = getattr(value, "json", value)
    if isinstance(plain_value, Mapping):
        members = [f"{_quoted(str(key))}:{json_text(item)}" for key, item in plain_value.items()]
        return f"{{{','.join(members)}}}"
    if isinstance(plain_value, list | tuple):
        return f"[{','.join(map(json_text, plain_value))}]"
    if plain_value is None or isinstance(plain_value, bool):
        return {None: "null", True: "true", False: "false"}[plain_value]
    if isinstance(plain_value, int | float | Decimal):
        return format(_numeric(plain_value), "f")
    return _quoted(text_value(plain_value))


def _quoted(text: str) -> str:
    return json.dumps(text)


CONVERTERS: Final[Mapping[str, Callable[[Any], Any]]] = {
    "int8": _int8,
    "numeric": _numeric,
    "float8": _float8,
    "float4": _float4,
    "bool": _bool,
    "text": text_value,
    "json": json_text,
    "column": text_value,
    "uuid": _uuid,
    "timestamptz": _instant,
    "timestamp": _local,
    "date": _date,
    "time": _time,
}
"""Functions that convert a value for comparisons, by the type that it is sent as."""
