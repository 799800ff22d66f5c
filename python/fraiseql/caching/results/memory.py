"""Memory: values that may be given again for a while without asking, bounded in bytes.

Only of what is declared with ``stale``: for a value that was exact at one moment, the time since
then is the most that it can be behind.
"""

from collections import OrderedDict
from dataclasses import dataclass
from time import monotonic
from typing import Final

_MOST_BYTES: Final = 16_777_216
_OVERHEAD: Final = 400
"""Bytes that an entry takes besides its value, about."""


@dataclass(frozen=True, slots=True)
class Remembered:
    """A value that is kept in the process.

    Attributes:
        value: JSON text.
        etag: Its digest.
        at: When the value equalled the live answer, by the clock of the process.
        until: When its life is over; None for no end.
        cost: Milliseconds that computing took.
    """

    value: bytes
    etag: bytes
    at: float
    until: float | None
    cost: float


class Memory:
    """The values of one process, the least recently used one given up first.

    Args:
        most: Bytes that all of them take at most.
    """

    __slots__ = ("_kept", "_most", "size")

    def __init__(self, most: int = _MOST_BYTES) -> None:
        self._kept: OrderedDict[bytes, Remembered] = OrderedDict()
        self._most = most
        self.size = 0

    def __len__(self) -> int:
        """Return how many values there are."""
        return len(self._kept)

    def get(self, key: bytes, stale: float) -> tuple[Remembered, float] | None:
        """Return a value that is behind by ``stale`` seconds at most, and by how many.

        Args:
            key: Of the value.
            stale: Seconds.
        """
        found = self._kept.get(key)
        if found is None:
            return None
        now = monotonic()
        if now - found.at > stale or (found.until is not None and now >= found.until):
            self.drop(key)
            return None
        self._kept.move_to_end(key)
        return found, now - found.at

    def put(self, key: bytes, value: Remembered) -> None:
        """Keep a value, unless it alone would take an eighth of the room or more."""
        self.drop(key)
        size = len(value.value) + _OVERHEAD
        if size * 8 > self._most:
            return
        self._kept[key] = value
        self.size += size
        while self.size > self._most:
            self.drop(next(iter(self._kept)))

    def drop(self, key: bytes) -> None:
        """Give up a value, if it is there."""
        gone = self._kept.pop(key, None)
        if gone is not None:
            self.size -= len(gone.value) + _OVERHEAD
