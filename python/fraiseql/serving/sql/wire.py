"""Wire types: the few PostgreSQL types that parameters are sent as, and how values get there."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal, InvalidOperation
from typing import Any, Final
from uuid import UUID

from fraiseql.catalog import Column
from fraiseql.errors import InputError
from fraiseql.serving.planning.fields import Access
from fraiseql.serving.planning.filters import plain

_INTEGERS: Final = frozenset({"int2", "int4", "int8"})
_FRACTIONS: Final = frozenset({"float4", "float8", "numeric"})
_SAME: Final = frozenset({"bool", "uuid", "timestamptz", "timestamp", "date", "time"})
TEXTS: Final = frozenset({"text", "varchar", "bpchar", "name"})
_INT8: Final = 1 << 63


@dataclass(frozen=True, slots=True)
class Slot:
    """One parameter of a statement.

    Attributes:
        source: A ``Ref`` into the request's values, or a constant.
        wire: Type that the parameter is sent as: ``int8``, ``text``, ``uuid`` …
        array: Whether it is a list of that type.
        pattern: How a text becomes a LIKE pattern: ``contains``, ``starts_with``, ``ends_with``.
        maximum: Largest value of a row count; None when it is not one.
        name: What the value is compared with, for messages.
    """

    source: Any
    wire: str
    array: bool = False
    pattern: str = ""
    maximum: int | None = None
    name: str = ""


def wire_type(access: Access) -> str:
    """Return the type that values compared with ``access`` are sent as."""
    return (
        _document_wire(access) if access.in_document else _column_wire(access.column, access.form)
    )


def _column_wire(column: Column, form: str) -> str:
    base = column.base_type
    if base in _INTEGERS:
        # A fraction compared with an integer column must not be cut off.
        return "numeric" if form in ("Float", "number") else "int8"
    if base in _FRACTIONS:
        return "float8" if base == "float8" else "numeric"
    return base if base in _SAME else "text"


_DOCUMENT_WIRES: Mapping[str, str] = {
    **dict.fromkeys(("Int", "Float", "number", "integer"), "numeric"),
    **dict.fromkeys(("Boolean", "boolean"), "bool"),
}
_DOCUMENT_SCALARS: Mapping[str, str] = {"DateTime": "timestamptz", "Date": "date", "Time": "time"}


def _document_wire(access: Access) -> str:
    return _DOCUMENT_SCALARS.get(access.type_name) or _DOCUMENT_WIRES.get(access.form, "text")


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


def _text(value: Any) -> str:
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


_CONVERTERS: Mapping[str, Callable[[Any], Any]] = {
    "int8": _int8,
    "numeric": _numeric,
    "float8": lambda value: float(_numeric(value)),
    "bool": _bool,
    "text": _text,
    "uuid": _uuid,
    "timestamptz": _instant,
    "timestamp": _local,
    "date": _date,
    "time": _time,
}


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def pattern_of(kind: str, text: str) -> str:
    """Return the LIKE pattern for a text that is meant literally."""
    before = "" if kind == "starts_with" else "%"
    after = "" if kind == "ends_with" else "%"
    return before + _escaped(text) + after


def converter(slot: Slot) -> Callable[[Any], Any]:
    """Return the function that turns a request's value into the parameter of ``slot``.

    The function raises ``InputError`` for a value that has not the form of its field.
    """
    one = _CONVERTERS[slot.wire]
    if slot.maximum is not None:
        return _row_count(slot.name, slot.maximum)
    if slot.pattern:
        return _worded(lambda value: pattern_of(slot.pattern, _text(plain(value))), slot)
    if slot.array:
        return _worded(lambda value: [one(plain(item)) for item in value], slot)
    return _worded(lambda value: one(plain(value)), slot)


def _worded(convert: Callable[[Any], Any], slot: Slot) -> Callable[[Any], Any]:
    def checked(value: Any) -> Any:
        try:
            return convert(value)
        except (ValueError, TypeError, InvalidOperation, OverflowError) as error:
            raise InputError(
                f"{value!r} cannot be compared with {slot.name}, which is {_WORDS[slot.wire]}."
            ) from error

    return checked


_WORDS: Mapping[str, str] = {
    "int8": "an integer",
    "numeric": "a number",
    "float8": "a number",
    "bool": "a boolean",
    "text": "text",
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
