"""State that the cached fields of one application share in one process."""

from collections.abc import Collection
from dataclasses import dataclass, field

from fraiseql.caching.results.background import BackgroundWrites
from fraiseql.caching.results.coalescing import RequestCoalescer
from fraiseql.caching.results.memory import Memory
from fraiseql.caching.results.metrics import Metrics
from fraiseql.caching.results.stores.request import CacheRequest
from fraiseql.results import CacheResult, Compute


@dataclass(frozen=True, slots=True)
class CacheRuntime:
    """Shared state of one process.

    Attributes:
        metrics: Counters.
        max_wait: Seconds after which a request stops waiting for another and computes.
        max_entry_bytes: Bytes above which a value is not stored.
        coalescer: Keys that are looked up or computed now.
        memory: Values that may be used without asking a store.
        background: Pending writes.
        recomputing: Keys that are recomputed before they expire.
    """

    metrics: Metrics
    max_wait: float
    max_entry_bytes: int
    coalescer: RequestCoalescer[CacheResult] = field(default_factory=RequestCoalescer)
    memory: Memory = field(default_factory=Memory)
    background: BackgroundWrites = field(default_factory=BackgroundWrites)
    recomputing: set[bytes] = field(default_factory=set)

    def from_memory(
        self, query: str, key: bytes, stale: float, etags: Collection[str]
    ) -> CacheResult | None:
        """Return a hit from memory, counted; None for a miss.

        Args:
            query: Name for statistics.
            key: Key of the value.
            stale: Seconds that it may be behind.
            etags: Digests of values that the client has.
        """
        hit = self.memory.get(key, stale)
        if hit is None:
            return None
        self.metrics.answered(query, key, hit, len(hit.value or b""))
        return hit.for_client(etags)

    def remember(self, request: CacheRequest, result: CacheResult, at: float) -> None:
        """Remember a result that equalled the live answer at ``at``, where it may be stale."""
        # Without a change log, labels may invalidate a value, which memory would not notice.
        if not request.stale or request.freshness is not None or request.timed:
            return
        if result.value is not None and not result.lag_seconds:
            self.memory.put(request.key, result, at)

    async def compute_uncached(self, query: str, compute: Compute, detail: str) -> CacheResult:
        """Compute an answer that is neither stored nor shared."""
        computed = await compute()
        source = computed.source_seconds
        result = CacheResult("bypass", computed=computed, detail=detail, source_seconds=source)
        self.metrics.answered(query, b"", result, len(computed.value or b""))
        return result

    def deliver(
        self,
        request: CacheRequest,
        shared: CacheResult,
        etags: Collection[str],
        *,
        collapsed: bool,
    ) -> CacheResult:
        """Count a result, and return it for a client that has the values with these digests."""
        result = shared.for_client(etags, collapsed=collapsed)
        self.metrics.answered(request.query, request.key, result, len(shared.value or b""))
        return result
