"""Values in the process's memory, bounded in bytes.

An exact value is returned after a check that nothing it depends on has changed. A value of a field
declared with ``stale`` needs no check while it is behind by less: a value that was exact at one
moment is behind by at most the time since then.
"""

from collections import OrderedDict
from dataclasses import dataclass
from time import monotonic
from typing import Final, Generic, TypeVar

from fraiseql.caching.results.metrics import MEMORY
from fraiseql.results import CacheResult
from fraiseql.settings import Settings

T = TypeVar("T")

MAX_BYTES: Final = 67_108_864
_OVERHEAD: Final = 400
"""Bytes that an entry takes besides its value, about."""

_COSTS_LEFT: Final = 10
"""Times of its computation before its end, an entry is left to early recomputation."""


@dataclass(frozen=True, slots=True)
class MemoryEntry(Generic[T]):
    """One result and its times, by the clock of the process.

    Attributes:
        result: The result, with a value.
        at: When the value equalled the live answer.
        tags: Tags of the change log that invalidate it.
        born: Number of the last freshness check that had finished before it was looked up or
            computed.
        relies_on: Definitions and privileges that it relies on; None for a value that may be stale.
    """

    result: CacheResult
    at: float
    tags: tuple[str, ...] = ()
    born: int = 0
    relies_on: T | None = None

    @property
    def size(self) -> int:
        """Bytes that it takes, about."""
        return len(self.result.value or b"") + _OVERHEAD

    def hit(self, now: float, *, exact: bool) -> CacheResult | None:
        """Return the hit; None after its end, or where it may be due for early recomputation.

        Args:
            now: Time, by the clock of the process.
            exact: Whether the value was checked: then it is not behind.
        """
        result = self.result
        since = now - self.at
        left = None if result.ttl is None else result.ttl - since
        if left is not None and left <= (result.cost_ms * _COSTS_LEFT / 1_000 if exact else 0.0):
            return None
        return CacheResult(
            "hit",
            result.value,
            detail=MEMORY,
            ttl=left,
            lag_seconds=0.0 if exact else since,
            age_seconds=result.age_seconds + since,
            cost_ms=result.cost_ms,
            etag=result.etag,
        )


@dataclass(slots=True, eq=False)
class RememberedValue(Generic[T]):
    """An exact value for one request, before its freshness check.

    Attributes:
        query: Name for statistics.
        key: Key of the value.
        entry: The entry in memory.
        definitions: Definitions and privileges that it relies on.
        of_request: Whether its key has a part of the request itself, such as a header.
    """

    query: str
    key: bytes
    entry: MemoryEntry[T]
    definitions: T
    of_request: bool = False

    @property
    def etag(self) -> str:
        """Digest of the value; empty where it is unknown."""
        return self.entry.result.etag


def memory_bytes(settings: Settings, *, shared: bool) -> int:
    """Return the most bytes of the values in memory.

    Args:
        settings: Uses ``memory_max_bytes``.
        shared: Whether the native server has a memory too: then each has half.
    """
    return settings.memory_max_bytes // 2 if shared else settings.memory_max_bytes


class Memory(Generic[T]):
    """Values of one process; the least recently used one goes first.

    Args:
        max_bytes: Bytes of all values; 0 for no values.
    """

    __slots__ = ("_entries", "max_bytes", "size")

    def __init__(self, max_bytes: int = MAX_BYTES) -> None:
        self._entries: OrderedDict[bytes, MemoryEntry[T]] = OrderedDict()
        self.max_bytes = max_bytes
        self.size = 0

    def __len__(self) -> int:
        """Return the number of values."""
        return len(self._entries)

    def get(self, key: bytes, stale: float) -> CacheResult | None:
        """Return a hit that is at most ``stale`` seconds behind, without a check."""
        entry = self._entries.get(key)
        if entry is None:
            return None
        now = monotonic()
        hit = None if now - entry.at > stale else entry.hit(now, exact=False)
        if hit is None:
            self.drop(key)
        else:
            self._entries.move_to_end(key)
        return hit

    def find(self, key: bytes) -> MemoryEntry[T] | None:
        """Return an entry that has to be checked, or None."""
        entry = self._entries.get(key)
        if entry is not None:
            self._entries.move_to_end(key)
        return entry

    def put(self, key: bytes, entry: MemoryEntry[T]) -> None:
        """Remember an entry, unless it would take an eighth of the room or more."""
        self.drop(key)
        size = entry.size
        if size * 8 > self.max_bytes:
            return
        self._entries[key] = entry
        self.size += size
        while self.size > self.max_bytes:
            self.drop(next(iter(self._entries)))

    def clear(self) -> None:
        """Remove all values."""
        self._entries.clear()
        self.size = 0

    def drop(self, key: bytes) -> None:
        """Remove a value, if it exists."""
        entry = self._entries.pop(key, None)
        if entry is not None:
            self.size -= entry.size
