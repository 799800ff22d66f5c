"""Compute a missing value, and turn it into an entry."""

from time import monotonic

from fraiseql.caching.results.runtime import CacheRuntime
from fraiseql.caching.results.stores.base import Entry, LookupResult, etag_of
from fraiseql.caching.results.stores.failsafe import FailsafeStore
from fraiseql.caching.results.stores.request import CacheRequest
from fraiseql.database import observed
from fraiseql.results import CacheResult, Compute, ComputedValue, Outcome


async def compute_value(
    compute: Compute, request: CacheRequest, lookup: LookupResult | None, since: float
) -> tuple[ComputedValue, CacheResult | None, str]:
    """Compute; return the value, the result for waiters, and why it may not be stored.

    The result is None where the value is for this request only. The reason is one word, or empty;
    size and look-up are judged by ``is_storable``.

    Args:
        compute: Computes the value.
        request: The cache request.
        lookup: Result of the look-up before; None where that failed.
        since: When that began, by the clock of the process; it counts as the value's time.
    """
    with observed() as observation:
        computed = await compute()
    if not computed.cacheable or computed.value is None:
        return computed, None, ""
    cost_ms = (monotonic() - since) * 1_000
    conflict = computed.conflict
    if not conflict and lookup is not None:
        conflict = request.storage_conflict(observation, lookup)
    outcome, detail = miss_reason(lookup)
    if conflict:
        outcome, detail = "bypass", conflict
    if conflict == "settings":
        request.listener.settings_changed()
    result = CacheResult(
        outcome,
        computed.value,
        detail=detail,
        cost_ms=cost_ms,
        source_seconds=computed.source_seconds,
        etag=etag_of(computed.value).hex(),
    )
    return computed, result, conflict


def miss_reason(lookup: LookupResult | None) -> tuple[Outcome, str]:
    """Return why a value has to be computed: the outcome, and the reason in one word."""
    if lookup is None:
        return "bypass", "failed"
    if lookup.reason == "hit":
        return "stale", "too_old"
    missing = lookup.reason in ("absent", "invalid")
    return ("miss" if missing else "stale"), lookup.reason


def is_storable(
    runtime: CacheRuntime,
    request: CacheRequest,
    lookup: LookupResult | None,
    size: int,
    conflict: str,
) -> bool:
    """Whether to store a value; the reason against it is counted."""
    if lookup is None:
        return False
    if conflict:
        reason = conflict
    elif not request.may_store(lookup):
        reason = "no_snapshot" if lookup.snapshot is None else "redefined"
    elif size > runtime.max_entry_bytes:
        reason = "too_large"
    else:
        reason = "" if runtime.background.has_room(size) else "busy"
    if reason:
        runtime.metrics.event(request.query, reason)
    return not reason


def new_entry(request: CacheRequest, lookup: LookupResult, result: CacheResult) -> Entry:
    """Return the entry of a value, labelled with the look-up before it was computed."""
    assert lookup.snapshot is not None  # noqa: S101 - otherwise it is not storable
    assert result.value is not None  # noqa: S101 - it was computed
    return Entry(
        key=request.key,
        query=request.query,
        tags=request.tags(),
        snapshot=lookup.snapshot,
        fingerprint=lookup.fingerprint ^ lookup.roles_digest,
        ttl=request.entry_ttl(),
        cost_ms=result.cost_ms,
        body=result.value,
        etag=bytes.fromhex(result.etag),
        origin=lookup.origin,
    )


async def store_entry(
    runtime: CacheRuntime, store: FailsafeStore, request: CacheRequest, entry: Entry
) -> None:
    """Store an entry; where the store refuses it, that is counted."""
    outcome = await store.put(request, entry)
    if outcome is not None and outcome != "stored":
        runtime.metrics.event(request.query, outcome)
