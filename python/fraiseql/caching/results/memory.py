"""In-process cache of values that may be stale, bounded in bytes.

Only for fields declared with ``stale``: a value that was exact at one moment is behind by at most
the time since then.
"""

from collections import OrderedDict
from dataclasses import dataclass
from time import monotonic
from typing import Final

from fraiseql.results import CacheResult

_MAX_BYTES: Final = 16_777_216
_OVERHEAD: Final = 400
"""Bytes that an entry takes besides its value, about."""


@dataclass(frozen=True, slots=True)
class _Slot:
    """One result and its times, by the clock of the process.

    Attributes:
        result: The result, with a value.
        size: Bytes that it takes.
        at: When the value equalled the live answer.
        expires: When the entry ends; None for never.
    """

    result: CacheResult
    size: int
    at: float
    expires: float | None


class Memory:
    """Values of one process; the least recently used one goes first.

    Args:
        max_bytes: Bytes of all values.
    """

    __slots__ = ("_max_bytes", "_slots", "size")

    def __init__(self, max_bytes: int = _MAX_BYTES) -> None:
        self._slots: OrderedDict[bytes, _Slot] = OrderedDict()
        self._max_bytes = max_bytes
        self.size = 0

    def __len__(self) -> int:
        """Return the number of values."""
        return len(self._slots)

    def get(self, key: bytes, stale: float) -> CacheResult | None:
        """Return a hit that is at most ``stale`` seconds behind."""
        slot = self._slots.get(key)
        if slot is None:
            return None
        now = monotonic()
        lag = now - slot.at
        if lag > stale or (slot.expires is not None and now >= slot.expires):
            self.drop(key)
            return None
        self._slots.move_to_end(key)
        return CacheResult(
            "hit",
            slot.result.value,
            ttl=None if slot.expires is None else slot.expires - now,
            lag_seconds=lag,
            age_seconds=lag,
            cost_ms=slot.result.cost_ms,
            etag=slot.result.etag,
        )

    def put(self, key: bytes, result: CacheResult, at: float) -> None:
        """Remember a result, unless it would take an eighth of the room or more.

        Args:
            key: Key of the value.
            result: A result with a value.
            at: When the value equalled the live answer, by the clock of the process.
        """
        self.drop(key)
        size = len(result.value or b"") + _OVERHEAD
        if size * 8 > self._max_bytes:
            return
        expires = None if result.ttl is None else at + result.ttl
        self._slots[key] = _Slot(result, size, at, expires)
        self.size += size
        while self.size > self._max_bytes:
            self.drop(next(iter(self._slots)))

    def drop(self, key: bytes) -> None:
        """Remove a value, if it exists."""
        slot = self._slots.pop(key, None)
        if slot is not None:
            self.size -= slot.size
