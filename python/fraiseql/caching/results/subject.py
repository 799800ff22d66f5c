"""Subject: what one request asks of a store, all told."""

from collections.abc import Callable
from dataclasses import dataclass
from random import random
from typing import Final

from fraiseql.caching.results.resting import Rest
from fraiseql.caching.results.store import Found, Lookup
from fraiseql.sources import Freshness

_SPREAD: Final = 0.2
"""Part of a declared life by which lives differ, so that not all end together; the declared life is
the longest one, and nine tenths of it the usual one."""


# One is made for every request: a frozen one takes three times as long to make.
@dataclass(slots=True, eq=False)
class Subject:
    """One key, and under which conditions its value may be given.

    Attributes:
        key: 32 bytes.
        query: Name for the figures.
        lookup: What a store is asked.
        tags: Returns the tags of an entry.
        ttl: Longest life of an entry in seconds; None for no end.
        stale: Seconds that a value may be behind; 0.0 for none.
        timed: Whether nothing but the time since it was computed tells how far it may be behind.
        rest: Pauses between attempts after failures that concern this question only.
        freshness: Of the source, where that may be stale.
        outdated: Told that the definitions are not those of ``lookup`` any more.
    """

    key: bytes
    query: str
    lookup: Lookup
    tags: Callable[[], tuple[str, ...]]
    ttl: float | None
    stale: float
    timed: bool
    rest: Rest
    freshness: Freshness | None
    outdated: Callable[[], None]

    def life(self) -> float | None:
        """Return the seconds that a new entry lives."""
        return None if self.ttl is None else self.ttl * (1.0 - _SPREAD * random())  # noqa: S311

    def behind(self, found: Found) -> float:
        """Return the seconds that a hit may be behind."""
        return found.made if self.timed else found.seconds

    def gives(self, found: Found) -> bool:
        """Whether what was found may be given."""
        return found.reason == "hit" and self.behind(found) <= self.stale

    def source_serves(self, found: Found) -> bool:
        """Whether the source is fresh enough to be read in place of the live one."""
        if self.freshness is None or self.freshness.when_stale == "serve":
            return True
        age, bound = found.source_seconds, self.freshness.bound
        return age is not None and (bound is None or age <= bound)

    def fills(self, found: Found) -> bool:
        """Whether what is computed after a look-up may be kept."""
        wanted = self.lookup.dependencies
        return found.snapshot is not None and found.shape == wanted.shape and wanted.traced
