"""Metrics of stored documents and of the change log."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from time import monotonic
from typing import Any, Final

from fraiseql.caching.ddl.verification import Verification, load_verifications
from fraiseql.caching.refresh.queues import QueueStatus, queue_statuses
from fraiseql.caching.refresh.status import ViewStatus, view_statuses
from fraiseql.caching.strategies.base import StoredType
from fraiseql.caching.strategies.registry import load_context, load_stored_types
from fraiseql.database import Pool
from fraiseql.database.writing import AdminConnection, open_admin
from fraiseql.exposition import head, sample
from fraiseql.operating.metrics.background import BackgroundLines
from fraiseql.schema import Schema

REFRESH_SECONDS: Final = 10.0
"""Seconds after which a scrape reads the database again; its answer has the values before."""

_RELOAD_SECONDS: Final = 300.0
"""Seconds after which the catalog is read again."""

_AGE: Final = "fraiseql_kept_age_seconds"
_DIFFERS: Final = "fraiseql_kept_differs"
_QUEUED: Final = "fraiseql_kept_queue_rows"
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


class DatabaseMetrics(BackgroundLines):
    """Metrics that a process reads from the database.

    Args:
        schema: The declarations.
        serving: Returns the connections of the running service.
    """

    def __init__(self, schema: Schema, serving: Callable[[], Pool]) -> None:
        super().__init__("stored documents", REFRESH_SECONDS, self._read_all)
        self._schema = schema
        self._serving = serving
        self._loaded_at = float("-inf")
        self._types: Sequence[StoredType] = ()

    async def _read_all(self) -> Sequence[str]:
        pool = self._serving()
        await self._load_types(pool)
        async with open_admin(pool) as connection:
            return [line async for line in self._lines_of(connection)]

    async def _load_types(self, pool: Pool) -> None:
        declared = any(each.stored is not None for each in self._schema.objects.values())
        if declared and monotonic() - self._loaded_at >= _RELOAD_SECONDS:
            context = await load_context(self._schema, pool)
            self._types = await load_stored_types(context, pool)
            self._loaded_at = monotonic()

    async def _lines_of(self, connection: AdminConnection) -> AsyncIterator[str]:
        queues = await queue_statuses(connection, self._types)
        views = await view_statuses(connection, self._types)
        ages = [("projection", queue.type_name, queue.age) for queue in queues]
        ages += [("view", view.type_name, view.age) for view in views]
        for line in head(_AGE, "Age of the oldest write that stored documents miss", "gauge"):
            yield line
        for strategy, name, age in ages:
            value = float("nan") if age is None else age
            yield sample(_AGE, {"type": name, "strategy": strategy}, value)
        verified = await load_verifications(connection.fetch)
        declared = {each.type_name for each in self._types}
        differs = [each for name, each in verified.items() if name in declared]
        for line in (*_queue_lines(queues), *_differs_lines(differs), *_view_lines(views)):
            yield line
        for line in await _log_lines(connection.fetch):
            yield line


def _queue_lines(queues: Sequence[QueueStatus]) -> Iterator[str]:
    yield from head(_QUEUED, "Changes that an asynchronous projection has not processed", "gauge")
    for queue in queues:
        yield sample(_QUEUED, {"type": queue.type_name}, queue.rows)


def _differs_lines(verifications: Sequence[Verification]) -> Iterator[str]:
    yield from head(_DIFFERS, "Documents that differed in the last fraiseql db verify", "gauge")
    for each in verifications:
        yield sample(_DIFFERS, {"type": each.type_name}, each.differing)


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
