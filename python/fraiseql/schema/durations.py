"""Intervals: lengths of time as declarations write them, such as ``5m`` or ``30 days``."""

import re
from typing import Final

from fraiseql.errors import DeclarationError

_PART: Final = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([a-z]+)\s*")
_SECONDS: Final = {
    **dict.fromkeys(("ms", "millisecond", "milliseconds"), 0.001),
    **dict.fromkeys(("s", "sec", "second", "seconds"), 1.0),
    **dict.fromkeys(("m", "min", "minute", "minutes"), 60.0),
    **dict.fromkeys(("h", "hour", "hours"), 3_600.0),
    **dict.fromkeys(("d", "day", "days"), 86_400.0),
    **dict.fromkeys(("w", "week", "weeks"), 604_800.0),
}


def seconds_of(text: str, *, of: str) -> float:
    """Return how many seconds ``text`` is: ``5m``, ``1h 30m``, ``30 days``.

    Args:
        text: Numbers, each with its unit, from milliseconds to weeks.
        of: What is declared with it, for the error.

    Raises:
        DeclarationError: It is no length of time above zero.
    """
    found, place = 0.0, 0
    lowered = text.lower()
    while match := _PART.match(lowered, place):
        if match[2] not in _SECONDS:
            break
        found += float(match[1]) * _SECONDS[match[2]]
        place = match.end()
    if place < len(lowered) or found <= 0:
        raise DeclarationError(
            f"{of}={text!r} is no length of time.",
            hint='Write numbers with units: "30s", "5m", "1h 30m", "2 days".',
        )
    return found
