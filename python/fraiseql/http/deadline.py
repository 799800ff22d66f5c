"""Deadline: ends a request that takes too long, or whose client has gone.

A fast request pays for one timer; only a slow one is watched.
"""

import asyncio
from enum import Enum, auto
from typing import Final

from fraiseql.http.asgi import Receive

_FAST: Final = 0.05
"""Seconds within which a request is not watched."""

_MOST_MESSAGES: Final = 8


class Ending(Enum):
    """Why a request was cancelled."""

    EXPIRED = auto()
    CLIENT_GONE = auto()


class Deadline:
    """Cancels the task of one request at its deadline or when its client goes.

    Args:
        seconds: Time from now until the request is cancelled; 0 means no limit.

    Attributes:
        ending: Why the request was cancelled; None while it was not.
    """

    __slots__ = (
        "_cancelled_before",
        "_left",
        "_loop",
        "_receive",
        "_slow",
        "_task",
        "_timer",
        "_watcher",
        "ending",
    )

    def __init__(self, seconds: float) -> None:
        loop = asyncio.get_running_loop()
        self.ending: Ending | None = None
        self._left = seconds
        self._loop = loop
        self._receive: Receive | None = None
        self._slow = False
        self._task = asyncio.current_task(loop)
        first = seconds if 0 < seconds < _FAST else _FAST
        self._timer: asyncio.TimerHandle | None = loop.call_later(first, self._turn_slow)
        self._watcher: asyncio.Task[None] | None = None
        self._cancelled_before = 0

    def watch(self, receive: Receive) -> None:
        """Watch ``receive`` for the client's leaving, from when the body has been read."""
        self._receive = receive
        if self._slow:
            self._start_watching()

    def close(self) -> None:
        """Stop timer and watcher, and take back our own cancellation.

        When the task was cancelled by someone else as well, theirs counts: ``ending`` is None.
        """
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

    def _turn_slow(self) -> None:
        self._slow = True
        self._timer = None
        if self._left > 0:
            left = max(self._left - _FAST, 0.0)
            self._timer = self._loop.call_later(left, self._end, Ending.EXPIRED)
        if self._receive is not None:
            self._start_watching()

    def _start_watching(self) -> None:
        self._watcher = self._loop.create_task(self._watch())

    async def _watch(self) -> None:
        if self._receive is None:
            return
        # A GET's empty body comes first. A middleware that replays a body without end must not
        # make this spin: such a request is held by its deadline alone.
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
