"""Durations in declarations, such as ``5m`` or ``30 days``."""

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
    """Return the seconds of a duration: ``5m``, ``1h 30m``, ``30 days``.

    Args:
        text: Numbers, each with its unit, from milliseconds to weeks.
        of: The option, for the error.

    Raises:
        DeclarationError: It is not a duration above zero.
    """
    total, place = 0.0, 0
    lowered = text.lower()
    while match := _PART.match(lowered, place):
        if match[2] not in _SECONDS:
            break
        total += float(match[1]) * _SECONDS[match[2]]
        place = match.end()
    if place < len(lowered) or total <= 0:
        raise DeclarationError(
            f"{of}={text!r} is no length of time.",
            hint='Write numbers with units: "30s", "5m", "1h 30m", "2 days".',
        )
    return total
