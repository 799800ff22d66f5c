"""Periodic readings of a tab's contents while the page is open."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from itertools import count
from time import monotonic, time
from typing import Final

from fraiseql.errors import FraiseQLError
from fraiseql.events import logger
from fraiseql.operating.ops.tables import TabContents

_MILLI: Final = 1_000

_versions: Final = count(1)


class TabReading:
    """The last contents of one tab, and the task that reads the next ones.

    However many look at the page, the database is read once in an interval.

    Args:
        name: Name of the tab in addresses.
        title: Title of the tab.
        seconds: The interval.
        read: Reads the contents.

    Attributes:
        contents: The last contents; None before the first reading.
        at: Its time in seconds since 1970; 0 before.
        version: Number of the reading among all of the process; 0 before.
        took: Its duration in milliseconds.
        failed: Whether it failed.
    """

    def __init__(
        self, name: str, title: str, seconds: float, read: Callable[[], Awaitable[TabContents]]
    ) -> None:
        self.name = name
        self.title = title
        self.contents: TabContents | None = None
        self.at = 0.0
        self.version = 0
        self.took = 0.0
        self.failed = False
        self._seconds = seconds
        self._read = read
        self._due = float("-inf")
        self._task: asyncio.Task[None] | None = None

    def begin(self) -> asyncio.Task[None] | None:
        """Begin to read unless the contents are new; return the running task."""
        idle = self._task is None or self._task.done()
        if idle and monotonic() >= self._due:
            self._task = asyncio.get_running_loop().create_task(self._take())
        return None if self._task is None or self._task.done() else self._task

    def expire(self) -> None:
        """Have the next call of ``begin`` read."""
        self._due = float("-inf")

    async def stop(self) -> None:
        """End a running reading."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.wait([task])

    async def _take(self) -> None:
        start = monotonic()
        try:
            contents, self.failed = await self._read(), False
        except FraiseQLError as error:
            contents = TabContents(notes=[note for note in (error.message, error.hint) if note])
            self.failed = True
        except Exception as error:  # noqa: BLE001 - one tab that fails must not end the others.
            logger.exception("The tab %s of the ops page failed.", self.name, exc_info=error)
            contents, self.failed = TabContents(notes=["Internal error; see the log."]), True
        self._due = monotonic() + self._seconds
        self.took = (monotonic() - start) * _MILLI
        self.contents = contents
        self.at = time()
        self.version = next(_versions)


async def begin_all(readings: Sequence[TabReading], patience: float) -> None:
    """Begin the readings that are due, and wait for them for ``patience`` seconds at most."""
    tasks = [task for task in [reading.begin() for reading in readings] if task is not None]
    if tasks:
        await asyncio.wait(tasks, timeout=patience)
