"""Early: a value whose life is nearly over is computed anew by one, while others are given it.

The nearer the end and the longer computing takes, the likelier; so it is done before all miss it.
"""

from collections.abc import Awaitable
from math import log
from random import random
from time import monotonic

from fraiseql.caching.results.compute import computed_value, entry_of, is_kept, put
from fraiseql.caching.results.runtime import Process, Value
from fraiseql.caching.results.stores.base import Found
from fraiseql.caching.results.stores.failsafe import Guarded
from fraiseql.caching.results.stores.request import Subject
from fraiseql.results import Answered, Compute, Computed


def is_due(found: Found) -> bool:
    """Whether this one computes it anew, as chance has it."""
    if found.ttl is None:
        return False
    # 1 - random() is never 0, whose logarithm there is not.
    return -found.cost / 1_000 * log(1.0 - random()) >= found.ttl  # noqa: S311 - no secret


async def compute_early(
    process: Process, store: Guarded, subject: Subject, compute: Compute
) -> Answered | None:
    """Compute and store a value anew; None where another one does, or it cannot be done.

    Args:
        process: What the process shares.
        store: Where it is kept.
        subject: What is asked.
        compute: Computes it.
    """
    if subject.key in process.early:
        return None
    process.early.add(subject.key)
    lead = None
    try:
        lead = await store.lead(subject)
        at = monotonic()
        found = await store.find(subject, ()) if lead is not None else None
        if found is None or not subject.source_serves(found) or _is_new(found):
            return None
        work = computed_value(compute, subject, found, at)
        return await _computed(process, store, subject, found, work)
    finally:
        process.early.discard(subject.key)
        if lead is not None:
            process.puts.start(lead.release())


def _is_new(found: Found) -> bool:
    """Whether another one has just computed it."""
    return found.reason == "hit" and found.made < 2 * found.cost / 1_000


async def _computed(
    process: Process,
    store: Guarded,
    subject: Subject,
    found: Found,
    work: Awaitable[tuple[Computed, Value | None]],
) -> Answered | None:
    try:
        computed, value = await work
    except Exception:  # noqa: BLE001 - it was a favour: the request has its answer already
        process.metrics.event(subject.query, "early_failed")
        return None
    if value is None or not is_kept(process, subject, found, value):
        return None
    process.metrics.event(subject.query, "early")
    entry = entry_of(subject, found, value)
    await put(process, store, subject, entry)
    answered = Answered("stale", computed=computed, stored=True, detail="early", ttl=entry.ttl)
    answered.source_seconds, answered.etag = computed.source_seconds, entry.etag.hex()
    process.metrics.answered(subject.query, subject.key, answered, 0.0, len(entry.body))
    return answered
