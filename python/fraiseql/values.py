"""Values: the few PostgreSQL types that values are compared in, and how Python values get there."""

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time
from decimal import Decimal
from enum import Enum
from typing import Any, Final
from uuid import UUID

_INT8: Final = 1 << 63


def plain(value: Any) -> Any:
    """Return the value that a document holds for an enum member; anything else as it is."""
    return value.value if isinstance(value, Enum) else value


def as_wire(wire: str, value: Any) -> Any:
    """Return ``value`` as the driver takes it for a parameter of the type ``wire``.

    Args:
        wire: ``int8``, ``numeric``, ``float8``, ``bool``, ``text``, ``uuid``, ``timestamptz``,
            ``timestamp``, ``date`` or ``time``.
        value: What a request, or a declaration, holds.

    Raises:
        ValueError, TypeError, ArithmeticError: The value has not the form of that type.
    """
    return CONVERTERS[wire](value)


def _int8(value: Any) -> int:
    number = int(value)
    # Nothing is cut off: 1.5 is not 1, whatever kind of number it is.
    if isinstance(value, bool) or (number != value and not isinstance(value, str)):
        raise ValueError
    if not -_INT8 <= number < _INT8:
        raise ValueError
    return number


def _numeric(value: Any) -> Decimal:
    if isinstance(value, bool):
        raise ValueError  # noqa: TRY004
    # repr: 0.1 is meant as 0.1, not as the binary fraction next to it.
    number = Decimal(repr(value) if isinstance(value, float) else value)
    if not number.is_finite():
        raise ValueError
    return number


def _bool(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError  # noqa: TRY004 - one kind of failure, worded by the caller
    return value


def text_value(value: Any) -> str:
    """Return a value as the text that it is compared by.

    Raises:
        ValueError: It is none, or holds the character that no text of PostgreSQL can.
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


def _instant(value: Any) -> datetime:
    moment = datetime.fromisoformat(value) if isinstance(value, str) else value
    if not isinstance(moment, datetime):
        if not isinstance(moment, date):
            raise ValueError  # noqa: TRY004
        moment = datetime(moment.year, moment.month, moment.day, tzinfo=UTC)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _local(value: Any) -> datetime:
    # Columns without a zone hold UTC, as the session's TimeZone does.
    return _instant(value).astimezone(UTC).replace(tzinfo=None)


def _date(value: Any) -> date:
    if isinstance(value, datetime):
        return value.date()
    return date.fromisoformat(value) if isinstance(value, str) else _checked(value, date)


def _time(value: Any) -> time:
    return time.fromisoformat(value) if isinstance(value, str) else _checked(value, time)


def _uuid(value: Any) -> UUID:
    return UUID(value) if isinstance(value, str) else _checked(value, UUID)


def _checked(value: Any, kind: type[Any]) -> Any:
    if not isinstance(value, kind):
        raise ValueError  # noqa: TRY004
    return value


CONVERTERS: Final[Mapping[str, Callable[[Any], Any]]] = {
    "int8": _int8,
    "numeric": _numeric,
    "float8": lambda value: float(_numeric(value)),
    "bool": _bool,
    "text": text_value,
    "uuid": _uuid,
    "timestamptz": _instant,
    "timestamp": _local,
    "date": _date,
    "time": _time,
}
"""What turns a value into the driver's, by the type that it is sent as."""
