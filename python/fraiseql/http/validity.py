"""How long the identity of a request may be used again."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil, isfinite
from typing import Any, Final

FOREVER: Final = 2**53


@dataclass(frozen=True, slots=True)
class Validity:
    """When an identity is the one that would be found again for the same headers.

    Attributes:
        start: The first second since 1970.
        end: The second since 1970 before which it ends.
        seconds: Seconds from now on after which it has to be found again; None for no such limit.
    """

    start: int = 0
    end: int = FOREVER
    seconds: float | None = None


def window_of(claims: Mapping[str, Any], leeway: float) -> tuple[int, int]:
    """Return the seconds in which the times of a token are valid, the second one exclusive.

    Args:
        claims: The claims, with ``exp``, ``nbf`` and ``iat`` as numbers where they exist.
        leeway: Seconds by which clocks may differ.
    """
    starts = [_ceil(claims[name]) - leeway for name in ("nbf", "iat") if name in claims]
    end = _ceil(claims["exp"]) + leeway if "exp" in claims else FOREVER
    # Clocks are read in whole seconds, and a fraction of one more is not valid.
    return max(0, *map(_ceil, starts), 0), max(0, min(FOREVER, int(end)))


def is_time(value: object) -> bool:
    """Return whether a claim is a time."""
    if isinstance(value, bool):
        return False
    return isinstance(value, int) or (isinstance(value, float) and isfinite(value))


def _ceil(value: float) -> int:
    return min(FOREVER, max(-FOREVER, ceil(value)))
