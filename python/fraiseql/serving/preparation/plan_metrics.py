"""Metrics of cached plans."""

from collections.abc import Iterator
from typing import Final

from fraiseql.exposition import head

_HEAD: Final = "fraiseql_plan_cache"


class PlanCounts:
    """Uses of cached plans in one process.

    Attributes:
        hits: Requests with a cached plan.
        misses: Requests that were planned.
    """

    __slots__ = ("hits", "misses")

    def __init__(self) -> None:
        self.hits = self.misses = 0

    def lines(self, entries: int) -> Iterator[str]:
        """Yield the lines of ``/metrics``.

        Args:
            entries: Cached plans.
        """
        yield from head(f"{_HEAD}_hits_total", "Requests with a cached plan", "counter")
        yield f"{_HEAD}_hits_total {self.hits}"
        yield from head(f"{_HEAD}_misses_total", "Requests that were planned", "counter")
        yield f"{_HEAD}_misses_total {self.misses}"
        yield from head(f"{_HEAD}_entries", "Cached plans", "gauge")
        yield f"{_HEAD}_entries {entries}"
