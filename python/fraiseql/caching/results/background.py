"""Bounded background writes: no response waits for an entry to be stored."""

import asyncio
from collections.abc import Coroutine
from typing import Any, Final

_MAX_TASKS: Final = 64
_MAX_BYTES: Final = 33_554_432
_STOP_TIMEOUT: Final = 5.0
"""Seconds that a stopping application waits for pending writes."""


class BackgroundWrites:
    """Pending writes of one process."""

    __slots__ = ("_size", "_tasks")

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()
        self._size = 0

    def __len__(self) -> int:
        """Return the number of pending writes."""
        return len(self._tasks)

    def has_room(self, size: int) -> bool:
        """Whether ``size`` more bytes may wait to be stored."""
        return len(self._tasks) < _MAX_TASKS and self._size + size <= _MAX_BYTES

    def start(self, work: Coroutine[Any, Any, None], size: int = 0) -> None:
        """Run work that holds ``size`` bytes and never raises."""
        self._size += size
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)

        def done(_task: asyncio.Task[None]) -> None:
            self._tasks.discard(task)
            self._size -= size

        task.add_done_callback(done)

    async def finish(self) -> None:
        """Wait for pending writes, and cancel those that take too long."""
        if not self._tasks:
            return
        _, late = await asyncio.wait(set(self._tasks), timeout=_STOP_TIMEOUT)
        for task in late:
            task.cancel()
        if late:
            await asyncio.wait(late)
