"""A mapping of bounded size and weight, with LRU eviction."""

from collections import OrderedDict
from collections.abc import Hashable
from typing import Final, Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

_DIVISOR: Final = 10
"""Entries above a tenth of the maximum weight are not stored: they would evict too many."""


class Bounded(Generic[K, V]):
    """Stores entries up to a number and a weight.

    Args:
        max_entries: Maximum entries.
        max_weight: Maximum weight of all entries; the default weight of an entry is 0.

    Attributes:
        weight: Weight of all entries.
    """

    __slots__ = ("_entries", "_max_entries", "_max_weight", "weight")

    def __init__(self, max_entries: int, max_weight: int = 0) -> None:
        self._entries: OrderedDict[K, tuple[V, int]] = OrderedDict()
        self._max_entries = max_entries
        self._max_weight = max_weight
        self.weight = 0

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, key: K) -> V | None:
        """Return an entry, now the most recently used, or None."""
        entry = self._entries.get(key)
        if entry is None:
            return None
        self._entries.move_to_end(key)
        return entry[0]

    def takes(self, weight: int) -> bool:
        """Return whether an entry of this weight can be stored."""
        return weight * _DIVISOR <= self._max_weight or weight == 0

    def put(self, key: K, value: V, weight: int = 0) -> V:
        """Store ``value`` under ``key`` unless it is too heavy, and return it."""
        self.remove(key)
        if not self.takes(weight):
            return value
        self._entries[key] = (value, weight)
        self.weight += weight
        while len(self._entries) > self._max_entries or self.weight > self._max_weight:
            _, (_, dropped) = self._entries.popitem(last=False)
            self.weight -= dropped
        return value

    def remove(self, key: K) -> None:
        """Remove an entry, if it exists."""
        removed = self._entries.pop(key, None)
        if removed is not None:
            self.weight -= removed[1]
