"""Top: the keys with the most hits, in a number of them that is fixed."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

CAPACITY: Final = 1_000


@dataclass(frozen=True, slots=True)
class Hits:
    """Hits of one key.

    Attributes:
        key: 32 bytes.
        query: Name of the query.
        hits: How many there were for certain: exact as long as there were no more than
            ``CAPACITY`` keys, otherwise those since the key was last let in.
    """

    key: bytes
    query: str
    hits: int


class Top:
    """Counts hits by key, and forgets the lesser half of the keys when there is no room.

    A key that is let in after that counts from the largest number that was forgotten, so that it
    is not forgotten first: a key with more than ``2 / capacity`` of all hits is always there.

    Args:
        capacity: Most keys.
    """

    __slots__ = ("_capacity", "_credits", "_floor", "_hits", "_queries")

    def __init__(self, capacity: int = CAPACITY) -> None:
        self._capacity = capacity
        self._hits: dict[bytes, int] = {}
        self._credits: dict[bytes, int] = {}
        self._queries: dict[bytes, str] = {}
        self._floor = 0

    def __len__(self) -> int:
        """Return how many keys are known."""
        return len(self._hits)

    def __iter__(self) -> Iterator[Hits]:
        """Give every key that is known."""
        for key, counted in self._hits.items():
            yield Hits(key, self._queries[key], counted - self._credits.get(key, 0))

    def hit(self, key: bytes, query: str) -> None:
        """Count one hit."""
        hits = self._hits
        counted = hits.get(key)
        if counted is None:
            self._enter(key, query)
        else:
            hits[key] = counted + 1

    def most(self, count: int) -> list[Hits]:
        """Return the keys with the most hits, the first one first."""
        return sorted(self, key=lambda one: (-one.hits, one.key))[:count]

    def _enter(self, key: bytes, query: str) -> None:
        if len(self._hits) >= self._capacity:
            self._forget()
        self._hits[key] = self._floor + 1
        self._queries[key] = query
        if self._floor:
            self._credits[key] = self._floor

    def _forget(self) -> None:
        ordered = sorted(self._hits, key=self._hits.__getitem__)
        gone = ordered[: (len(ordered) + 1) // 2]
        self._floor = self._hits[gone[-1]]
        for key in gone:
            del self._hits[key], self._queries[key]
            self._credits.pop(key, None)
