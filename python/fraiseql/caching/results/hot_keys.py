"""Keys with the most hits, counted in bounded space."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

CAPACITY: Final = 1_000


@dataclass(frozen=True, slots=True)
class KeyHits:
    """Hits of one key.

    Attributes:
        key: 32 bytes.
        query: Name of the query.
        hits: Least number of hits: exact as long as there were no more than ``CAPACITY`` keys,
            otherwise the hits since the key was last admitted.
    """

    key: bytes
    query: str
    hits: int


class HotKeys:
    """Counts hits by key; when it is full, the half with fewer hits is dropped.

    A key that is admitted later starts from the largest count that was dropped, so that it is not
    the next to go: a key with more than ``2 / capacity`` of all hits is always counted.

    Args:
        capacity: Most keys.
    """

    __slots__ = ("_capacity", "_counts", "_credits", "_dropped", "_queries")

    def __init__(self, capacity: int = CAPACITY) -> None:
        self._capacity = capacity
        self._counts: dict[bytes, int] = {}
        self._credits: dict[bytes, int] = {}
        self._queries: dict[bytes, str] = {}
        self._dropped = 0

    def __len__(self) -> int:
        """Return the number of keys."""
        return len(self._counts)

    def __iter__(self) -> Iterator[KeyHits]:
        """Yield every key."""
        for key, count in self._counts.items():
            yield KeyHits(key, self._queries[key], count - self._credits.get(key, 0))

    def hit(self, key: bytes, query: str, hits: int = 1) -> None:
        """Count one hit, or several."""
        counts = self._counts
        count = counts.get(key)
        if count is None:
            self._admit(key, query, hits)
        else:
            counts[key] = count + hits

    def most(self, count: int) -> list[KeyHits]:
        """Return the keys with the most hits, in that order."""
        return sorted(self, key=lambda hits: (-hits.hits, hits.key))[:count]

    def _admit(self, key: bytes, query: str, hits: int) -> None:
        if len(self._counts) >= self._capacity:
            self._drop_half()
        self._counts[key] = self._dropped + hits
        self._queries[key] = query
        if self._dropped:
            self._credits[key] = self._dropped

    def _drop_half(self) -> None:
        ordered = sorted(self._counts, key=self._counts.__getitem__)
        dropped = ordered[: (len(ordered) + 1) // 2]
        self._dropped = self._counts[dropped[-1]]
        for key in dropped:
            del self._counts[key], self._queries[key]
            self._credits.pop(key, None)
