"""Canonical JSON encoding of results."""

import json
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from fraiseql.database import Record
from fraiseql.errors import DocumentError

_ADVICE: Final = {
    Decimal: "Return str(value), which keeps every digit, or float(value).",
    bytes: "Return text, such as value.hex().",
    set: "Return sorted(value).",
    frozenset: "Return sorted(value).",
}
_DEFAULT_ADVICE: Final = (
    "Return dicts, lists, strings, numbers, booleans and None; datetimes, dates, times and UUIDs"
    " become text. A document that a Repository returned has only the selected fields."
)


def encoded(value: Any) -> bytes:
    """Return the JSON text of a value.

    Raises:
        DocumentError: It cannot be written as JSON.
    """
    try:
        text = json.dumps(
            value, ensure_ascii=False, allow_nan=False, separators=(",", ":"), default=_encode
        )
        return text.encode()
    except (ValueError, TypeError, RecursionError) as error:
        raise DocumentError(
            f"The result cannot be written as JSON: {error}.", hint=_DEFAULT_ADVICE
        ) from error


def decoded(text: bytes | None) -> Any:
    """Return the value of a JSON text; integers of any size stay exact."""
    return None if text is None else json.loads(text)


def _encode(value: Any) -> Any:
    if isinstance(value, Record):
        return dict(value)
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, UUID):
        return str(value)
    kind = type(value)
    raise DocumentError(
        f"The result contains a {kind.__name__}, which cannot be written as JSON.",
        hint=_ADVICE.get(kind, _DEFAULT_ADVICE),
    )
