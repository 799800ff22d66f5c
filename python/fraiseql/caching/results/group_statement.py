"""A statement that runs once for all who wait."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from contextvars import Context
from typing import Final

from fraiseql.caching.results.backoff import Backoff
from fraiseql.database import Origin, Pool, RepeatedStatement, StatementPair, Values, repeat
from fraiseql.errors import FraiseQLError

LONGEST: Final = 1.0
"""Seconds after which a run is given up."""

_GRACE: Final = 0.02
"""Seconds more, in which a loop that was busy receives an answer that has already come."""

Accept = Callable[[Origin, Values | None], Values | None]
"""Takes a row, or None for no row; returns the parameters of the next run, None for a failure."""


class GroupStatement:
    """Runs a statement for a group of waiters, on one connection, without a task for each run.

    A waiter joins the next run, never one that was sent: its snapshot may be older than the waiter.
    One run is in progress at a time; those who arrive meanwhile share the next.

    Args:
        open_pool: Opens the pool with that one connection.
        pair: The statement, see ``repeat``.
        first: Returns the parameters of the first run on a connection.
        accept: Called with the result of a run. A failure ends the connection.
        lost: Called when the connection has ended, with whether that was during a run.
        interval: Seconds between two runs.
    """

    __slots__ = (
        "_accept",
        "_alone",
        "_backoff",
        "_closed",
        "_first",
        "_interval",
        "_is_due",
        "_lost",
        "_open_pool",
        "_opening",
        "_pair",
        "_pool",
        "_running",
        "_sent_at",
        "_statement",
        "_suspected",
        "_timer",
        "_values",
        "_waiting",
    )

    def __init__(  # noqa: PLR0917 - all of them are needed
        self,
        open_pool: Callable[[], Awaitable[Pool]],
        pair: StatementPair,
        first: Callable[[Origin], Values],
        accept: Accept,
        lost: Callable[[bool], None],
        interval: float,
    ) -> None:
        self._open_pool = open_pool
        self._pair = pair
        self._first = first
        self._accept = accept
        self._lost = lost
        self._interval = interval
        self._pool: Pool | None = None
        self._statement: RepeatedStatement | None = None
        self._values: Values = ()
        self._opening: asyncio.Task[None] | None = None
        self._closed = False
        self._backoff = Backoff()
        self._waiting: list[asyncio.Future[bool]] = []
        self._running: list[asyncio.Future[bool]] | None = None
        self._is_due = self._alone = False
        self._timer: asyncio.TimerHandle | None = None
        self._sent_at = self._suspected = 0.0

    @property
    def pauses(self) -> bool:
        """Whether it does not run now, after a failure."""
        return self._backoff.active

    @property
    def address(self) -> str | None:
        """Address of its server for further connections; None where there is none."""
        return None if self._statement is None else self._statement.address

    def join(self) -> "asyncio.Future[bool]":
        """Return the future of the next run's success, for this waiter alone."""
        loop = asyncio.get_running_loop()
        waiter: asyncio.Future[bool] = loop.create_future()
        self._waiting.append(waiter)
        if self._running is None and not self._is_due:
            if self._alone and self._interval <= 0.0:
                self._send()
            else:
                self._schedule(loop)
        return waiter

    def change(self, pair: StatementPair) -> None:
        """Use another statement, with as many parameters, from the next run on."""
        self._pair = pair
        if self._statement is not None:
            self._statement.change(pair)

    async def close(self) -> None:
        """Run no more, and close the connection; those who wait get false."""
        self._closed = True
        if self._opening is not None:
            self._opening.cancel()
            await asyncio.wait([self._opening])
        if self._statement is not None:
            self._statement.end()
        pool, self._pool = self._pool, None
        if pool is not None:
            await pool.close()
        self._refuse()

    # Sending.

    def _schedule(self, loop: asyncio.AbstractEventLoop) -> None:
        self._is_due = True
        if self._interval > 0.0:
            loop.call_later(self._interval, self._send)
        else:
            # After all that is ready now, so that concurrent requests share a run.
            loop.call_soon(self._send)

    def _send(self) -> None:
        """Run for all who wait; if there is no connection, open it before."""
        self._is_due = False
        if self._closed or self._backoff.active:
            self._refuse()
        elif self._statement is not None:
            loop = asyncio.get_running_loop()
            self._running, self._waiting = self._waiting, []
            self._alone = len(self._running) == 1
            self._sent_at = loop.time()
            if self._timer is None:
                self._timer = loop.call_later(LONGEST, self._watch, loop)
            self._statement.run()
        elif self._opening is None:
            # The connection is not part of the request that happens to need it.
            self._opening = asyncio.create_task(self._open(), context=Context())

    async def _open(self) -> None:
        """Open the connection; those who wait get false where that fails."""
        try:
            async with asyncio.timeout(LONGEST):
                if self._pool is None:
                    self._pool = await self._open_pool()
                statement = await repeat(self._pool, self._pair, self._answered, self._ended)
        except (FraiseQLError, TimeoutError):
            self._backoff.failed()
            self._refuse()
            return
        finally:
            self._opening = None
        self._statement = statement
        self._bind(statement, self._first(statement.origin))
        self._send()

    def _bind(self, statement: RepeatedStatement, values: Values) -> None:
        self._values = values
        statement.bind(values)

    def _watch(self, loop: asyncio.AbstractEventLoop) -> None:
        """Give up a run that takes too long."""
        self._timer = None
        if self._running is None:
            return
        left = self._sent_at + LONGEST - loop.time()
        if left <= 0.0 and self._suspected == self._sent_at:
            self._fail()
            return
        if left <= 0.0:
            self._suspected, left = self._sent_at, _GRACE
        self._timer = loop.call_later(left, self._watch, loop)

    # Receiving.

    def _answered(self, row: Values | None) -> None:
        statement, running = self._statement, self._running
        self._running = None
        assert statement is not None  # noqa: S101 - its answer
        values = self._accept(statement.origin, row)
        if values is None:
            self._fail()
        else:
            self._backoff.succeeded()
            if values is not self._values:
                self._bind(statement, values)
        _notify(running or (), succeeded=values is not None)
        if self._waiting and not self._is_due:
            if self._interval > 0.0:
                self._schedule(asyncio.get_running_loop())
            else:
                self._send()

    def _fail(self) -> None:
        """Give up the connection, and open none for a while."""
        self._backoff.failed()
        if self._statement is not None:
            self._statement.end()

    def _ended(self) -> None:
        self._statement = None
        running, self._running = self._running, None
        self._lost(running is not None)
        if running is not None:
            self._backoff.failed()
            _notify(running, succeeded=False)
        self._refuse()

    def _refuse(self) -> None:
        waiting, self._waiting = self._waiting, []
        _notify(waiting, succeeded=False)


def _notify(waiters: Iterable["asyncio.Future[bool]"], *, succeeded: bool) -> None:
    for waiter in waiters:
        if not waiter.done():
            waiter.set_result(succeeded)
