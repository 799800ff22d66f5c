"""Coercion of scalars between JSON, literals and Python."""

import re
from collections.abc import Callable
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from graphql import (
    ConstValueNode,
    FloatValueNode,
    GraphQLError,
    IntValueNode,
    StringValueNode,
    print_ast,
    value_from_ast_untyped,
)

from fraiseql.values import (
    ExactFloat,
    PostgresText,
    parse_clock,
    parse_day,
    parse_instant,
    parse_number,
)
from fraiseql.values import parse_uuid as read_uuid

_NUMBER: Final = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?", re.ASCII)
_INTEGER: Final = re.compile(r"-?\d+", re.ASCII)
_SHOWN: Final = 80
_EXACT_FLOAT: Final = 10**15
"""Up to here a float equals its digits; beyond, it may be rounded."""

_NOT_FINITE: Final = {text: Decimal(text) for text in ("NaN", "Infinity", "-Infinity")}
_MOST_DIGITS: Final = 131_072
_MOST_DECIMALS: Final = 16_383

JSON_FORMS: Final = ("string", "number", "integer", "boolean", "any")
"""Forms that a custom scalar can have in a document."""


def refuse(name: str, value: object, expected: str) -> GraphQLError:
    """Return the error for a value that a scalar cannot represent."""
    return GraphQLError(f"{name} cannot represent value: {excerpt(value)}. Write {expected}.")


def excerpt(value: object) -> str:
    """Return a value for a message, cut off where it is long."""
    shown = repr(value)
    return shown if len(shown) <= _SHOWN else shown[: _SHOWN - 3] + "..."


def _from_text(name: str, value: object, read: Callable[[str], Any], expected: str) -> Any:
    if not isinstance(value, str):
        raise refuse(name, value, expected)
    try:
        return read(value)
    except ValueError as error:
        raise refuse(name, value, expected) from error


def parse_datetime(value: object) -> datetime | PostgresText:
    """Read an ISO 8601 instant; without an offset it is taken as UTC.

    Filters also take instants that only PostgreSQL can represent; resolvers do not receive them.
    """
    expected = "ISO 8601, like 2024-05-01T12:00:00Z"
    parsed: datetime | PostgresText = _from_text("DateTime", value, parse_instant, expected)
    return parsed


def parse_date(value: object) -> date | PostgresText:
    """Read an ISO 8601 date."""
    expected = "ISO 8601, like 2024-05-01"
    parsed: date | PostgresText = _from_text("Date", value, parse_day, expected)
    return parsed


def parse_time(value: object) -> time | PostgresText:
    """Read an ISO 8601 time of day."""
    expected = "ISO 8601, like 12:30:00"
    parsed: time | PostgresText = _from_text("Time", value, parse_clock, expected)
    return parsed


def parse_uuid(value: object) -> UUID:
    """Read a UUID."""
    expected = "32 hexadecimal digits, like 6ba7b810-9dad-11d1-80b4-00c04fd430c8"
    parsed: UUID = _from_text("UUID", value, read_uuid, expected)
    return parsed


def _decimal(value: float | str | Decimal) -> Decimal:
    if isinstance(value, ExactFloat):
        return parse_number(value.text)
    if isinstance(value, str):
        return _NOT_FINITE.get(value) or parse_number(value)
    return Decimal(repr(value) if isinstance(value, float) else value)


def parse_decimal(value: object) -> Decimal:
    """Read a number, or a string that holds one, within the range of PostgreSQL's ``numeric``."""
    expected = 'a number, or a string like "12.50"'
    if isinstance(value, bool) or not isinstance(value, int | float | str | Decimal):
        raise refuse("Decimal", value, expected)
    try:
        parsed = _decimal(value)
    except ValueError as error:
        raise refuse("Decimal", value, expected) from error
    exponent = parsed.as_tuple().exponent
    if not isinstance(exponent, int):
        raise refuse("Decimal", value, "a finite number")
    if parsed.adjusted() >= _MOST_DIGITS or exponent < -_MOST_DECIMALS:
        expected = f"at most {_MOST_DIGITS} digits and {_MOST_DECIMALS} decimals"
        raise refuse("Decimal", value, expected)
    return parsed


