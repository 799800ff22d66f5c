"""State that the cached fields of one application share in one process."""

from collections.abc import (
    Awaitable,
    Callable,
    Collection,
    Iterator,
    MutableMapping,
    Sequence,
)
from dataclasses import dataclass, field
from time import monotonic
from weakref import WeakValueDictionary

from fraiseql.caching.results.background import BackgroundWrites
from fraiseql.caching.results.checks import FreshnessChecks
from fraiseql.caching.results.coalescing import RequestCoalescer
from fraiseql.caching.results.memory import Memory, MemoryEntry, RememberedValue
from fraiseql.caching.results.metrics import Metrics, process_lines
from fraiseql.caching.results.namespace import CacheNamespace
from fraiseql.caching.results.stores.base import Lookup, LookupResult
from fraiseql.caching.results.stores.definitions_check import DefinitionsCheck, are_same, join_all
from fraiseql.caching.results.stores.request import CacheRequest
from fraiseql.database import Pool
from fraiseql.results import CacheResult, Compute


@dataclass(frozen=True, slots=True)
class CacheRuntime:
    """Shared state of one process.

    Attributes:
        metrics: Counters.
        max_wait: Seconds after which a request stops waiting for another and computes.
        max_entry_bytes: Bytes above which a value is not stored.
        memory: Values that may be used without asking a store.
        checks: Freshness checks of exact values in memory.
        open_pool: Returns the caches' own connections.
        coalescer: Keys that are looked up or computed now.
        background: Pending writes.
        recomputing: Keys that are recomputed before they expire.
        definitions: Checks of the definitions behind values, by all that they compare.
    """

    metrics: Metrics
    max_wait: float
    max_entry_bytes: int
    memory: Memory[DefinitionsCheck]
    checks: FreshnessChecks
    open_pool: Callable[[], Awaitable[Pool]]
    coalescer: RequestCoalescer[CacheResult] = field(default_factory=RequestCoalescer)
    background: BackgroundWrites = field(default_factory=BackgroundWrites)
    recomputing: set[bytes] = field(default_factory=set)
    definitions: MutableMapping[tuple[object, ...], DefinitionsCheck] = field(
        default_factory=WeakValueDictionary
    )

    def definitions_check(
        self, lookup: Lookup, roles_digest: int, namespace: CacheNamespace, *, sessions: bool
    ) -> DefinitionsCheck:
        """Return the check of definitions; fields of several operations share an equal one.

        Otherwise each of them would drop the other's values from memory.

        Args:
            lookup: Dependencies and roles, as a look-up has them.
            roles_digest: Digest of those roles when they were loaded.
            namespace: Database, role and settings that keys were built for.
            sessions: Whether values may depend on variables of an application.
        """
        compared = (lookup, roles_digest, namespace.key(sessions=sessions), sessions)
        check = self.definitions.get(compared)
        if check is None:
            check = DefinitionsCheck(
                lookup, roles_digest, namespace, self.checks, self.open_pool, sessions=sessions
            )
            self.definitions[compared] = check
        return check

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

    def lines(self, native: tuple[int, int, int, int] = (0, 0, 0, 0)) -> Iterator[str]:
        """Yield the lines of ``/metrics`` about memory, in the text format of Prometheus.

        Args:
            native: Figures of the native server; see ``NativeHits.totals``.
        """
        checks, memory = self.checks, self.memory
        responses, size, more_checks, more_checked = native
        yield from process_lines(
            {
                "checks_total": ("Freshness checks of memory", checks.checks + more_checks),
                "checked_total": (
                    "Requests that waited for a freshness check",
                    checks.checked + more_checked,
                ),
                "memory_entries": ("Values in memory", len(memory) + responses),
                "memory_bytes": ("Bytes of the values in memory, about", memory.size + size),
            }
        )

    def remembered(
        self, query: str, key: bytes, definitions: DefinitionsCheck
    ) -> RememberedValue[DefinitionsCheck] | None:
        """Return an exact value in memory, to be confirmed; None for none.

        Args:
            query: Name for statistics.
            key: Key of the value.
            definitions: Check of the definitions and privileges behind the value.
        """
        entry = self.memory.find(key)
        if entry is None or entry.relies_on is not definitions or self.checks.origin is None:
            return None
        return RememberedValue(query, key, entry, definitions)

    async def confirm(
        self, values: Sequence[RememberedValue[DefinitionsCheck]]
    ) -> list[CacheResult] | None:
        """Return the hits of values of one request, counted, after one freshness check.

        None where any of them may have changed.
        """
        checks = self.checks
        # Where each check sees a commit, both are needed: they are sent side by side.
        sent = join_all(_doubtful(values)) if checks.busy else {}
        if not await checks.join(len(values)):
            return None
        needed = _doubtful(values)
        if needed and not await are_same(needed, sent):
            return None
        now, hits = monotonic(), []
        for value in values:
            entry = value.entry
            hit = entry.hit(now, exact=True)
            if hit is None or not checks.admits(entry.tags, entry.born):
                self.memory.drop(value.key)
                return None
            hits.append(hit)
        answered = self.metrics.answered
        for value, hit in zip(values, hits, strict=True):
            answered(value.query, value.key, hit, len(hit.value or b""))
        return hits

    def remember(
        self,
        request: CacheRequest,
        result: CacheResult,
        at: float,
        lookup: LookupResult,
        born: int | None,
    ) -> None:
        """Remember a result that equalled the live answer at ``at``.

        Args:
            request: The cache request.
            result: The result.
            at: When the look-up began, by the clock of the process.
            lookup: The look-up, whose statement was sent after ``at``.
            born: Number of the last freshness check that had finished before; None for none.
        """
        if result.value is None or result.lag_seconds:
            return
        definitions = request.definitions
        if definitions is not None:
            if born is not None and definitions.confirm(lookup, born):
                entry = MemoryEntry(result, at, request.tags(), born, definitions)
                self.memory.put(request.key, entry)
        # Without a change log, labels may invalidate a value, which memory would not notice.
        elif request.stale and request.freshness is None and not request.timed:
            self.memory.put(request.key, MemoryEntry(result, at))

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


def _doubtful(values: Sequence[RememberedValue[DefinitionsCheck]]) -> list[DefinitionsCheck]:
    """Return the definitions that the last finished freshness check does not confirm."""
    return [each.definitions for each in values if not each.definitions.holds]
