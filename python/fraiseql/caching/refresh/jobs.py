"""Jobs: what is done in the background, one row of a table each."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from fraiseql.caching.changes.compaction import compact, may_compact
from fraiseql.caching.refresh.due import NOT_APPLIED, refresh_due
from fraiseql.caching.refresh.ground import Ground
from fraiseql.caching.refresh.partitions import adopt_partitions_of, reads_partitions
from fraiseql.caching.refresh.rolling import roll
from fraiseql.caching.results.declared import has_caches, log_kept
from fraiseql.caching.strategies.projection.strategy import has_queue, process_queue
from fraiseql.caching.strategies.registry import load_context, load_stored_types, strategy_of
from fraiseql.database import Pool
from fraiseql.database.writing import AdminConnection
from fraiseql.errors import DatabaseError
from fraiseql.schema import Schema
from fraiseql.schema.storage import RollingIndex

_DRAIN_LOOK: Final = 0.25
"""Seconds between two looks at the queues of asynchronous projections."""

_COMPACT_LOOK: Final = 2.0
"""Seconds between two compactions of the log; where views are refreshed it is compacted then."""


@dataclass(frozen=True, slots=True)
class Job:
    """One kind of background work; every process does it, and row locks share it out.

    Attributes:
        name: For the log.
        wanted: Whether anything that is declared needs it.
        run: Does what is due now, and returns the seconds after which to ask again; None when what
            it was given is older than the catalog. It holds no transaction and no lock afterwards,
            and what it leaves undone is due again.
        apart: Whether it has a connection of its own, because its statements may take long.
    """

    name: str
    wanted: Callable[[Schema], bool]
    run: Callable[[Ground, AdminConnection], Awaitable[float | None]]
    apart: bool = False


def _has_views(schema: Schema) -> bool:
    return any(
        one.stored is not None and one.stored.is_refreshed for one in schema.objects.values()
    )


def _has_queues(schema: Schema) -> bool:
    return any(one.stored is not None and one.stored.has_queue for one in schema.objects.values())


async def _drain_queues(ground: Ground, connection: AdminConnection) -> float:
    """Recompute the documents that wait in the queues of asynchronous projections."""
    looks = [NOT_APPLIED]
    for stored_type in ground.stored_types:
        if stored_type.stored.has_queue and await has_queue(stored_type, connection):
            while await process_queue(stored_type, connection):
                pass
            looks.append(_DRAIN_LOOK)
    return min(looks)


def _has_rolling_indexes(schema: Schema) -> bool:
    declared = (index for one in schema.objects.values() for index in one.indexes)
    return any(isinstance(index, RollingIndex) for index in declared)


async def _compact_log(ground: Ground, connection: AdminConnection) -> float:
    """Delete what nothing needs from the log of changes, for results alone.

    Raises:
        DatabaseError: The role may not; the log grows until another one does it.
    """
    if not await may_compact(connection):
        raise DatabaseError(
            "This role may not delete from the change log, which grows until one does that may."
            " Run `fraiseql db grant APP ROLE`, or now and then `fraiseql cache clean APP`, as the"
            " role that runs `fraiseql db apply`."
        )
    if not _has_views(ground.context.schema):
        await compact(connection, log_kept(ground.context.schema))
    return _COMPACT_LOOK


JOBS: Final = (
    Job("views", _has_views, refresh_due),
    Job("projections", _has_queues, _drain_queues),
    Job("results", has_caches, _compact_log),
    Job("partitions", reads_partitions, adopt_partitions_of, apart=True),
    Job("rolling indexes", _has_rolling_indexes, roll, apart=True),
)


def wanted_jobs(schema: Schema) -> tuple[Job, ...]:
    """Return the jobs that the declarations need."""
    return tuple(job for job in JOBS if job.wanted(schema))


async def load_ground(schema: Schema, pool: Pool) -> Ground:
    """Return what jobs work on; what is refused is left out.

    Raises:
        SourceError: A relation that is declared does not exist.
        DatabaseError: The database cannot be reached.
    """
    context = await load_context(schema, pool)
    stored = await load_stored_types(context, pool)
    return Ground(context, tuple(one for one in stored if not list(strategy_of(one).refusals(one))))
