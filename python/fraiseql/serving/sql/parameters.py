"""Wire: the parameters of a statement, and the way from a request's values to them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import InvalidOperation
from typing import Any

from fraiseql.errors import InputError
from fraiseql.values import CONVERTERS, as_parameter, neighbour, plain, text_value


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of a statement.

    Attributes:
        source: A ``Ref`` into the request's values, or a constant.
        wire: Type that the parameter is sent as: ``int8``, ``text``, ``uuid`` …
        array: Whether it is a list of that type.
        pattern: How a text becomes a LIKE pattern: ``contains``, ``starts_with``, ``ends_with``.
        maximum: Largest value of a row count; None when it is not one.
        side: Which neighbour of a double is sent in its place: ``below`` or ``above``.
        name: What the value is compared with, for messages.
    """

    source: Any
    wire: str
    array: bool = False
    pattern: str = ""
    maximum: int | None = None
    side: str = ""
    name: str = ""


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def pattern_of(kind: str, text: str) -> str:
    """Return the LIKE pattern for a text that is meant literally."""
    before = "" if kind == "starts_with" else "%"
    after = "" if kind == "ends_with" else "%"
    return before + _escaped(text) + after


def converter(parameter: Parameter) -> Callable[[Any], Any]:
    """Return the function that turns a request's value into the parameter of ``parameter``.

    The function raises ``InputError`` for a value that has not the form of its field.
    """
    wire = parameter.wire
    if parameter.maximum is not None:
        return _row_count(parameter.name, parameter.maximum)
    if parameter.side:
        return _worded(lambda value: neighbour(value, parameter.side), parameter)
    if parameter.pattern:
        return _worded(
            lambda value: pattern_of(parameter.pattern, text_value(plain(value))), parameter
        )
    if parameter.array:
        return _worded(lambda value: [as_parameter(wire, plain(item)) for item in value], parameter)
    return _worded(lambda value: as_parameter(wire, plain(value)), parameter)


def comparable(parameter: Parameter) -> Callable[[Any], Any]:
    """Return the function that turns a request's value into one that Python compares alike.

    The function raises ``InputError`` for a value that has not the form of its field.
    """
    convert = CONVERTERS[parameter.wire]
    return _worded(lambda value: convert(plain(value)), parameter)


def _worded(convert: Callable[[Any], Any], parameter: Parameter) -> Callable[[Any], Any]:
    def checked(value: Any) -> Any:
        try:
            return convert(value)
        except (ValueError, TypeError, InvalidOperation, OverflowError) as error:
            raise InputError(
                f"{_shown(value)} cannot be compared with {parameter.name},"
                f" which is {_WORDS[parameter.wire]}."
            ) from error

    return checked


def _shown(value: Any) -> str:
    """Return a value as a client wrote it, cut off where it is long."""
    bare = plain(value)
    text = repr(bare) if isinstance(bare, str | list | dict) else str(bare)
    return text if len(text) <= _MOST_SHOWN else text[:_MOST_SHOWN] + "…"


_MOST_SHOWN = 80

_WORDS: Mapping[str, str] = {
    "int8": "an integer",
    "numeric": "a number",
    "float8": "a number",
    "float4": "a number",
    "bool": "a boolean",
    "text": "text",
    "column": "text",
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
