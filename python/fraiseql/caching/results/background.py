"""Puts: what is stored in the background, bounded; no response waits for it."""

import asyncio
from collections.abc import Coroutine
from typing import Any, Final

_MOST: Final = 64
_MOST_BYTES: Final = 33_554_432
_GOODBYE: Final = 5.0
"""Seconds that are waited, as an application stops, for what is being stored."""


class Puts:
    """The work of one process that nobody waits for."""

    __slots__ = ("_size", "_tasks")

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()
        self._size = 0

    def __len__(self) -> int:
        """Return how many pieces of work there are."""
        return len(self._tasks)

    def has_room(self, size: int) -> bool:
        """Whether a value of ``size`` bytes may be held until it is stored."""
        return len(self._tasks) < _MOST and self._size + size <= _MOST_BYTES

    def start(self, work: Coroutine[Any, Any, None], size: int = 0) -> None:
        """Have work done that holds ``size`` bytes meanwhile; it must not fail."""
        self._size += size
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)

        def done(_task: asyncio.Task[None]) -> None:
            self._tasks.discard(task)
            self._size -= size

        task.add_done_callback(done)

    async def finish(self) -> None:
        """Wait for what was started, some seconds at most; what takes longer is given up."""
        if not self._tasks:
            return
        _, late = await asyncio.wait(set(self._tasks), timeout=_GOODBYE)
        for task in late:
            task.cancel()
        if late:
            await asyncio.wait(late)
