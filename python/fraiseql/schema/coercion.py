"""Values of scalars: from a client's JSON value or literal to Python, and back to JSON."""

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
"""Up to here a float is what its digits said; beyond, others may have been meant."""

_NOT_FINITE: Final = {text: Decimal(text) for text in ("NaN", "Infinity", "-Infinity")}
_MOST_DIGITS: Final = 131_072
_MOST_DECIMALS: Final = 16_383

JSON_FORMS: Final = ("string", "number", "integer", "boolean", "any")
"""Forms that a custom scalar can have in a document."""


def refuse(name: str, value: object, wanted: str) -> GraphQLError:
    """Return the error that says what a scalar cannot represent, and what to write."""
    return GraphQLError(f"{name} cannot represent value: {excerpt(value)}. Write {wanted}.")


def excerpt(value: object) -> str:
    """Return a value as messages show it, cut off where it is long."""
    shown = repr(value)
    return shown if len(shown) <= _SHOWN else shown[: _SHOWN - 3] + "..."


def _from_text(name: str, value: object, read: Callable[[str], Any], wanted: str) -> Any:
    if not isinstance(value, str):
        raise refuse(name, value, wanted)
    try:
        return read(value)
    except ValueError as error:
        raise refuse(name, value, wanted) from error


def parse_datetime(value: object) -> datetime | PostgresText:
    """Read an ISO 8601 instant; without an offset it is taken as UTC.

    Filters take the instants that PostgreSQL has and Python has not; resolvers are not given them.
    """
    wanted = "ISO 8601, like 2024-05-01T12:00:00Z"
    found: datetime | PostgresText = _from_text("DateTime", value, parse_instant, wanted)
    return found


def parse_date(value: object) -> date | PostgresText:
    """Read an ISO 8601 date."""
    wanted = "ISO 8601, like 2024-05-01"
    found: date | PostgresText = _from_text("Date", value, parse_day, wanted)
    return found


def parse_time(value: object) -> time | PostgresText:
    """Read an ISO 8601 time of day."""
    wanted = "ISO 8601, like 12:30:00"
    found: time | PostgresText = _from_text("Time", value, parse_clock, wanted)
    return found


def parse_uuid(value: object) -> UUID:
    """Read a UUID."""
    wanted = "32 hexadecimal digits, like 6ba7b810-9dad-11d1-80b4-00c04fd430c8"
    found: UUID = _from_text("UUID", value, read_uuid, wanted)
    return found


def _decimal(value: float | str | Decimal) -> Decimal:
    if isinstance(value, ExactFloat):
        return parse_number(value.text)
    if isinstance(value, str):
        return _NOT_FINITE.get(value) or parse_number(value)
    return Decimal(repr(value) if isinstance(value, float) else value)


def parse_decimal(value: object) -> Decimal:
    """Read a number, or a string that holds one, within the range of PostgreSQL's ``numeric``."""
    wanted = 'a number, or a string like "12.50"'
    if isinstance(value, bool) or not isinstance(value, int | float | str | Decimal):
        raise refuse("Decimal", value, wanted)
    try:
        found = _decimal(value)
    except ValueError as error:
        raise refuse("Decimal", value, wanted) from error
    exponent = found.as_tuple().exponent
    if not isinstance(exponent, int):
        raise refuse("Decimal", value, "a finite number")
    if found.adjusted() >= _MOST_DIGITS or exponent < -_MOST_DECIMALS:
        wanted = f"at most {_MOST_DIGITS} digits and {_MOST_DECIMALS} decimals"
        raise refuse("Decimal", value, wanted)
    return found


def parse_bigint(value: object) -> int:
    """Read an integer of any size, or a string that holds one."""
    wanted = 'an integer, or a string like "9007199254740993"'
    if isinstance(value, float) and value.is_integer() and abs(value) < _EXACT_FLOAT:
        return int(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, str) and _INTEGER.fullmatch(value):
        found: int = _from_text("BigInt", value, int, wanted)
        return found
    raise refuse("BigInt", value, wanted)


def literal_of_text(name: str, parse: Callable[[object], Any]) -> Callable[[ConstValueNode], Any]:
    """Make the reader of literals for a scalar that is written as a string."""

    def read(node: ConstValueNode) -> Any:
        if not isinstance(node, StringValueNode):
            raise refuse(name, print_ast(node), "a string")
        return parse(node.value)

    return read


def literal_of_number(name: str, parse: Callable[[object], Any]) -> Callable[[ConstValueNode], Any]:
    """Make the reader of literals for a scalar whose digits must all be kept."""

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
    """Make the writer of a scalar whose text must be one that the scalar reads."""
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
    """Return the writer for a form: what the response must be able to hold."""
    makers: dict[str, Callable[[str], Callable[[Any], Any]]] = {
        "string": write_string,
        "number": write_number,
        "integer": write_integer,
        "boolean": write_boolean,
    }
    return makers[form](name) if form in makers else (lambda value: value)


def has_form(value: object, form: str) -> bool:
    """Tell whether a client's JSON value has the form of a custom scalar."""
    if form == "boolean":
        return isinstance(value, bool)
    if form == "any":
        return True
    forms: dict[str, Any] = {"string": str, "number": (int, float), "integer": int}
    wanted = forms[form]
    return isinstance(value, wanted) and not isinstance(value, bool)
