"""Lending connections: which one is given to whom, and how a connection ends."""

import asyncio
from collections.abc import Coroutine, Mapping
from contextlib import suppress
from time import perf_counter
from typing import Final

from fraiseql.database.admission import Admission, Usage, Waiter
from fraiseql.database.connecting import Connector
from fraiseql.database.failures import RAISED
from fraiseql.database.identity import Identity
from fraiseql.database.latency import UNTIMED, Latency, Priority
from fraiseql.database.link import Link
from fraiseql.errors import DatabaseUnavailable

_GOODBYE = 5.0
"""Seconds that a connection is given to end in good order before it is cut."""

_KEY: Final = Priority.KEY
"""Looked up once: it stands in every statement."""

_FOR: Final = ("", " that lists may have", " that slow statements may have")


class Lender:
    """Keeps at most ``size`` connections; who finds none free waits in the queue of its class.

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
        self._free: list[Link] = []
        self._links: set[Link] = set()
        self._admission = Admission(size, share)
        self._tasks: set[asyncio.Task[None]] = set()
        self._empty = asyncio.Event()

    def take(self, identity: Identity, latency: Latency = UNTIMED) -> Link | None:
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
            link = free.pop() if free[-1].identity is identity else free.pop(self._best(identity))
            if not link.is_closed():
                if priority is not _KEY:
                    self._enter(link, priority)
                link.latency = latency
                link.since = perf_counter()
                return link
            self._forget(link)
        return None

    @property
    def has_room(self) -> bool:
        """Whether a connection can be had without waiting for those that others have."""
        return bool(self._free) or self._places < self._size

    def usage(self) -> Mapping[Priority, Usage]:
        """Return how many connections each class holds and waits for."""
        return self._admission.usage(self._places - len(self._free))

    async def obtain(self, latency: Latency = UNTIMED) -> Link:
        """Make a connection if there is room for one, else wait for one in turn.

        Args:
            latency: Of the statement that is to run.

        Raises:
            DatabaseUnavailable: None could be made, or none came back in time.
        """
        if self.closed:
            raise _ended()
        link = await self._obtain(latency)
        link.latency = latency
        link.since = perf_counter()
        return link

    async def _obtain(self, latency: Latency) -> Link:
        priority = latency.priority
        if self._places < self._size and self._admission.admits(priority):
            self._places += 1
            self._admission.enter(priority)
            return await self._open(priority)
        waiter = await self._wait(latency)
        link = waiter.future.result()
        if link is None:
            return await self._open(waiter.priority)
        return await self._renew(link) if link.is_closed() else link

    async def replace(self, lost: Link) -> Link:
        """Make a connection in the place of one that is lost, for the same statement."""
        link = await self._renew(lost)
        link.latency = lost.latency
        link.since = perf_counter()
        return link

    async def _renew(self, lost: Link) -> Link:
        lost.terminate()
        self._links.discard(lost)
        return await self._open(lost.priority)

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
            self._retire(self._free.pop())

    def release(self, link: Link) -> None:
        """Hand a clean connection to the first who may have it, else keep it."""
        link.latency.add(perf_counter() - link.since)
        self._return(link)

    def _return(self, link: Link) -> None:
        if link.generation != self._generation or self.closed:
            self._retire(link)
            return
        if link.priority is not _KEY:
            self._admission.leave(link.priority)
            link.priority = _KEY
        self._free.append(link)
        if self._admission.waiting:
            self._serve()

    def put_back(self, link: Link) -> None:
        """Keep a connection after an error that the server reported, if its state is known."""
        if link.is_closed() or link.identity is None or link.is_in_transaction():
            self.discard(link)
        else:
            link.latency.add_failed(perf_counter() - link.since)
            self._return(link)

    def cleanse(self, link: Link, *, failed: bool = False) -> None:
        """Keep a connection that ran SQL of others, once a reset in the background is through."""
        add = link.latency.add_failed if failed else link.latency.add
        add(perf_counter() - link.since)
        if link.is_closed() or link.tainted:
            self._retire(link)
        else:
            self._spawn(self._reset(link))

    def discard(self, link: Link) -> None:
        """End a connection in the background, and the statement that may still run on it."""
        link.latency.add_failed(perf_counter() - link.since)
        self._retire(link)

    def _retire(self, link: Link) -> None:
        if link.is_closed():
            self._forget(link)
        else:
            self._spawn(self._end(link))

    async def close(self) -> None:
        """End every connection; those still lent are given a few seconds to come back."""
        self.closed = True
        for waiter in self._admission.drain():
            waiter.future.set_exception(_ended())
        while self._free:
            self._retire(self._free.pop())
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

    def _enter(self, link: Link, priority: Priority) -> None:
        link.priority = priority
        self._admission.enter(priority)

    async def _open(self, priority: Priority) -> Link:
        """Make a connection for a place that is already counted, for its class too."""
        try:
            link = await self._connect()
        except BaseException:
            self._vacate(priority)
            raise
        link.priority = priority
        self._links.add(link)
        if self.closed:
            self._retire(link)
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
                link = self._free.pop()
                self._enter(link, waiter.priority)
                waiter.future.set_result(link)
            else:
                self._places += 1
                self._admission.enter(waiter.priority)
                waiter.future.set_result(None)

    def _forget(self, link: Link) -> None:
        self._links.discard(link)
        if self.closed and not self._links:
            self._empty.set()
        self._vacate(link.priority)

    def _vacate(self, priority: Priority) -> None:
        """Give the place of an ended connection to the first who may have it, else leave it."""
        self._admission.leave(priority)
        self._places -= 1
        if self._admission.waiting:
            self._serve()

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
            self._return(link)

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
