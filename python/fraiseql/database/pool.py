"""The pool: connections lent last in first out; a read costs its own statement and no other."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any

import asyncpg

from fraiseql.database.connecting import Connector
from fraiseql.database.failures import RAISED, is_loss, mapped, mapped_assuming
from fraiseql.database.identity import Identity
from fraiseql.database.link import Link
from fraiseql.errors import DatabaseUnavailable, FraiseQLError
from fraiseql.settings import Settings

_GOODBYE = 5.0
"""Seconds that a connection is given to end in good order before it is cut."""


class Pool:
    """Connections of one process to one database, made when first needed.

    Read-only mode, ``statement_timeout`` and the formats of values are set as a connection is made,
    so that a read is one round trip. Behind PgBouncer older than 1.21 in transaction mode prepared
    statements do not work, and session variables never do: connect to PostgreSQL itself, or use
    session mode with ``ignore_startup_parameters`` naming the settings that it complains about.

    Args:
        connector: Makes connections.
        settings: ``pool_size`` and ``connect_timeout`` count.
    """

    def __init__(self, connector: Connector, settings: Settings) -> None:
        self._connector = connector
        self._size = max(1, settings.pool_size)
        self._patience = settings.connect_timeout
        self._free: list[Link] = []
        self._links: set[Link] = set()
        self._slots = 0
        self._waiters: deque[asyncio.Future[Link | None]] = deque()
        self._tasks: set[asyncio.Task[None]] = set()
        self._closed = False
        self._ended = asyncio.Event()

    @property
    def server_version(self) -> int:
        """``server_version_num`` of the server, such as 150018; 0 before the first connection."""
        return self._connector.server_version

    async def fetch_bytes(
        self, sql: str, args: Sequence[Any] = (), identity: Identity = Identity.NONE
    ) -> list[asyncpg.Record]:
        """Run one of the framework's own read-only statements and return its rows.

        When the connection is lost meanwhile, the statement runs once more on a new one.

        Args:
            sql: A statement that sets nothing; ``$1`` and so on stand for ``args``.
            args: Values of the parameters, in the Python types that the driver encodes.
            identity: Role and session variables to run under.

        Raises:
            DatabaseUnavailable: No connection could be had, or it was lost twice.
            StatementTimeout: ``statement_timeout`` passed.
            InputError: A value cannot be used.
            SourceError: A relation or column does not exist.
            DatabaseError: The server failed otherwise.
        """
        link = self._take(identity) or await self._obtain()
        try:
            if link.identity is not identity:
                await link.assume(identity)
            rows = await link.fetch(sql, *args)
        except RAISED as error:
            if not is_loss(error) or self._closed:
                raise self._failure(link, error) from error
        except BaseException:
            self._discard(link)
            raise
        else:
            self._release(link)
            return rows
        return await self._fetch_anew(link, sql, args, identity)

    async def ready(self) -> bool:
        """Whether the database answers, found out with one round trip."""
        try:
            await self.fetch_bytes("SELECT 1")
        except FraiseQLError:
            return False
        return True

    @asynccontextmanager
    async def lend(self, identity: Identity) -> AsyncIterator[Link]:
        """Lend a connection that carries ``identity``, to run any SQL.

        Afterwards it is reset in the background before anyone else has it; a block that is
        cancelled ends the connection, and with it the statement that runs.
        """
        link = self._take(identity) or await self._obtain()
        try:
            await self._assume(link, identity)
            yield link
        except Exception:
            self._cleanse(link)
            raise
        except BaseException:
            self._discard(link)
            raise
        self._cleanse(link)

    async def _assume(self, link: Link, identity: Identity) -> None:
        try:
            await link.assume(identity)
        except RAISED as error:
            raise mapped_assuming(error) from error

    async def close(self) -> None:
        """End every connection; those still lent are given a few seconds to come back."""
        self._closed = True
        for waiter in self._waiters:
            if not waiter.done():
                waiter.set_exception(_closed_error())
        self._waiters.clear()
        while self._free:
            self._discard(self._free.pop())
        if self._links:
            with suppress(TimeoutError):
                async with asyncio.timeout(_GOODBYE):
                    await self._ended.wait()
        for link in tuple(self._links):
            link.terminate()
        await self._connector.close()

    # Taking and giving back.

    def _take(self, identity: Identity) -> Link | None:
        """Return a free connection, at best one that carries ``identity`` already."""
        free = self._free
        while free:
            link = free.pop() if free[-1].identity is identity else free.pop(self._best(identity))
            if not link.is_closed():
                return link
            self._forget(link)
        return None

    def _best(self, identity: Identity) -> int:
        """Return the index of the latest used connection with ``identity``, else the least used."""
        free = self._free
        for index in range(len(free) - 1, -1, -1):
            if free[index].identity == identity:
                return index
        return 0

    async def _obtain(self) -> Link:
        """Make a connection if there is room for one, else wait for one in turn."""
        if self._closed:
            raise _closed_error()
        if self._slots < self._size:
            self._slots += 1
            return await self._open()
        link = await self._wait()
        if link is not None and not link.is_closed():
            return link
        if link is not None:
            self._links.discard(link)
        return await self._open()

    async def _open(self) -> Link:
        """Make a connection in a slot that is already counted."""
        try:
            link = await self._connector.connect()
        except BaseException:
            self._vacate()
            raise
        self._links.add(link)
        return link

    async def _wait(self) -> Link | None:
        """Wait in turn for a connection, or for the room to make one (None)."""
        loop = asyncio.get_running_loop()
        waiter: asyncio.Future[Link | None] = loop.create_future()
        self._waiters.append(waiter)
        timer = loop.call_later(self._patience, self._expire, waiter)
        try:
            return await waiter
        except asyncio.CancelledError:
            # What was handed over in the same moment must not get lost.
            if waiter.done() and not waiter.cancelled() and waiter.exception() is None:
                given = waiter.result()
                self._vacate() if given is None else self._release(given)
            raise
        finally:
            timer.cancel()
            with suppress(ValueError):
                self._waiters.remove(waiter)

    def _expire(self, waiter: asyncio.Future[Link | None]) -> None:
        if not waiter.done():
            waiter.set_exception(
                DatabaseUnavailable(
                    f"All {self._size} connections to the database were busy"
                    f" for {self._patience:g} s.",
                    hint="Raise pool_size, or find the statements that take long.",
                )
            )

    def _release(self, link: Link) -> None:
        """Hand a clean connection to the first who waits, else keep it."""
        while self._waiters:
            waiter = self._waiters.popleft()
            if not waiter.done():
                waiter.set_result(link)
                return
        if self._closed:
            self._discard(link)
        else:
            self._free.append(link)

    def _put_back(self, link: Link) -> None:
        """Keep a connection after an error that the server reported, if its state is known."""
        if link.is_closed() or link.identity is None or link.is_in_transaction():
            self._discard(link)
        else:
            self._release(link)

    def _failure(self, link: Link, error: Exception) -> FraiseQLError:
        """Put the connection back and return what the failure of its statement means."""
        meaning = mapped_assuming(error) if link.identity is None else mapped(error)
        self._put_back(link)
        return meaning

    # Ending connections.

    def _forget(self, link: Link) -> None:
        self._links.discard(link)
        if self._closed and not self._links:
            self._ended.set()
        self._vacate()

    def _vacate(self) -> None:
        """Give the room of an ended connection to the first who waits, else leave it empty."""
        while self._waiters:
            waiter = self._waiters.popleft()
            if not waiter.done():
                waiter.set_result(None)
                return
        self._slots -= 1

    def _discard(self, link: Link) -> None:
        """End a connection off the request's path; its room is taken until it has ended."""
        if link.is_closed():
            self._forget(link)
        else:
            self._spawn(self._end(link))

    async def _end(self, link: Link) -> None:
        try:
            # Waits for a pending cancellation: the server is told to stop the statement first.
            with suppress(*RAISED):
                await link.close(timeout=_GOODBYE)
        finally:
            self._forget(link)

    def _cleanse(self, link: Link) -> None:
        if link.is_closed():
            self._forget(link)
        elif link.tainted:
            self._discard(link)
        else:
            self._spawn(self._reset(link))

    async def _reset(self, link: Link) -> None:
        try:
            await link.cleanse()
        except RAISED:
            await self._end(link)
        except BaseException:
            self._discard(link)
            raise
        else:
            self._release(link)

    def _spawn(self, work: Any) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _fetch_anew(
        self, lost: Link, sql: str, args: Sequence[Any], identity: Identity
    ) -> list[asyncpg.Record]:
        """Run a read once more, on a new connection in the place of the lost one."""
        lost.terminate()
        self._links.discard(lost)
        link = await self._open()
        try:
            await link.assume(identity)
            rows = await link.fetch(sql, *args)
        except RAISED as error:
            raise self._failure(link, error) from error
        except BaseException:
            self._discard(link)
            raise
        self._release(link)
        return rows


async def open_pool(url: str, settings: Settings) -> Pool:
    """Make a pool for ``url``.

    ``embedded:`` starts, or joins, the PostgreSQL under ``settings.data_dir``. With any other
    address nothing is connected yet: the first statement connects.

    Args:
        url: ``postgresql://…`` or ``embedded:``.
        settings: Settings of the application.

    Raises:
        ConfigurationError: The address cannot be used; the message does not show its password.
        EmbeddedServerError: The embedded PostgreSQL does not start.
    """
    return Pool(await Connector.prepare(url, settings), settings)


def _closed_error() -> DatabaseUnavailable:
    return DatabaseUnavailable("The pool of connections is closed.", hint="The application stops.")
