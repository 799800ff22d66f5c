"""Filling: a value is computed, judged, and made an entry of a store."""

from time import monotonic

from fraiseql.caching.results.runtime import Process, Value
from fraiseql.caching.results.stores.base import Entry, Found, etag_of
from fraiseql.caching.results.stores.failsafe import Guarded
from fraiseql.caching.results.stores.request import Subject
from fraiseql.database import observed
from fraiseql.results import Compute, Computed, Outcome


async def computed_value(
    compute: Compute, subject: Subject, found: Found | None, since: float
) -> tuple[Computed, Value | None]:
    """Compute, and return the value too; None where it is for nobody else.

    Args:
        compute: Computes it.
        subject: What is asked.
        found: What the look-up before it found.
        since: When that began, by the clock of the process: the value is as old.
    """
    with observed() as seen:
        computed = await compute()
    if not computed.sound or computed.value is None:
        return computed, None
    cost = (monotonic() - since) * 1_000
    misfit = "" if found is None else subject.misfit(seen, found)
    outcome, detail = why(found)
    if misfit:
        outcome, detail = "bypass", misfit
    if misfit == "settings":
        subject.known.settings_changed()
    value = Value(
        outcome,
        computed.value,
        etag_of(computed.value),
        source_seconds=computed.source_seconds,
        cost=cost,
        detail=detail,
        misfit=misfit,
    )
    return computed, value


def why(found: Found | None) -> tuple[Outcome, str]:
    """Return why a value had to be computed: as an outcome, and in one word."""
    if found is None:
        return "bypass", "failed"
    if found.reason == "hit":
        return "stale", "too_old"
    missing = found.reason in ("absent", "invalid")
    return ("miss" if missing else "stale"), found.reason


def is_kept(process: Process, subject: Subject, found: Found | None, value: Value) -> bool:
    """Whether a value is to be stored; why it is not is counted."""
    if found is None:
        return False
    size = len(value.body or b"")
    if value.misfit:
        reason = value.misfit
    elif not subject.fills(found):
        reason = "no_snapshot" if found.snapshot is None else "redefined"
    elif size > process.most:
        reason = "too_large"
    else:
        reason = "" if process.puts.has_room(size) else "busy"
    if reason:
        process.metrics.event(subject.query, reason)
    return not reason


def entry_of(subject: Subject, found: Found, value: Value) -> Entry:
    """Return the entry, labelled with the look-up before it was computed."""
    assert found.snapshot is not None  # noqa: S101 - else it is not kept
    assert value.body is not None  # noqa: S101 - it was computed
    return Entry(
        key=subject.key,
        query=subject.query,
        tags=subject.tags(),
        snapshot=found.snapshot,
        shape=found.shape ^ found.rights,
        ttl=subject.life(),
        cost=value.cost,
        body=value.body,
        etag=value.etag,
        origin=found.origin,
    )


async def put(process: Process, store: Guarded, subject: Subject, entry: Entry) -> None:
    """Store an entry; where it is not kept, that is counted."""
    outcome = await store.put(subject, entry)
    if outcome is not None and outcome != "stored":
        process.metrics.event(subject.query, outcome)
