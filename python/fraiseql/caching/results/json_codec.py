"""Plain: values as JSON has them, so that what is kept is equal to what was computed."""

import json
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from fraiseql.database import Record
from fraiseql.errors import DocumentError

_INSTEAD: Final = {
    Decimal: "Give str(value), which keeps every digit, or float(value).",
    bytes: "Give a text of it, such as value.hex().",
    set: "Give sorted(value).",
    frozenset: "Give sorted(value).",
}
_USUAL: Final = (
    "Give dicts, lists, texts, numbers, booleans and None; instants, dates, times and UUIDs become"
    " text. A document that a Repository returned holds only what its request selected."
)


def encoded(value: Any) -> bytes:
    """Return the JSON text of a value.

    Raises:
        DocumentError: JSON cannot hold it.
    """
    try:
        text = json.dumps(
            value, ensure_ascii=False, allow_nan=False, separators=(",", ":"), default=_plain
        )
        return text.encode()
    except (ValueError, TypeError, RecursionError) as error:
        raise DocumentError(
            f"What is to be kept is nothing that JSON can hold: {error}.", hint=_USUAL
        ) from error


def decoded(text: bytes | None) -> Any:
    """Return the value of a JSON text, whole numbers of any size included."""
    return None if text is None else json.loads(text)


def _plain(value: Any) -> Any:
    if isinstance(value, Record):
        return dict(value)
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, UUID):
        return str(value)
    kind = type(value)
    raise DocumentError(
        f"What is to be kept holds a {kind.__name__}, which JSON cannot hold.",
        hint=_INSTEAD.get(kind, _USUAL),
    )
