"""Early recomputation (XFetch): recompute popular entries shortly before they expire.

One request recomputes, the others get the entry. It is likelier the nearer the expiry and the
slower the computation, so that requests rarely miss all at once.
"""

from math import log
from random import random
from time import monotonic

from fraiseql.caching.results.compute import compute_value, is_storable, new_entry, store_entry
from fraiseql.caching.results.runtime import CacheRuntime
from fraiseql.caching.results.stores.base import LookupResult
from fraiseql.caching.results.stores.failsafe import FailsafeStore
from fraiseql.caching.results.stores.request import CacheRequest
from fraiseql.results import CacheResult, Compute


def is_due(hit: CacheResult) -> bool:
    """Whether this request recomputes; decided at random."""
    if hit.ttl is None:
        return False
    # 1 - random() is never 0, which has no logarithm.
    return -hit.cost_ms / 1_000 * log(1.0 - random()) >= hit.ttl  # noqa: S311 - no secret


async def recompute_early(
    runtime: CacheRuntime, store: FailsafeStore, request: CacheRequest, compute: Compute
) -> CacheResult | None:
    """Recompute and store a value; None where another request does, or it failed.

    Args:
        runtime: Shared state of the process.
        store: Store of the value.
        request: The cache request.
        compute: Computes the value.
    """
    if request.key in runtime.recomputing:
        return None
    runtime.recomputing.add(request.key)
    lock = None
    try:
        lock = await store.acquire_fill_lock(request)
        since = monotonic()
        lookup = await store.find(request, ()) if lock is not None else None
        if lookup is None or not request.source_is_fresh(lookup) or _is_new(lookup):
            return None
        return await _recompute(runtime, store, request, compute, lookup, since)
    finally:
        runtime.recomputing.discard(request.key)
        if lock is not None:
            runtime.background.start(lock.release())


def _is_new(lookup: LookupResult) -> bool:
    """Whether another process has just computed the value."""
    hit = lookup.hit
    return hit is not None and hit.age_seconds < 2 * hit.cost_ms / 1_000


async def _recompute(  # noqa: PLR0917 - the steps of one function
    runtime: CacheRuntime,
    store: FailsafeStore,
    request: CacheRequest,
    compute: Compute,
    lookup: LookupResult,
    since: float,
) -> CacheResult | None:
    try:
        computed, shared, conflict = await compute_value(compute, request, lookup, since)
    except Exception:  # noqa: BLE001 - optional work: the request has its answer already
        runtime.metrics.event(request.query, "early_failed")
        return None
    size = len(computed.value or b"")
    if shared is None or not is_storable(runtime, request, lookup, size, conflict):
        return None
    runtime.metrics.event(request.query, "early")
    entry = new_entry(request, lookup, shared)
    await store_entry(runtime, store, request, entry)
    result = CacheResult(
        "stale",
        computed=computed,
        stored=True,
        detail="early",
        ttl=entry.ttl,
        source_seconds=computed.source_seconds,
        etag=shared.etag,
    )
    runtime.metrics.answered(request.query, request.key, result, size)
    return result
