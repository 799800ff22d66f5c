"""Metrics of stored documents and of the change log."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from time import monotonic
from typing import Any, Final

from fraiseql.caching.refresh.queues import queue_statuses
from fraiseql.caching.refresh.status import ViewStatus, view_statuses
from fraiseql.caching.strategies.base import StoredType
from fraiseql.caching.strategies.registry import load_context, load_stored_types
from fraiseql.database import Pool
from fraiseql.database.writing import AdminConnection, open_admin
from fraiseql.errors import FraiseQLError
from fraiseql.events import logger
from fraiseql.exposition import head, sample
from fraiseql.schema import Schema

REFRESH_SECONDS: Final = 10.0
"""Seconds after which a scrape reads the database again; its answer has the values before."""

_RELOAD_SECONDS: Final = 300.0
"""Seconds after which the catalog is read again."""

_AGE: Final = "fraiseql_kept_age_seconds"
_DURATION: Final = "fraiseql_view_refresh_duration_seconds"
_FAILURES: Final = "fraiseql_view_refresh_failures_total"
_ROWS: Final = "fraiseql_change_log_rows"
_FLOOR: Final = "fraiseql_change_log_floor_age_seconds"

_LOG_EXISTS: Final = "SELECT has_table_privilege(to_regclass('fraiseql.changes'), 'SELECT')"
_LOG: Final = """\
SELECT (SELECT s.n_live_tup FROM pg_stat_all_tables s
    WHERE s.relid = 'fraiseql.changes'::regclass) AS rows,
  coalesce((SELECT extract(epoch FROM clock_timestamp() - c.at)
    FROM fraiseql.changes c ORDER BY c.xid LIMIT 1), 0)::float8 AS age"""


class DatabaseMetrics:
    """Metrics that a process reads from the database, in the background of scrapes.

    Without scrapes it reads nothing.

    Args:
        schema: The declarations.
        serving: Returns the connections of the running service.
    """

    def __init__(self, schema: Schema, serving: Callable[[], Pool]) -> None:
        self._schema = schema
        self._serving = serving
        self._lines: Sequence[str] = ()
        self._read_at = self._loaded_at = float("-inf")
        self._types: Sequence[StoredType] = ()
        self._task: asyncio.Task[None] | None = None

    def lines(self) -> Sequence[str]:
        """Return the lines of ``/metrics``, and read the database for the next call."""
        idle = self._task is None or self._task.done()
        if idle and monotonic() - self._read_at >= REFRESH_SECONDS:
            self._task = asyncio.get_running_loop().create_task(self.read())
        return self._lines

    async def start(self) -> None:
        """Do nothing: the first scrape begins."""

    async def stop(self) -> None:
        """End a running read."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.wait([task])

    async def read(self) -> None:
        """Read the values; a failure is logged, and there are no values until the next read."""
        self._read_at = monotonic()
        try:
            pool = self._serving()
            await self._load_types(pool)
            async with open_admin(pool) as connection:
                self._lines = [line async for line in self._read(connection)]
        except FraiseQLError as error:
            self._lines = ()
            logger.info("The metrics of stored documents cannot be read: %s", error)

    async def _load_types(self, pool: Pool) -> None:
        declared = any(each.stored is not None for each in self._schema.objects.values())
        if declared and monotonic() - self._loaded_at >= _RELOAD_SECONDS:
            context = await load_context(self._schema, pool)
            self._types = await load_stored_types(context, pool)
            self._loaded_at = monotonic()

    async def _read(self, connection: AdminConnection) -> AsyncIterator[str]:
        queues = await queue_statuses(connection, self._types)
        views = await view_statuses(connection, self._types)
        ages = [("projection", queue.type_name, queue.age) for queue in queues]
        ages += [("view", view.type_name, view.age) for view in views]
        for line in head(_AGE, "Age of the oldest write that stored documents miss", "gauge"):
            yield line
        for strategy, name, age in ages:
            value = float("nan") if age is None else age
            yield sample(_AGE, {"type": name, "strategy": strategy}, value)
        for line in _view_lines(views):
            yield line
        for line in await _log_lines(connection.fetch):
            yield line


def _view_lines(views: Sequence[ViewStatus]) -> Iterator[str]:
    yield from head(_DURATION, "Duration of the last refresh of a view", "gauge")
    for view in views:
        yield sample(_DURATION, {"type": view.type_name}, view.took)
    yield from head(_FAILURES, "Failed refreshes of a view since the last success", "counter")
    for view in views:
        yield sample(_FAILURES, {"type": view.type_name}, view.fails)


async def _log_lines(fetch: Callable[[str], Awaitable[list[Any]]]) -> list[str]:
    if not (await fetch(_LOG_EXISTS))[0][0]:
        return []
    (row,) = await fetch(_LOG)
    return [
        *head(_ROWS, "Rows of the change log, about", "gauge"),
        sample(_ROWS, {}, row["rows"] or 0),
        *head(_FLOOR, "Age of the oldest row of the change log", "gauge"),
        sample(_FLOOR, {}, row["age"]),
    ]
