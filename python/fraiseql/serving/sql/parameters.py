"""Parameters of statements, and conversion of a request's values to them."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import InvalidOperation
from typing import Any, Final

from fraiseql.errors import InputError
from fraiseql.serving.planning.cursors import CursorReader
from fraiseql.sql_names import ty
from fraiseql.values import CONVERTERS, as_parameter, neighbour, plain, text_value


@dataclass(frozen=True, slots=True)
class CursorPart:
    """A value in a cursor.

    Attributes:
        reader: Reads the cursor.
        place: Number of the value.
    """

    reader: CursorReader
    place: int

    def value(self, text: Any) -> str | None:
        """Return the value as text.

        Raises:
            InputError: The text is no cursor of the order.
        """
        return self.reader.value(text, self.place)


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of a statement.

    Attributes:
        source: A ``ValueRef`` into the request's values, or a constant.
        wire: Type that the parameter is sent as: ``int8``, ``text``, ``uuid`` …
        array: Whether it is a list of that type.
        pattern: How a text becomes a LIKE pattern: ``contains``, ``starts_with``, ``ends_with``.
        maximum: Largest value of a row count; None for other parameters.
        side: The neighbour of a double that is sent instead: ``below`` or ``above``.
        name: The name of the compared field, for messages.
        cursor: The part of a cursor that is sent instead of the text.
        parsed: Whether PostgreSQL parses the text by a grammar, with a syntax error for others.
    """

    source: Any
    wire: str
    array: bool = False
    pattern: str = ""
    maximum: int | None = None
    side: str = ""
    name: str = ""
    cursor: CursorPart | None = None
    parsed: bool = False


_PLACEHOLDER: Final = re.compile(r"\$([0-9]+)::")

_OWN_TYPES: Final = frozenset({"int8", "numeric", "float8", "bool", "uuid"})
"""Types that are sent as they are; others are sent as text, and cast."""


def with_unused(text: str, parameters: Sequence[Parameter]) -> str:
    """Return a query that has a place for all parameters, so that their values are checked.

    A page of which no row is selected has no use for its filter, limit and cursors.
    """
    used = {int(number) for number in _PLACEHOLDER.findall(text)}
    unused = [
        f"${number}::{sent_type(parameter)} IS NULL"
        for number, parameter in enumerate(parameters, 1)
        if number not in used
    ]
    if not unused:
        return text
    return f"SELECT q.* FROM ({text}) AS q WHERE true OR ({' OR '.join(unused)})"  # noqa: S608


def sent_type(parameter: Parameter) -> str:
    """Return the type that a parameter is sent as."""
    wire = "float8" if parameter.wire == "float4" else parameter.wire
    plain = wire in _OWN_TYPES and not parameter.pattern
    return ty(wire if plain else "text") + ("[]" if parameter.array else "")


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def pattern_of(kind: str, text: str) -> str:
    """Return the LIKE pattern that matches a text literally."""
    before, after = pattern_ends(kind)
    return before + _escaped(text) + after


def pattern_ends(kind: str) -> tuple[str, str]:
    """Return the texts before and after the literal text of a pattern."""
    return "" if kind == "starts_with" else "%", "" if kind == "ends_with" else "%"


def converter(parameter: Parameter) -> Callable[[Any], Any]:
    """Return the function that converts a request's value to a parameter.

    The function raises ``InputError`` for a value that does not fit the field.
    """
    wire = parameter.wire
    if parameter.cursor is not None:
        return parameter.cursor.value
    if parameter.maximum is not None:
        return _row_count(parameter.name, parameter.maximum)
    if parameter.side:
        return _with_message(lambda value: neighbour(value, parameter.side), parameter)
    if parameter.pattern:
        return _with_message(
            lambda value: pattern_of(parameter.pattern, text_value(plain(value))), parameter
        )
    if parameter.array:
        return _with_message(
            lambda value: [as_parameter(wire, plain(item)) for item in value], parameter
        )
    return _with_message(lambda value: as_parameter(wire, plain(value)), parameter)


def comparable(parameter: Parameter) -> Callable[[Any], Any]:
    """Return the function that converts a request's value to one that Python can compare.

    The function raises ``InputError`` for a value that does not fit the field.
    """
    if parameter.cursor is not None:
        return parameter.cursor.value
    convert = CONVERTERS[parameter.wire]
    return _with_message(lambda value: convert(plain(value)), parameter)


def _with_message(convert: Callable[[Any], Any], parameter: Parameter) -> Callable[[Any], Any]:
    def checked(value: Any) -> Any:
        try:
            return convert(value)
        except (ValueError, TypeError, InvalidOperation, OverflowError) as error:
            raise InputError(
                f"{_shown(value)} cannot be compared with {parameter.name},"
                f" which is {_TYPE_NAMES[parameter.wire]}.",
                hint="Send a value of the type of the field.",
            ) from error

    return checked


def _shown(value: Any) -> str:
    """Return a value as the client wrote it, truncated when it is long."""
    bare = plain(value)
    text = repr(bare) if isinstance(bare, str | list | dict) else str(bare)
    return text if len(text) <= _MAX_SHOWN else text[:_MAX_SHOWN] + "…"


_MAX_SHOWN = 80

_TYPE_NAMES: Mapping[str, str] = {
    "int8": "an integer",
    "numeric": "a number",
    "float8": "a number",
    "float4": "a number",
    "bool": "a boolean",
    "text": "text",
    "column": "text",
    "json": "JSON",
    "uuid": "a UUID",
    "timestamptz": "an instant (ISO 8601)",
    "timestamp": "an instant (ISO 8601)",
    "date": "a date (YYYY-MM-DD)",
    "time": "a time (HH:MM:SS)",
}


def _row_count(name: str, maximum: int) -> Callable[[Any], int | None]:
    def checked(value: Any) -> int | None:
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= maximum:
            raise InputError(f"{name} must be a whole number from 0 to {maximum}, not {value!r}.")
        return value

    return checked
