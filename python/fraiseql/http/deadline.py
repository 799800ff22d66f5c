"""Deadlines of requests, and cancellation when the client disconnects.

A fast request costs no timer and no task: one shared clock finds those that became slow.
"""

import asyncio
from enum import Enum, auto
from typing import Final

from fraiseql.http.asgi import Receive

_TICK: Final = 0.05
"""Seconds between two checks of the running requests."""

_MOST_MESSAGES: Final = 8


class Ending(Enum):
    """Why a request was cancelled."""

    EXPIRED = auto()
    CLIENT_GONE = auto()


class DeadlineClock:
    """Ticks while requests run, and calls ``turn_slow`` of those older than a tick."""

    __slots__ = ("_fresh", "_loop", "_timer", "_waiting")

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._fresh: set[Deadline] = set()
        self._waiting: set[Deadline] = set()

    def add(self, deadline: "Deadline", loop: asyncio.AbstractEventLoop) -> None:
        """Call ``deadline.turn_slow`` when its request is no longer fast."""
        if self._timer is None or self._loop is not loop:
            # Another loop: the server was restarted in the process, or a test uses a new loop.
            self._loop = loop
            self._timer = loop.call_later(_TICK, self._tick)
        self._fresh.add(deadline)

    def remove(self, deadline: "Deadline") -> None:
        """Forget a request that has ended."""
        self._fresh.discard(deadline)
        self._waiting.discard(deadline)

    def _tick(self) -> None:
        slow, self._waiting, self._fresh = self._waiting, self._fresh, set()
        for deadline in slow:
            deadline.turn_slow()
        self._timer = None
        if self._waiting and self._loop is not None:
            self._timer = self._loop.call_later(_TICK, self._tick)


class Deadline:
    """Cancels the task of a request at its deadline or when its client disconnects.

    Args:
        seconds: Time until the request is cancelled; 0 means no limit.
        clock: The application's clock.

    Attributes:
        ending: Why the request was cancelled; None if it was not.
    """

    __slots__ = (
        "_cancelled_before",
        "_clock",
        "_loop",
        "_receive",
        "_seconds",
        "_slow",
        "_start",
        "_task",
        "_timer",
        "_watcher",
        "ending",
    )

    def __init__(self, seconds: float, clock: DeadlineClock) -> None:
        loop = asyncio.get_running_loop()
        self.ending: Ending | None = None
        self._clock = clock
        self._loop = loop
        self._seconds = seconds
        self._start = loop.time()
        self._receive: Receive | None = None
        self._slow = False
        self._task = asyncio.current_task(loop)
        self._timer: asyncio.TimerHandle | None = None
        self._watcher: asyncio.Task[None] | None = None
        self._cancelled_before = 0
        if 0 < seconds <= 2 * _TICK:
            # The next tick may be too late for such a short limit.
            self.turn_slow()
        else:
            clock.add(self, loop)

    def watch(self, receive: Receive) -> None:
        """Watch ``receive`` for a disconnect; call it after the body was read."""
        self._receive = receive
        if self._slow:
            self._start_watching()

    def close(self) -> None:
        """Stop timer and watcher, and undo our own cancellation.

        If the task was cancelled from elsewhere too, that counts: ``ending`` is None.
        """
        if not self._slow:
            self._clock.remove(self)
            return
        if self._timer is not None:
            self._timer.cancel()
        if self._watcher is not None:
            self._watcher.cancel()
        if (
            self.ending is not None
            and self._task is not None
            and self._task.uncancel() > self._cancelled_before
        ):
            self.ending = None

    def turn_slow(self) -> None:
        """Start the timer and the watcher."""
        self._slow = True
        if self._seconds > 0:
            self._timer = self._loop.call_at(self._start + self._seconds, self._end, Ending.EXPIRED)
        if self._receive is not None:
            self._start_watching()

    def _start_watching(self) -> None:
        self._watcher = self._loop.create_task(self._watch())

    async def _watch(self) -> None:
        if self._receive is None:
            return
        # The empty body of a GET comes first. The bound is for a middleware that replays a body
        # endlessly; then only the deadline ends the request.
        for _ in range(_MOST_MESSAGES):
            message = await self._receive()
            if message["type"] == "http.disconnect":
                self._end(Ending.CLIENT_GONE)
                return

    def _end(self, ending: Ending) -> None:
        if self.ending is None and self._task is not None:
            self.ending = ending
            self._cancelled_before = self._task.cancelling()
            self._task.cancel()
