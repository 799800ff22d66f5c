"""Reads by key: over the pipeline, or over connections of their own."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any, Final, Protocol

from asyncpg import PostgresError

from fraiseql.database.bounding import Budget
from fraiseql.database.connection_pool import ConnectionPool
from fraiseql.database.failures import RAISED, mapped
from fraiseql.database.identity import Identity
from fraiseql.database.latency import Latency
from fraiseql.database.observing import observation
from fraiseql.database.pipeline import Pipeline
from fraiseql.database.pipelined_read import DIVERTED, Answer, PipelineCounts
from fraiseql.errors import FraiseQLError, ResponseTooLarge
from fraiseql.events import current_request
from fraiseql.settings import Settings

_MANY: Final = 2.0
"""Mean concurrent reads from which they use the pipeline: a connection each is better for few."""

_WEIGHT: Final = 0.05
"""Weight of the last read in the mean."""

_SMALLEST: Final = 4
"""Connections of the smallest pool with a pipeline, which is one of them."""

_RETRY: Final = 1.0
"""Seconds after which opening is tried again."""


class FetchRows(Protocol):
    """Runs a statement on a connection of its own; see ``Pool.fetch_bytes``."""

    async def __call__(
        self, sql: str, args: Sequence[Any], identity: Identity, budget: Budget, latency: Latency
    ) -> list[Any]:
        """Return the rows."""


@dataclass(slots=True)
class KeyReads:
    """Runs the reads by key of a process.

    While several run, they share a pipeline: PostgreSQL and the loop then take many in one step.
    A read whose result may be stored, that is not known to be quick, or that fails uses a
    connection of its own.

    Args:
        connections: Opens the pipeline, which counts as one of them.
        settings: Uses ``pool_size``, ``max_response_bytes`` and ``prepared_bytes``.
        fetch_rows: Runs a statement on a connection of its own.

    Attributes:
        counts: Statements and reads since the start.
    """

    connections: ConnectionPool
    settings: Settings
    fetch_rows: FetchRows
    counts: PipelineCounts = field(default_factory=PipelineCounts)
    _pipeline: Pipeline | None = None
    _opening: asyncio.Task[None] | None = None
    _retry_at: float = 0.0
    _active: int = 0
    _mean: float = 0.0

    def __post_init__(self) -> None:
        if self.settings.pool_size < _SMALLEST:
            self._stop()

    async def fetch(
        self, sql: str, args: Sequence[Any], identity: Identity, budget: Budget, latency: Latency
    ) -> bytes | None:
        """Run a read by key; return its document, or None without a row.

        Args:
            sql: A statement of one bytea column and at most one row.
            args: Values of its parameters.
            identity: Role and session variables to run under.
            budget: Bytes that the document may have.
            latency: Latency of the statement.

        Raises:
            FraiseQLError: As ``Pool.fetch_bytes``.
        """
        self._active += 1
        self._mean += (self._active - self._mean) * _WEIGHT
        try:
            waiter = self._join(sql, args, identity, latency)
            if waiter is not None:
                start = perf_counter()
                answer = await waiter
                if answer is not DIVERTED:
                    _report(sql, args, start, answer)
                    return _spent(answer, budget)
            rows = await self.fetch_rows(sql, args, identity, budget, latency)
        except PostgresError as error:
            raise mapped(error) from error
        finally:
            self._active -= 1
        return rows[0][0] if rows else None

    async def close(self) -> None:
        """Open no more pipelines; end the current one when its statements have ended."""
        self._stop()
        if self._opening is not None:
            self._opening.cancel()
            await asyncio.wait([self._opening])
        self._replace()

    def _stop(self) -> None:
        self._retry_at = float("inf")

    def _join(
        self, sql: str, args: Sequence[Any], identity: Identity, latency: Latency
    ) -> "asyncio.Future[Answer] | None":
        if self._mean < _MANY:
            return None
        pipeline = self._pipeline
        if pipeline is None:
            self._open()
            return None
        if self._outdated(pipeline):
            self._replace()
            return None
        if pipeline.stalled or not latency.pipelines() or observation.get() is not None:
            return None
        return pipeline.join(sql, args, identity, latency)

    def _outdated(self, pipeline: Pipeline) -> bool:
        current = self.connections.is_current(pipeline.connection)
        return pipeline.closed or pipeline.full or not current

    def _replace(self) -> None:
        pipeline, self._pipeline = self._pipeline, None
        if pipeline is not None:
            pipeline.end()

    def _open(self) -> None:
        """Open a pipeline in the background."""
        if self._opening is None and perf_counter() >= self._retry_at:
            self._opening = asyncio.get_running_loop().create_task(self._connect())
            self._opening.add_done_callback(self._opened)

    def _opened(self, _task: asyncio.Task[None]) -> None:
        self._opening = None

    async def _connect(self) -> None:
        pool = self.connections
        try:
            connection = pool.try_acquire(Identity.NONE) or await pool.acquire()
        except FraiseQLError:
            self._retry_at = perf_counter() + _RETRY
            return
        if connection.pooler.pooling != "none":
            # The server may change between two transactions, and loses prepared statements.
            self._stop()
            pool.release(connection)
            return
        try:
            await connection.discard_plans()
        except RAISED:
            self._retry_at = perf_counter() + _RETRY
            pool.discard(connection)
        except BaseException:
            pool.discard(connection)
            raise
        else:
            self._pipeline = Pipeline(
                connection,
                self.settings.max_response_bytes,
                self.settings.prepared_bytes,
                self.counts,
                pool.discard,
            )


def _report(sql: str, args: Sequence[Any], start: float, document: bytes | None) -> None:
    """Report a read to its request; one that shared the answer of an equal read too."""
    request = current_request.get()
    if request is not None:
        seconds = perf_counter() - start
        if document is None:
            request.ran(sql, args, seconds, 0, 0)
        else:
            request.ran(sql, args, seconds, 1, len(document))


def _spent(document: bytes | None, budget: Budget) -> bytes | None:
    """Return a document within the budget."""
    if document is not None:
        budget.left -= len(document)
        if budget.left < 0:
            raise ResponseTooLarge(budget.most)
    return document
