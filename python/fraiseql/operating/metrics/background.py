"""Lines of ``/metrics`` that are read in the background of scrapes."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from time import monotonic

from fraiseql.errors import FraiseQLError
from fraiseql.events import logger


class BackgroundLines:
    """The lines of the last reading; a scrape begins the next one, and does not wait for it.

    Without scrapes nothing is read.

    Args:
        subject: The subject of the lines, for the log.
        seconds: Seconds after which a scrape reads again.
        read: Reads the lines.
    """

    def __init__(
        self, subject: str, seconds: float, read: Callable[[], Awaitable[Sequence[str]]]
    ) -> None:
        self._subject = subject
        self._seconds = seconds
        self._read = read
        self._lines: Sequence[str] = ()
        self._read_at = float("-inf")
        self._task: asyncio.Task[None] | None = None

    def lines(self) -> Sequence[str]:
        """Return the lines of ``/metrics``, and begin to read those of a later call."""
        idle = self._task is None or self._task.done()
        if idle and monotonic() - self._read_at >= self._seconds:
            self._task = asyncio.get_running_loop().create_task(self.read())
        return self._lines

    async def start(self) -> None:
        """Do nothing: the first scrape begins."""

    async def stop(self) -> None:
        """End a running read."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.wait([task])

    async def read(self) -> None:
        """Read the values; a failure is logged, and there are no values until the next read."""
        self._read_at = monotonic()
        try:
            self._lines = await self._read()
        except FraiseQLError as error:
            self._lines = ()
            logger.info("The metrics of %s cannot be read: %s", self._subject, error)
