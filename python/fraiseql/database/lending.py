"""Lending connections: which one is given to whom, who waits, and how a connection ends."""

import asyncio
from collections import deque
from collections.abc import Coroutine
from contextlib import suppress

from fraiseql.database.connecting import Connector
from fraiseql.database.failures import RAISED
from fraiseql.database.identity import Identity
from fraiseql.database.link import Link
from fraiseql.errors import DatabaseUnavailable

_GOODBYE = 5.0
"""Seconds that a connection is given to end in good order before it is cut."""


class Lender:
    """Keeps at most ``size`` connections; who finds none free waits in turn.

    A place is counted from the moment a connection is begun until it has ended, so that the server
    never sees more than ``size`` of them.

    Args:
        connector: Makes connections.
        size: Most connections at a time.
        patience: Seconds to wait for a connection that others have.
    """

    def __init__(self, connector: Connector, size: int, patience: float) -> None:
        self.closed = False
        self._connector = connector
        self._size = size
        self._patience = patience
        self._generation = 0
        self._places = 0
        self._free: list[Link] = []
        self._links: set[Link] = set()
        self._waiters: deque[asyncio.Future[Link | None]] = deque()
        self._tasks: set[asyncio.Task[None]] = set()
        self._empty = asyncio.Event()

    def take(self, identity: Identity) -> Link | None:
        """Return a free connection, at best one that carries ``identity`` already."""
        free = self._free
        while free:
            link = free.pop() if free[-1].identity is identity else free.pop(self._best(identity))
            if not link.is_closed():
                return link
            self._forget(link)
        return None

    @property
    def has_room(self) -> bool:
        """Whether a connection can be had without waiting for those that others have."""
        return bool(self._free) or self._places < self._size

    async def obtain(self) -> Link:
        """Make a connection if there is room for one, else wait for one in turn.

        Raises:
            DatabaseUnavailable: None could be made, or none came back in time.
        """
        if self.closed:
            raise _ended()
        if self._places < self._size:
            self._places += 1
            return await self._open()
        link = await self._wait()
        return link if link is not None and not link.is_closed() else await self.replace(link)

    async def replace(self, lost: Link | None) -> Link:
        """Make a connection in the place of one that is lost."""
        if lost is not None:
            lost.terminate()
            self._links.discard(lost)
        return await self._open()

    def outdate(self, but: Link | None = None) -> None:
        """Have every connection throw its plans away before it is used again; see ``Link.renew``.

        Args:
            but: One that has done so.
        """
        for link in self._links:
            link.outdated = link is not but

    def replace_all(self) -> None:
        """End every connection, those in use when they come back: new ones are made when needed."""
        self._generation += 1
        while self._free:
            self.discard(self._free.pop())

    def release(self, link: Link) -> None:
        """Hand a clean connection to the first who waits, else keep it."""
        if link.generation != self._generation:
            self.discard(link)
            return
        waiters = self._waiters
        while waiters:
            waiter = waiters.popleft()
            if not waiter.done():
                waiter.set_result(link)
                return
        if self.closed:
            self.discard(link)
        else:
            self._free.append(link)

    def put_back(self, link: Link) -> None:
        """Keep a connection after an error that the server reported, if its state is known."""
        if link.is_closed() or link.identity is None or link.is_in_transaction():
            self.discard(link)
        else:
            self.release(link)

    def cleanse(self, link: Link) -> None:
        """Keep a connection that ran SQL of others, once a reset in the background is through."""
        if link.is_closed() or link.tainted:
            self.discard(link)
        else:
            self._spawn(self._reset(link))

    def discard(self, link: Link) -> None:
        """End a connection in the background, and the statement that may still run on it."""
        if link.is_closed():
            self._forget(link)
        else:
            self._spawn(self._end(link))

    async def close(self) -> None:
        """End every connection; those still lent are given a few seconds to come back."""
        self.closed = True
        for waiter in self._waiters:
            if not waiter.done():
                waiter.set_exception(_ended())
        self._waiters.clear()
        while self._free:
            self.discard(self._free.pop())
        if self._links:
            with suppress(TimeoutError):
                async with asyncio.timeout(_GOODBYE):
                    await self._empty.wait()
        for link in tuple(self._links):
            link.terminate()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _best(self, identity: Identity) -> int:
        """Return the place of the latest used connection with ``identity``, else of the oldest."""
        free = self._free
        for place in range(len(free) - 1, -1, -1):
            if free[place].identity == identity:
                return place
        return 0

    async def _open(self) -> Link:
        """Make a connection for a place that is already counted."""
        try:
            link = await self._connect()
        except BaseException:
            self._vacate()
            raise
        self._links.add(link)
        if self.closed:
            self.discard(link)
            raise _ended()
        return link

    async def _connect(self) -> Link:
        """Make a connection that began after all were replaced last."""
        while True:
            generation = self._generation
            link = await self._connector.connect()
            link.generation = generation
            if generation == self._generation:
                return link
            link.terminate()

    async def _wait(self) -> Link | None:
        """Wait in turn for a connection, or for the room to make one (None)."""
        loop = asyncio.get_running_loop()
        waiter: asyncio.Future[Link | None] = loop.create_future()
        self._waiters.append(waiter)
        timer = loop.call_later(self._patience, self._expire, waiter)
        try:
            return await waiter
        except asyncio.CancelledError:
            self._withdraw(waiter)
            raise
        finally:
            timer.cancel()

    def _withdraw(self, waiter: asyncio.Future[Link | None]) -> None:
        if waiter.cancelled():
            with suppress(ValueError):  # not there when the pool was closed in the same moment
                self._waiters.remove(waiter)
        elif waiter.exception() is None:
            # Something was handed over in the very moment of the cancellation: pass it on.
            given = waiter.result()
            if given is None:
                self._vacate()
            else:
                self.release(given)

    def _expire(self, waiter: asyncio.Future[Link | None]) -> None:
        if waiter.done():
            return
        self._waiters.remove(waiter)
        waiter.set_exception(
            DatabaseUnavailable(
                f"All {self._size} connections to the database were busy for {self._patience:g} s.",
                hint="Raise pool_size, or find the statements that take long.",
            )
        )

    def _forget(self, link: Link) -> None:
        self._links.discard(link)
        if self.closed and not self._links:
            self._empty.set()
        self._vacate()

    def _vacate(self) -> None:
        """Give the place of an ended connection to the first who waits, else leave it empty."""
        while self._waiters:
            waiter = self._waiters.popleft()
            if not waiter.done():
                waiter.set_result(None)
                return
        self._places -= 1

    async def _end(self, link: Link) -> None:
        try:
            # Waits for a pending cancellation: the server is told to stop the statement first.
            with suppress(*RAISED):
                await link.close(timeout=_GOODBYE)
        finally:
            self._forget(link)

    async def _reset(self, link: Link) -> None:
        try:
            await link.cleanse()
        except RAISED:
            await self._end(link)
        else:
            self.release(link)

    def _spawn(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _ended() -> DatabaseUnavailable:
    return DatabaseUnavailable("The pool of connections is closed.", hint="The application stops.")
