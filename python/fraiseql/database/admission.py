"""Admission control: queues of statements that wait for connections."""

import asyncio
from bisect import insort
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Final

from fraiseql.database.connection import Connection
from fraiseql.database.latency import Latency, Priority
from fraiseql.errors import ConfigurationError

_PASSED: Final = 16
"""Times that other classes go before a ready class until it has a turn."""


@dataclass(slots=True, eq=False)
class Waiter:
    """A statement that waits for a connection.

    Attributes:
        number: Order of arrival.
        latency: Latency of the statement.
        priority: Class in which it waits.
        future: Receives the connection, or None for permission to open one.
    """

    number: int
    latency: Latency
    priority: Priority
    future: asyncio.Future[Connection | None]


@dataclass(frozen=True, slots=True)
class Usage:
    """Connections of one class of statements.

    Attributes:
        held: Connections in use.
        waiting: Statements that wait.
        limit: Maximum connections in use.
    """

    held: int
    waiting: int
    limit: int


class Admission:
    """Queues of a pool: first in, first out, for each class of statements.

    Slow statements never hold the reserved connections; lists and slow statements together leave
    one of those to reads by key. Within these limits reads by key go first, then lists, then slow
    statements; a class that has waited for many others has a turn, so that none starves.

    Args:
        size: Connections of the pool.
        share: Share of them that is reserved; see ``reserved_connections``.

    Attributes:
        waiting: Number of waiting statements.
    """

    def __init__(self, size: int, share: float) -> None:
        reserved = reserved_connections(size, share)
        self.limits: Final = (size, size - min(1, reserved), size - reserved)
        self.waiting = 0
        self._held = [0, 0, 0]
        self._passed = [0, 0, 0]
        self._arrived = 0
        self._queues: tuple[deque[Waiter], ...] = (deque(), deque(), deque())

    def admits(self, priority: Priority) -> bool:
        """Return whether a statement of a class may take a free connection."""
        if priority is Priority.KEY:
            return True
        _, lists, slow = self._held
        _, most, most_slow = self.limits
        return lists + slow < most and (priority is Priority.LIST or slow < most_slow)

    def enter(self, priority: Priority) -> None:
        """Count an acquired connection; those of reads by key are the remainder."""
        if priority is not Priority.KEY:
            self._held[priority] += 1

    def leave(self, priority: Priority) -> None:
        """Count a released connection."""
        if priority is not Priority.KEY:
            self._held[priority] -= 1

    def join(self, latency: Latency, future: asyncio.Future[Connection | None]) -> Waiter:
        """Append a statement to its queue."""
        self._arrived += 1
        waiter = Waiter(self._arrived, latency, latency.priority, future)
        self._queues[waiter.priority].append(waiter)
        self.waiting += 1
        return waiter

    def drop(self, waiter: Waiter) -> None:
        """Remove a statement from its queue, if it is still there."""
        queue = self._queues[waiter.priority]
        if waiter in queue:
            queue.remove(waiter)
            self.waiting -= 1

    def drain(self) -> Sequence[Waiter]:
        """Remove and return all waiting statements."""
        waiters = [waiter for queue in self._queues for waiter in queue]
        for queue in self._queues:
            queue.clear()
        self.waiting = 0
        return [waiter for waiter in waiters if not waiter.future.done()]

    def next(self) -> Waiter | None:
        """Remove and return the next statement; None if none may have a connection."""
        self._sort()
        ready = [kind for kind in Priority if self._queues[kind] and self.admits(kind)]
        if not ready:
            return None
        overdue = [kind for kind in ready if self._passed[kind] >= _PASSED]
        chosen = overdue[0] if overdue else ready[0]
        for kind in ready:
            self._passed[kind] += 1
        self._passed[chosen] = 0
        return self._pop(chosen)

    def usage(self, taken: int) -> Mapping[Priority, Usage]:
        """Return the usage by class; ``taken`` is the number of all connections in use."""
        _, lists, slow = self._held
        held = (taken - lists - slow, lists, slow)
        return {
            kind: Usage(held[kind], len(self._queues[kind]), self.limits[kind]) for kind in Priority
        }

    def _sort(self) -> None:
        """Drop finished waiters, and move those whose class has changed."""
        for kind, queue in zip(Priority, self._queues, strict=True):
            while queue and (queue[0].future.done() or queue[0].latency.priority is not kind):
                waiter = self._pop(kind)
                if not waiter.future.done():
                    waiter.priority = waiter.latency.priority
                    insort(self._queues[waiter.priority], waiter, key=attrgetter("number"))
                    self.waiting += 1

    def _pop(self, kind: Priority) -> Waiter:
        self.waiting -= 1
        return self._queues[kind].popleft()


def reserved_connections(size: int, share: float) -> int:
    """Return the number of connections that slow statements never hold.

    Raises:
        ConfigurationError: ``share`` is not from 0 to 1.
    """
    if not 0 <= share < 1:
        raise ConfigurationError(
            f"The setting reserved_share is {share:g}.", hint="Use a number from 0 to below 1."
        )
    if size == 1 or share == 0:
        return 0
    # With three or more connections, one is for reads by key and another for lists.
    least = min(2, size - 1)
    return min(size - 1, max(least, int(size * share)))
