"""Pool of connections: acquire, release, reset and close."""

import asyncio
from collections.abc import Coroutine, Mapping
from contextlib import suppress
from time import perf_counter
from typing import Final

from fraiseql.database.admission import Admission, Usage, Waiter
from fraiseql.database.connection import Connection
from fraiseql.database.connector import Connector
from fraiseql.database.failures import RAISED
from fraiseql.database.identity import Identity
from fraiseql.database.latency import UNTIMED, Latency, Priority
from fraiseql.errors import DatabaseUnavailable

_GOODBYE = 5.0
"""Seconds that a connection is given to end in good order before it is cut."""

_KEY: Final = Priority.KEY
"""Looked up once: it stands in every statement."""

_FOR: Final = ("", " that lists may have", " that slow statements may have")


class ConnectionPool:
    """Holds at most ``size`` connections; a statement that finds none free waits in a queue.

    A place is counted from the moment a connection is begun until it has ended, so that the server
    never sees more than ``size`` of them.

    Args:
        connector: Makes connections.
        size: Most connections at a time.
        share: Of them, what slow statements never hold.
        patience: Seconds to wait for a connection that others have.
    """

    def __init__(self, connector: Connector, size: int, share: float, patience: float) -> None:
        self.closed = False
        self._connector = connector
        self._size = size
        self._patience = patience
        self._generation = 0
        self._places = 0
        self._free: list[Connection] = []
        self._connections: set[Connection] = set()
        self._admission = Admission(size, share)
        self._tasks: set[asyncio.Task[None]] = set()
        self._empty = asyncio.Event()

    def try_acquire(self, identity: Identity, latency: Latency = UNTIMED) -> Connection | None:
        """Return a free connection, at best one that carries ``identity`` already.

        None as well where statements of the class hold all that they may.

        Args:
            identity: Role and session variables.
            latency: Of the statement that is to run; its time on the connection is counted.
        """
        priority = latency.priority
        if priority is not _KEY and not self._admission.admits(priority):
            return None
        free = self._free
        while free:
            connection = (
                free.pop() if free[-1].identity is identity else free.pop(self._best(identity))
            )
            if not connection.is_closed():
                if priority is not _KEY:
                    self._enter(connection, priority)
                connection.latency = latency
                connection.since = perf_counter()
                return connection
            self._forget(connection)
        return None

    @property
    def has_room(self) -> bool:
        """Whether a connection can be had without waiting for those that others have."""
        return bool(self._free) or self._places < self._size

    def usage(self) -> Mapping[Priority, Usage]:
        """Return how many connections each class holds and waits for."""
        return self._admission.usage(self._places - len(self._free))

    async def acquire(self, latency: Latency = UNTIMED) -> Connection:
        """Make a connection if there is room for one, else wait for one in turn.

        Args:
            latency: Of the statement that is to run.

        Raises:
            DatabaseUnavailable: None could be made, or none came back in time.
        """
        if self.closed:
            raise _ended()
        connection = await self._acquire(latency)
        connection.latency = latency
        connection.since = perf_counter()
        return connection

    async def _acquire(self, latency: Latency) -> Connection:
        priority = latency.priority
        if self._places < self._size and self._admission.admits(priority):
            self._places += 1
            self._admission.enter(priority)
            return await self._open(priority)
        waiter = await self._wait(latency)
        connection = waiter.future.result()
        if connection is None:
            return await self._open(waiter.priority)
        return await self._renew(connection) if connection.is_closed() else connection

    async def replace(self, lost: Connection) -> Connection:
        """Make a connection in the place of one that is lost, for the same statement."""
        connection = await self._renew(lost)
        connection.latency = lost.latency
        connection.since = perf_counter()
        return connection

    async def _renew(self, lost: Connection) -> Connection:
        lost.terminate()
        self._connections.discard(lost)
        return await self._open(lost.priority)

    def outdate(self, but: Connection | None = None) -> None:
        """Have every connection discard its plans before its next use; see ``Connection.renew``.

        Args:
            but: One that has done so.
        """
        for connection in self._connections:
            connection.outdated = connection is not but

    def replace_all(self) -> None:
        """End every connection, those in use when they come back: new ones are made when needed."""
        self._generation += 1
        while self._free:
            self._retire(self._free.pop())

    def release(self, connection: Connection) -> None:
        """Hand a clean connection to the first who may have it, else keep it."""
        connection.latency.add(perf_counter() - connection.since)
        self._return(connection)

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
        """Keep a connection after an error that the server reported, if its state is known."""
        if connection.is_closed() or connection.identity is None or connection.is_in_transaction():
            self.discard(connection)
        else:
            connection.latency.add_failed(perf_counter() - connection.since)
            self._return(connection)

    def reset(self, connection: Connection, *, failed: bool = False) -> None:
        """Keep a connection that ran SQL of others, once a reset in the background is through."""
        add = connection.latency.add_failed if failed else connection.latency.add
        add(perf_counter() - connection.since)
        if connection.is_closed() or connection.tainted:
            self._retire(connection)
        else:
            self._spawn(self._reset(connection))

    def discard(self, connection: Connection) -> None:
        """End a connection in the background, and the statement that may still run on it."""
        connection.latency.add_failed(perf_counter() - connection.since)
        self._retire(connection)

    def _retire(self, connection: Connection) -> None:
        if connection.is_closed():
            self._forget(connection)
        else:
            self._spawn(self._end(connection))

    async def close(self) -> None:
        """End every connection; those in use have a few seconds to come back."""
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

    def _best(self, identity: Identity) -> int:
        """Return the place of the latest used connection with ``identity``, else of the oldest."""
        free = self._free
        for place in range(len(free) - 1, -1, -1):
            if free[place].identity == identity:
                return place
        return 0

    def _enter(self, connection: Connection, priority: Priority) -> None:
        connection.priority = priority
        self._admission.enter(priority)

    async def _open(self, priority: Priority) -> Connection:
        """Make a connection for a place that is already counted, for its class too."""
        try:
            connection = await self._connect()
        except BaseException:
            self._vacate(priority)
            raise
        connection.priority = priority
        self._connections.add(connection)
        if self.closed:
            self._retire(connection)
            raise _ended()
        return connection

    async def _connect(self) -> Connection:
        """Make a connection that began after all were replaced last."""
        while True:
            generation = self._generation
            connection = await self._connector.connect()
            connection.generation = generation
            if generation == self._generation:
                return connection
            connection.terminate()

    async def _wait(self, latency: Latency) -> Waiter:
        """Wait in turn for a connection, or for the room to make one (None)."""
        loop = asyncio.get_running_loop()
        waiter = self._admission.join(latency, loop.create_future())
        timer = loop.call_later(self._patience, self._expire, waiter)
        try:
            await waiter.future
        except asyncio.CancelledError:
            self._withdraw(waiter)
            raise
        finally:
            timer.cancel()
        return waiter

    def _withdraw(self, waiter: Waiter) -> None:
        if waiter.future.cancelled():
            self._admission.drop(waiter)
        elif waiter.future.exception() is None:
            # Something was handed over in the very moment of the cancellation: pass it on.
            given = waiter.future.result()
            if given is None:
                self._vacate(waiter.priority)
            else:
                self._return(given)

    def _expire(self, waiter: Waiter) -> None:
        if waiter.future.done():
            return
        self._admission.drop(waiter)
        waiter.future.set_exception(_busy(self._admission, waiter.priority, self._patience))

    def _serve(self) -> None:
        """Hand what is free, and the room for new connections, to those who may have it."""
        while self._free or self._places < self._size:
            waiter = self._admission.next()
            if waiter is None:
                return
            if self._free:
                connection = self._free.pop()
                self._enter(connection, waiter.priority)
                waiter.future.set_result(connection)
            else:
                self._places += 1
                self._admission.enter(waiter.priority)
                waiter.future.set_result(None)

    def _forget(self, connection: Connection) -> None:
        self._connections.discard(connection)
        if self.closed and not self._connections:
            self._empty.set()
        self._vacate(connection.priority)

    def _vacate(self, priority: Priority) -> None:
        """Give the place of an ended connection to the first who may have it, else leave it."""
        self._admission.leave(priority)
        self._places -= 1
        if self._admission.waiting:
            self._serve()

    async def _end(self, connection: Connection) -> None:
        try:
            # Waits for a pending cancellation: the server is told to stop the statement first.
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


def _busy(admission: Admission, priority: Priority, patience: float) -> DatabaseUnavailable:
    most = admission.limits[priority]
    return DatabaseUnavailable(
        f"All {most} connections to the database{_FOR[priority]} were busy for {patience:g} s.",
        hint="Raise pool_size, or find the statements that take long.",
    )


def _ended() -> DatabaseUnavailable:
    return DatabaseUnavailable("The pool of connections is closed.", hint="The application stops.")
