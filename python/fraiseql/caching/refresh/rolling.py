"""Job that moves rolling indexes forward.

The next index is built in the other of two slots, while the present one is in use. The old one is
dropped a step later, when every process has read the new cut-off. So at most two exist. A process
that is killed leaves a valid one, and perhaps an INVALID one that the next process drops.
"""

from datetime import UTC, datetime, timedelta
from typing import Any, Final

from fraiseql.caching.advisory_locks import APPLY
from fraiseql.caching.refresh.job_context import JobContext
from fraiseql.caching.strategies.base import ResolveContext
from fraiseql.caching.strategies.indexes.hints import PRESENT, arguments, cutoffs, present_of
from fraiseql.caching.strategies.indexes.objects import (
    SLOTS,
    cutoff,
    drop,
    index_specs,
    rolling_predicate,
)
from fraiseql.caching.strategies.indexes.spec import IndexSpec
from fraiseql.database.writing import AdminConnection
from fraiseql.field_access import wire_type
from fraiseql.schema.durations import seconds_of
from fraiseql.values import as_wire

_SHORTEST_LOOK: Final = 1.0
_LONGEST_LOOK: Final = 60.0
_MADE: Final = """
SELECT to_regclass('fraiseql.ledger') IS NOT NULL
"""
_APPLIED: Final = """
SELECT EXISTS (SELECT FROM fraiseql.ledger
  WHERE kind = 'rolling index' AND name = $1 AND state = 'done')
"""


async def roll(work: JobContext, connection: AdminConnection) -> float:
    """Move forward each rolling index that is due; return the seconds until the next check.

    Indexes that ``apply`` has not created, and tables of other roles, are skipped.

    Raises:
        DatabaseError: An index cannot be built or dropped; it is tried again.
    """
    specs, _ = index_specs(work.context)
    specs = [spec for spec in specs if spec.rolled is not None and spec.table.owned]
    looks = [_LONGEST_LOOK]
    for spec in specs:
        if await _is_due(connection, spec):
            await _alone(connection, spec)
        looks.append(seconds_of(spec.declared.step, of="step") / 10)
    return max(min(looks), _SHORTEST_LOOK)


async def overdue(
    context: ResolveContext, connection: AdminConnection, now: datetime
) -> list[tuple[IndexSpec, Any]]:
    """Return the rolling indexes that should have moved a step ago, with their cut-offs.

    Args:
        context: Schema and catalog.
        connection: A connection that may read the catalog.
        now: The present.

    Raises:
        DatabaseError: The database cannot be read.
    """
    late = []
    for spec in index_specs(context)[0]:
        if spec.rolled is None:
            continue
        step = timedelta(seconds=seconds_of(spec.declared.step, of="step"))
        least = as_wire(wire_type(spec.rolled), cutoff(spec, now - step))
        cuts = [cut for valid, cut in (await _slots(connection, spec)).values() if valid]
        if cuts and max(cuts) < least:
            late.append((spec, max(cuts)))
    return late


def _target(spec: IndexSpec) -> tuple[datetime, Any]:
    """Return the desired cut-off, as an instant and as a value of the column."""
    assert spec.rolled is not None  # noqa: S101 - only rolling indexes come here
    moment = cutoff(spec, datetime.now(UTC))
    return moment, as_wire(wire_type(spec.rolled), moment)


async def _slots(connection: AdminConnection, spec: IndexSpec) -> dict[str, tuple[bool, Any]]:
    rows = await connection.fetch(PRESENT, *arguments([spec]))
    return cutoffs(spec, present_of(rows))


async def _is_due(connection: AdminConnection, spec: IndexSpec) -> bool:
    slots = await _slots(connection, spec)
    whole = [cut for valid, cut in slots.values() if valid]
    left = len(slots) > len(whole)
    if not slots or not (left or max(whole) < _target(spec)[1]):
        return False
    # An unfinished index of apply is left to apply.
    return bool(await connection.fetchval(_MADE)) and bool(
        await connection.fetchval(_APPLIED, spec.sql_name())
    )


async def _alone(connection: AdminConnection, spec: IndexSpec) -> None:
    """Move one index forward, unless another process does so or applies.

    The lock of the session is a lease: it lasts as long as the building statement, even if the
    process was killed.
    """
    if not await connection.fetchval("SELECT pg_try_advisory_lock($1)", APPLY):
        return
    try:
        if await _is_due(connection, spec):
            await _move(connection, spec)
    finally:
        if connection.usable:
            await connection.fetchval("SELECT pg_advisory_unlock($1)", APPLY)


async def _move(connection: AdminConnection, spec: IndexSpec) -> None:
    slots = await _slots(connection, spec)
    for slot in [slot for slot, (valid, _) in slots.items() if not valid]:
        await connection.execute(drop(spec.sql_name(slot)))
        del slots[slot]
    moment, target = _target(spec)
    if not slots or max(cut for _, cut in slots.values()) >= target:
        return
    newest = max(slots, key=lambda slot: slots[slot][1])
    free = next(slot for slot in SLOTS if slot != newest)
    if free in slots:
        await connection.execute(drop(spec.sql_name(free)))
    await connection.execute(spec.create(rolling_predicate(spec, moment), free))