def parse_bigint(value: object) -> int:
    """Read an integer of any size, or a string that holds one."""
    expected = 'an integer, or a string like "9007199254740993"'
    if isinstance(value, float) and value.is_integer() and abs(value) < _EXACT_FLOAT:
        return int(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, str) and _INTEGER.fullmatch(value):
        parsed: int = _from_text("BigInt", value, int, expected)
        return parsed
    raise refuse("BigInt", value, expected)


def literal_of_text(name: str, parse: Callable[[object], Any]) -> Callable[[ConstValueNode], Any]:
    """Make the reader of literals for a scalar that is written as a string."""

    def read(node: ConstValueNode) -> Any:
        if not isinstance(node, StringValueNode):
            raise refuse(name, print_ast(node), "a string")
        return parse(node.value)

    return read


def literal_of_number(name: str, parse: Callable[[object], Any]) -> Callable[[ConstValueNode], Any]:
    """Make the reader of literals for a scalar that needs every digit."""

    def read(node: ConstValueNode) -> Any:
        if not isinstance(node, IntValueNode | FloatValueNode | StringValueNode):
            raise refuse(name, print_ast(node), "a number or a string")
        return parse(node.value)

    return read


def literal_of_any(parse: Callable[[Any], Any]) -> Callable[[ConstValueNode], Any]:
    """Make the reader of literals for a scalar that takes any JSON value."""
    return lambda node: parse(value_from_ast_untyped(node))


def number_literal(value: object) -> ConstValueNode | None:
    """Write a number as a literal without going through a float."""
    text = str(value)
    if _INTEGER.fullmatch(text):
        return IntValueNode(value=text)
    return FloatValueNode(value=text) if _NUMBER.fullmatch(text) else None


def write_string(name: str) -> Callable[[object], str]:
    """Make the writer of a scalar that is a JSON string."""

    def write(value: object) -> str:
        if isinstance(value, datetime | date | time):
            return value.isoformat()
        if isinstance(value, str | UUID):
            return str(value)
        raise refuse(name, value, "a string")

    return write


def write_read_text(name: str, parse: Callable[[object], Any]) -> Callable[[object], str]:
    """Make the writer of a scalar whose text must be readable by its parser."""
    write = write_string(name)

    def checked(value: object) -> str:
        text = write(value)
        if isinstance(value, str):
            parse(text)
        return text

    return checked


def write_number(name: str) -> Callable[[object], Any]:
    """Make the writer of a scalar that is a JSON number."""

    def write(value: object) -> Any:
        if isinstance(value, str) and _NUMBER.fullmatch(value):
            return Decimal(value)
        if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
            return value
        raise refuse(name, value, "a number")

    return write


def write_integer(name: str) -> Callable[[object], int]:
    """Make the writer of a scalar that is a JSON integer."""

    def write(value: object) -> int:
        if isinstance(value, int) and not isinstance(value, bool):
            return value
        if isinstance(value, str) and _INTEGER.fullmatch(value):
            return int(value)
        raise refuse(name, value, "an integer")

    return write


def write_quoted(name: str, write: Callable[[Any], Any]) -> Callable[[object], str]:
    """Make the writer of a scalar that is a number, written as a string with all its digits."""

    def quoted(value: object) -> str:
        number = write(value)
        if isinstance(value, str):
            return value
        digits = Decimal(str(number))
        if not digits.is_finite():
            raise refuse(name, value, "a finite number")
        return format(digits, "f")

    return quoted


def write_boolean(name: str) -> Callable[[object], bool]:
    """Make the writer of a scalar that is true or false."""

    def write(value: object) -> bool:
        if isinstance(value, bool):
            return value
        raise refuse(name, value, "true or false")

    return write


def writer(name: str, form: str) -> Callable[[Any], Any]:
    """Return the writer for a JSON form."""
    makers: dict[str, Callable[[str], Callable[[Any], Any]]] = {
        "string": write_string,
        "number": write_number,
        "integer": write_integer,
        "boolean": write_boolean,
    }
    return makers[form](name) if form in makers else (lambda value: value)


def has_form(value: object, form: str) -> bool:
    """Return whether a client's JSON value has the form of a custom scalar."""
    if form == "boolean":
        return isinstance(value, bool)
    if form == "any":
        return True
    forms: dict[str, Any] = {"string": str, "number": (int, float), "integer": int}
    expected = forms[form]
    return isinstance(value, expected) and not isinstance(value, bool)
