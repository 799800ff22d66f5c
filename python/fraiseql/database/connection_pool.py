"""Pool of connections: acquire, release, reset and close."""

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from contextlib import suppress
from time import perf_counter
from typing import Final

from fraiseql.database.admission import Admission, Usage, Waiter
from fraiseql.database.connection import Connection
from fraiseql.database.connector import Connector
from fraiseql.database.endpoint import Endpoint
from fraiseql.database.failures import RAISED
from fraiseql.database.identity import Identity
from fraiseql.database.latency import UNTIMED, Latency, Priority
from fraiseql.errors import DatabaseUnavailable
from fraiseql.exposition import Histogram

_GOODBYE = 5.0
"""Seconds for a connection to close before it is aborted."""

_KEY: Final = Priority.KEY
"""Looked up once, since each statement uses it."""

_FOR: Final = ("", " for lists", " for slow statements")


class ConnectionPool:
    """Holds at most ``size`` connections; a statement that finds none free waits in a queue.

    A connection counts from its opening until it has closed, so that the server never has more than
    ``size`` of them.

    Args:
        connector: Opens connections.
        size: Maximum connections.
        share: Share of them that slow statements never hold.
        timeout: Seconds to wait for a connection.

    Attributes:
        closed: Whether it opens no more connections.
        waits: Durations of the waits in the queue.
    """

    def __init__(self, connector: Connector, size: int, share: float, timeout: float) -> None:
        self.closed = False
        self._connector = connector
        self._size = size
        self._timeout = timeout
        self._generation = 0
        self.on_outdated: Callable[[], None] | None = None
        self._count = 0
        self._free: list[Connection] = []
        self._connections: set[Connection] = set()
        self._admission = Admission(size, share)
        self._tasks: set[asyncio.Task[None]] = set()
        self._empty = asyncio.Event()
        self.waits = Histogram()

    def try_acquire(self, identity: Identity, latency: Latency = UNTIMED) -> Connection | None:
        """Return a free connection, preferably one with this ``identity``, else None.

        Also None if statements of the class hold all connections that they may have.

        Args:
            identity: Role and session variables.
            latency: Latency of the statement, which adds its time on the connection.
        """
        priority = latency.priority
        if priority is not _KEY and not self._admission.admits(priority):
            return None
        free = self._free
        while free:
            index = -1 if free[-1].identity is identity else self._best_match(identity)
            connection = free.pop(index)
            if not connection.is_closed():
                if priority is not _KEY:
                    self._enter(connection, priority)
                connection.latency = latency
                connection.since = perf_counter()
                return connection
            self._forget(connection)
        return None

    def is_current(self, connection: Connection) -> bool:
        """Return whether a connection has the current privileges and settings."""
        return connection.generation == self._generation and not connection.outdated

    @property
    def idle(self) -> int:
        """Number of free connections."""
        return len(self._free)

    @property
    def used(self) -> int:
        """Number of connections in use, or that are being opened or closed."""
        return self._count - len(self._free)

    @property
    def has_room(self) -> bool:
        """Whether a connection is available without waiting."""
        return bool(self._free) or self._count < self._size

    def usage(self) -> Mapping[Priority, Usage]:
        """Return the connections that each class holds and waits for."""
        return self._admission.usage(self._count - len(self._free))

    async def acquire(self, latency: Latency = UNTIMED) -> Connection:
        """Open a connection if the pool is not full, else wait in the queue.

        Args:
            latency: Latency of the statement.

        Raises:
            DatabaseUnavailable: Opening one failed, or none was released in time.
        """
        if self.closed:
            raise _ended()
        connection = await self._acquire(latency)
        connection.latency = latency
        connection.since = perf_counter()
        return connection

    async def _acquire(self, latency: Latency) -> Connection:
        priority = latency.priority
        if self._count < self._size and self._admission.admits(priority):
            self._count += 1
            self._admission.enter(priority)
            return await self._open(priority)
        waiter = await self._wait(latency)
        connection = waiter.future.result()
        if connection is None:
            return await self._open(waiter.priority)
        return await self._renew(connection) if connection.is_closed() else connection

    async def replace(self, lost: Connection) -> Connection:
        """Replace a lost connection, for the same statement."""
        connection = await self._renew(lost)
        connection.latency = lost.latency
        connection.since = perf_counter()
        return connection

    async def _renew(self, lost: Connection) -> Connection:
        lost.terminate()
        self._connections.discard(lost)
        return await self._open(lost.priority)

    def outdate(self, but: Connection | None = None) -> None:
        """Have every connection call ``discard_plans`` before its next use.

        Args:
            but: A connection that has done so.
        """
        for connection in self._connections:
            connection.outdated = connection is not but
        self._notify()

    def replace_all(self) -> None:
        """Close all connections, those in use after their release."""
        self._generation += 1
        while self._free:
            self._retire(self._free.pop())
        self._notify()

    def _notify(self) -> None:
        if self.on_outdated is not None:
            self.on_outdated()

    @property
    def endpoint(self) -> Endpoint | None:
        """Server of the last connection; None before the first."""
        return self._connector.endpoint

    def release(self, connection: Connection) -> float:
        """Release a connection in a known state; return the seconds for which it was held."""
        seconds = perf_counter() - connection.since
        connection.latency.add(seconds)
        self._return(connection)
        return seconds

    def _return(self, connection: Connection) -> None:
        if connection.generation != self._generation or self.closed:
            self._retire(connection)
            return
        if connection.priority is not _KEY:
            self._admission.leave(connection.priority)
            connection.priority = _KEY
        self._free.append(connection)
        if self._admission.waiting:
            self._serve()

    def put_back(self, connection: Connection) -> None:
        """Release a connection after a server error, or close it if its state is unknown."""
        if connection.is_closed() or connection.identity is None or connection.is_in_transaction():
            self.discard(connection)
        else:
            connection.latency.add_failed(perf_counter() - connection.since)
            self._return(connection)

    def reset(self, connection: Connection, *, failed: bool = False) -> None:
        """Release a connection that ran SQL of developers, after a reset in the background."""
        add = connection.latency.add_failed if failed else connection.latency.add
        add(perf_counter() - connection.since)
        if connection.is_closed() or connection.tainted:
            self._retire(connection)
        else:
            self._spawn(self._reset(connection))

    def discard(self, connection: Connection) -> None:
        """Close a connection in the background and cancel its statement."""
        connection.latency.add_failed(perf_counter() - connection.since)
        self._retire(connection)

    def _retire(self, connection: Connection) -> None:
        if connection.is_closed():
            self._forget(connection)
        else:
            self._spawn(self._end(connection))

    async def close(self) -> None:
        """Close all connections; those in use have a few seconds to be released."""
        self.closed = True
        for waiter in self._admission.drain():
            waiter.future.set_exception(_ended())
        while self._free:
            self._retire(self._free.pop())
        if self._connections:
            with suppress(TimeoutError):
                async with asyncio.timeout(_GOODBYE):
                    await self._empty.wait()
        for connection in tuple(self._connections):
            connection.terminate()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _best_match(self, identity: Identity) -> int:
        """Return the index of the last used connection with ``identity``, else of the oldest."""
        free = self._free
        for index in range(len(free) - 1, -1, -1):
            if free[index].identity == identity:
                return index
        return 0

    def _enter(self, connection: Connection, priority: Priority) -> None:
        connection.priority = priority
        self._admission.enter(priority)

    async def _open(self, priority: Priority) -> Connection:
        """Open a connection that is already counted, also in its class."""
        try:
            connection = await self._connect()
        except BaseException:
            self._uncount(priority)
            raise
        connection.priority = priority
        self._connections.add(connection)
        if self.closed:
            self._retire(connection)
            raise _ended()
        return connection

    async def _connect(self) -> Connection:
        """Open a connection of the current generation."""
        while True:
            generation = self._generation
            connection = await self._connector.connect()
            connection.generation = generation
            if generation == self._generation:
                return connection
            connection.terminate()

    async def _wait(self, latency: Latency) -> Waiter:
        """Wait in the queue for a connection, or for permission to open one (None)."""
        loop = asyncio.get_running_loop()
        waiter = self._admission.join(latency, loop.create_future())
        timer = loop.call_later(self._timeout, self._expire, waiter)
        start = perf_counter()
        try:
            await waiter.future
        except asyncio.CancelledError:
            self._withdraw(waiter)
            raise
        finally:
            timer.cancel()
            self.waits.add([perf_counter() - start])
        return waiter

    def _withdraw(self, waiter: Waiter) -> None:
        if waiter.future.cancelled():
            self._admission.drop(waiter)
        elif waiter.future.exception() is None:
            # Assigned at the moment of the cancellation: pass it on.
            connection = waiter.future.result()
            if connection is None:
                self._uncount(waiter.priority)
            else:
                self._return(connection)

    def _expire(self, waiter: Waiter) -> None:
        if waiter.future.done():
            return
        self._admission.drop(waiter)
        waiter.future.set_exception(_busy(self._admission, waiter.priority, self._timeout))

    def _serve(self) -> None:
        """Assign free connections, and permission to open new ones, to waiting statements."""
        while self._free or self._count < self._size:
            waiter = self._admission.next()
            if waiter is None:
                return
            if self._free:
                connection = self._free.pop()
                self._enter(connection, waiter.priority)
                waiter.future.set_result(connection)
            else:
                self._count += 1
                self._admission.enter(waiter.priority)
                waiter.future.set_result(None)

    def _forget(self, connection: Connection) -> None:
        self._connections.discard(connection)
        if self.closed and not self._connections:
            self._empty.set()
        self._uncount(connection.priority)

    def _uncount(self, priority: Priority) -> None:
        """Stop counting a closed connection, and let a waiting statement open another."""
        self._admission.leave(priority)
        self._count -= 1
        if self._admission.waiting:
            self._serve()

    async def _end(self, connection: Connection) -> None:
        try:
            # Waits for a pending cancellation: the server stops the statement first.
            with suppress(*RAISED):
                await connection.close(timeout=_GOODBYE)
        finally:
            self._forget(connection)

    async def _reset(self, connection: Connection) -> None:
        try:
            await connection.reset_session()
        except RAISED:
            await self._end(connection)
        else:
            self._return(connection)

    def _spawn(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _busy(admission: Admission, priority: Priority, timeout: float) -> DatabaseUnavailable:
    most = admission.limits[priority]
    return DatabaseUnavailable(
        f"All {most} connections to the database{_FOR[priority]} were busy for {timeout:g} s.",
        hint="Raise pool_size, or find the slow statements.",
    )


def _ended() -> DatabaseUnavailable:
    return DatabaseUnavailable(
        "The connection pool is closed.", hint="The application is stopping."
    )
