"""Background jobs, one row of a table each."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from fraiseql.caching.changes.compaction import compact, may_compact
from fraiseql.caching.refresh.due import NOT_APPLIED, refresh_due
from fraiseql.caching.refresh.job_context import JobContext
from fraiseql.caching.refresh.partitions import adopt_partitions_of, reads_partitions
from fraiseql.caching.refresh.rolling import roll
from fraiseql.caching.results.declared import has_caches, log_lifetime
from fraiseql.caching.strategies.projection.strategy import has_queue, process_queue
from fraiseql.caching.strategies.registry import load_context, load_stored_types, strategy_of
from fraiseql.database import Pool
from fraiseql.database.writing import AdminConnection
from fraiseql.errors import DatabaseError
from fraiseql.schema import Schema
from fraiseql.schema.indexes import RollingIndex

_QUEUE_INTERVAL: Final = 0.25
"""Seconds between two checks of the queues of asynchronous projections."""

_COMPACT_INTERVAL: Final = 2.0
"""Seconds between two compactions of the log; refreshes of views compact it too."""


@dataclass(frozen=True, slots=True)
class Job:
    """One kind of background work; every process runs it, and locks divide the work.

    Attributes:
        name: Name in messages.
        is_needed: Whether a declaration needs it.
        run: Does the work that is due and returns the seconds until the next run; None if the
            context is older than the catalog. It leaves no transaction and no lock open, and
            unfinished work is due again.
        apart: Whether it has its own connection, because its statements may take long.
    """

    name: str
    is_needed: Callable[[Schema], bool]
    run: Callable[[JobContext, AdminConnection], Awaitable[float | None]]
    apart: bool = False


def _has_views(schema: Schema) -> bool:
    return any(
        each.stored is not None and each.stored.is_refreshed for each in schema.objects.values()
    )


def _has_queues(schema: Schema) -> bool:
    return any(
        each.stored is not None and each.stored.has_queue for each in schema.objects.values()
    )


async def _process_queues(work: JobContext, connection: AdminConnection) -> float:
    """Recompute documents in the queues of asynchronous projections."""
    looks = [NOT_APPLIED]
    for stored_type in work.stored_types:
        if stored_type.stored.has_queue and await has_queue(stored_type, connection):
            while await process_queue(stored_type, connection):
                pass
            looks.append(_QUEUE_INTERVAL)
    return min(looks)


def _has_rolling_indexes(schema: Schema) -> bool:
    declared = (index for each in schema.objects.values() for index in each.indexes)
    return any(isinstance(index, RollingIndex) for index in declared)


async def _compact_log(work: JobContext, connection: AdminConnection) -> float:
    """Compact the change log where only results need it.

    Raises:
        DatabaseError: The role may not; the log grows until another role compacts it.
    """
    if not await may_compact(connection):
        raise DatabaseError(
            "This role may not delete from the change log, which grows until one does that may."
            " Run `fraiseql db grant APP ROLE`, or now and then `fraiseql cache clean APP`, as the"
            " role that runs `fraiseql db apply`."
        )
    if not _has_views(work.context.schema):
        await compact(connection, log_lifetime(work.context.schema))
    return _COMPACT_INTERVAL


JOBS: Final = (
    Job("views", _has_views, refresh_due),
    Job("projections", _has_queues, _process_queues),
    Job("results", has_caches, _compact_log),
    Job("partitions", reads_partitions, adopt_partitions_of, apart=True),
    Job("rolling indexes", _has_rolling_indexes, roll, apart=True),
)


def needed_jobs(schema: Schema) -> tuple[Job, ...]:
    """Return the jobs that the declarations need."""
    return tuple(job for job in JOBS if job.is_needed(schema))


async def load_job_context(schema: Schema, pool: Pool) -> JobContext:
    """Load the context of jobs; types with violations are left out.

    Raises:
        SourceError: A relation that is declared does not exist.
        DatabaseError: The database cannot be reached.
    """
    context = await load_context(schema, pool)
    stored = await load_stored_types(context, pool)
    return JobContext(
        context, tuple(each for each in stored if not list(strategy_of(each).refusals(each)))
    )
