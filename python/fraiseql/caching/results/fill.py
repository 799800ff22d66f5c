"""Compute a missing entry once for all concurrent requests.

Look up; take the fill lock, which all processes share; look up again, since another process may
have stored the value; compute; store. The entry is labelled with the snapshot of the last look-up.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from random import uniform
from time import monotonic
from typing import Final

from fraiseql.caching.results.coalescing import PendingFill, WaitOutcome
from fraiseql.caching.results.compute import (
    compute_value,
    is_storable,
    miss_reason,
    new_entry,
    store_entry,
)
from fraiseql.caching.results.early_recompute import is_due, recompute_early
from fraiseql.caching.results.runtime import CacheRuntime
from fraiseql.caching.results.stores.base import Entry, LookupResult
from fraiseql.caching.results.stores.failsafe import FailsafeStore, FillLock
from fraiseql.caching.results.stores.request import CacheRequest
from fraiseql.results import CacheResult, Compute

_FIRST_POLL: Final = 0.02
_LONGEST_POLL: Final = 0.1
_GROWTH: Final = 1.5


async def fill(
    runtime: CacheRuntime,
    store: FailsafeStore,
    request: CacheRequest,
    etags: Sequence[str],
    compute: Compute,
) -> CacheResult:
    """Answer a request that memory could not answer.

    Args:
        runtime: Shared state of the process.
        store: Store of the value.
        request: The cache request.
        etags: Digests of values that the client has.
        compute: Computes the value.

    Raises:
        Whatever ``compute`` raises.
    """
    if store.is_backing_off(request):
        return await runtime.compute_uncached(request.query, compute, "backoff")
    pending = runtime.coalescer.start(request.key)
    waited = pending is None
    if pending is None:
        outcome = await runtime.coalescer.wait(request.key, runtime.max_wait)
        if isinstance(outcome, CacheResult):
            return runtime.deliver(request, outcome, etags, collapsed=True)
        if isinstance(outcome, WaitOutcome):
            return await runtime.compute_uncached(request.query, compute, "uncoalesced")
        pending = outcome
    return await CacheFill(
        runtime, store, request, pending=pending, etags=etags, compute=compute, waited=waited
    ).answer()


class CacheFill:
    """One request's turn to answer a key.

    Args:
        runtime: Shared state of the process.
        store: Store of the value.
        request: The cache request.
        pending: Waiters for the same key; always released in the end.
        etags: Digests of values that the client has.
        compute: Computes the value.
        waited: Whether the request waited for another.
    """

    def __init__(
        self,
        runtime: CacheRuntime,
        store: FailsafeStore,
        request: CacheRequest,
        *,
        pending: PendingFill[CacheResult],
        etags: Sequence[str],
        compute: Compute,
        waited: bool,
    ) -> None:
        self._runtime = runtime
        self._store = store
        self._request = request
        self._pending = pending
        self._is_pending = True
        self._etags = etags
        self._compute = compute
        self._lock: FillLock | None = None
        self._waited = waited
        self._since = 0.0
        self._born: int | None = None

    async def answer(self) -> CacheResult:
        """Answer the request and its waiters.

        Raises:
            Whatever the computation raises.
        """
        try:
            return await self._answer()
        except asyncio.CancelledError:
            self._give_up(failed=False)
            raise
        except BaseException:
            self._give_up(failed=True)
            raise

    async def _answer(self) -> CacheResult:
        """Take the fill lock, or wait for the process that holds it."""
        lookup = await self._look_up()
        pause, until = _FIRST_POLL, monotonic() + self._runtime.max_wait
        while self._needs_fill(lookup):
            self._pending.reopen()
            self._lock = await self._store.acquire_fill_lock(self._request)
            if self._lock is not None:
                lookup = await self._look_up()
                break
            if monotonic() > until:
                # Requests that arrive from now on may have written rows that the value misses.
                self._pending.begin()
                break
            self._waited = True
            await asyncio.sleep(pause * uniform(1.0, _GROWTH))  # noqa: S311 - no secret
            pause = min(pause * _GROWTH, _LONGEST_POLL)
            lookup = await self._look_up()
        if lookup is not None and not self._request.source_is_fresh(lookup):
            return await self._release_waiters()
        hit = None if lookup is None else self._request.accepted(lookup)
        if lookup is None or hit is None:
            return await self._computed(lookup)
        return await self._hit(lookup, hit)

    async def _look_up(self) -> LookupResult | None:
        """Look up for this request and its waiters; later arrivals wait for the next look-up."""
        has_waiters = self._pending.begin()
        self._since = monotonic()
        if self._request.definitions is not None:
            # Before the look-up is sent: a later check may see a write that the look-up does not.
            self._born = self._runtime.checks.born()
        # Memory needs the value too.
        shared = has_waiters or self._born is not None
        etags = () if shared else [bytes.fromhex(etag) for etag in self._etags]
        lookup = await self._store.find(self._request, etags)
        if lookup is not None:
            self._request.report_changes(lookup)
        return lookup

    def _needs_fill(self, lookup: LookupResult | None) -> bool:
        """Whether to compute a value that can be stored."""
        request = self._request
        if lookup is None or request.accepted(lookup) is not None:
            return False
        return request.may_store(lookup) and request.source_is_fresh(lookup)

    async def _hit(self, lookup: LookupResult, hit: CacheResult) -> CacheResult:
        runtime, request = self._runtime, self._request
        runtime.remember(request, hit, self._since, lookup, self._born)
        if hit.value is not None:
            self._pending.resolve(hit)
        self._end()
        if is_due(hit):
            early = await recompute_early(runtime, self._store, request, self._compute)
            if early is not None:
                return early
        return runtime.deliver(request, hit, self._etags, collapsed=self._waited)

    async def _release_waiters(self) -> CacheResult:
        """Have every request compute: the source that replaces the tables is too old."""
        self._is_pending = False
        self._pending.release_all()
        self._end()
        return await self._runtime.compute_uncached(
            self._request.query, self._compute, "source_stale"
        )

    async def _computed(self, lookup: LookupResult | None) -> CacheResult:
        """Compute, resolve the waiters, and store the value."""
        runtime, request = self._runtime, self._request
        computed, shared, conflict = await compute_value(
            self._compute, request, lookup, self._since
        )
        outcome, detail = miss_reason(lookup)
        result = CacheResult(outcome, computed=computed, collapsed=self._waited, detail=detail)
        result.source_seconds = computed.source_seconds
        if shared is None:
            runtime.metrics.event(request.query, "uncacheable")
            self._give_up(failed=True)
        else:
            result.outcome, result.detail, result.etag = shared.outcome, shared.detail, shared.etag
            result.ttl, result.stored = self._share(lookup, shared, conflict)
        runtime.metrics.answered(request.query, request.key, result, len(computed.value or b""))
        return result

    def _share(
        self, lookup: LookupResult | None, shared: CacheResult, conflict: str
    ) -> tuple[float | None, bool]:
        """Resolve the waiters and store the value; return its TTL, and whether it is stored."""
        runtime, request = self._runtime, self._request
        self._pending.resolve(shared)
        size = len(shared.value or b"")
        if lookup is None or not is_storable(runtime, request, lookup, size, conflict):
            self._end()
            return None, False
        entry = new_entry(request, lookup, shared)
        result = replace(shared, ttl=entry.ttl)
        runtime.remember(request, result, self._since, lookup, self._born)
        runtime.background.start(self._put(entry), size)
        return entry.ttl, True

    async def _put(self, entry: Entry) -> None:
        """Store the entry before other requests look up and compute, so that they find it."""
        try:
            await store_entry(self._runtime, self._store, self._request, entry)
        finally:
            self._end()

    def _end(self) -> None:
        """Let other requests look up and compute."""
        self._release_lock()
        if self._is_pending:
            self._is_pending = False
            self._pending.end()

    def _give_up(self, *, failed: bool) -> None:
        """Promote the next waiter."""
        self._release_lock()
        if self._is_pending:
            self._is_pending = False
            self._pending.give_up(failed=failed)

    def _release_lock(self) -> None:
        lock, self._lock = self._lock, None
        if lock is not None:
            # In the background: a cancelled request has no time, and no request waits for it.
            self._runtime.background.start(lock.release())
