"""Work that runs once for all who wait for its next run."""

import asyncio
from collections.abc import Awaitable, Callable
from contextvars import Context


class GroupRun:
    """Runs work for a group of waiters.

    A waiter joins the next run, never one that has begun: its reads may be older than the
    waiter. One run is in progress at a time; those who arrive meanwhile share the next.

    Args:
        work: One run; returns whether it succeeded, and raises nothing but a cancellation.
    """

    __slots__ = ("_task", "_waiters", "_work")

    def __init__(self, work: Callable[[], Awaitable[bool]]) -> None:
        self._work = work
        self._waiters: list[asyncio.Future[bool]] = []
        self._task: asyncio.Task[None] | None = None

    def join(self) -> "asyncio.Future[bool]":
        """Return the future of the next run's success, for this waiter alone."""
        waiter: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._waiters.append(waiter)
        if self._task is None:
            # The run is not part of the request that happens to start it.
            self._task = asyncio.create_task(self._run_all(), context=Context())
        return waiter

    async def close(self) -> None:
        """Cancel the run in progress; its waiters and those of the next get false."""
        task = self._task
        if task is not None:
            task.cancel()
            await asyncio.wait([task])

    async def _run_all(self) -> None:
        try:
            while self._waiters:
                await self._run()
        finally:
            self._task = None
            _notify(self._waiters, succeeded=False)

    async def _run(self) -> None:
        waiters, self._waiters = self._waiters, []
        succeeded = False
        try:
            succeeded = await self._work()
        finally:
            _notify(waiters, succeeded=succeeded)


def _notify(waiters: list["asyncio.Future[bool]"], *, succeeded: bool) -> None:
    for waiter in waiters:
        if not waiter.done():
            waiter.set_result(succeeded)
