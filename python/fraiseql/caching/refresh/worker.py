"""Worker task that runs the background jobs of an application."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from fraiseql.caching.refresh.job_context import JobContext
from fraiseql.caching.refresh.jobs import Job, load_job_context, needed_jobs
from fraiseql.database import open_pool
from fraiseql.database.writing import AdminConnection, open_admin, server_message
from fraiseql.errors import FraiseQLError, sqlstate_of
from fraiseql.events import logger
from fraiseql.schema import Schema
from fraiseql.settings import Settings

_FIRST_PAUSE: Final = 0.5
_LONGEST_PAUSE: Final = 30.0


class Worker:
    """Runs jobs that are due until it is stopped; a failure is logged once and retried.

    It holds nothing between two runs: no transaction, no session lock, no LISTEN. So it works
    through a pooler, and each of any number of processes may have one.

    Args:
        schema: The declared schema.
        settings: Address of the database.
    """

    def __init__(self, schema: Schema, settings: Settings) -> None:
        self._schema = schema
        self._settings = replace(settings, pool_size=1)
        self._task: asyncio.Task[None] | None = None
        self._told: set[tuple[str, str]] = set()

    async def start(self) -> None:
        """Start, if a declaration needs it; returns at once and raises nothing."""
        jobs = needed_jobs(self._schema)
        if jobs and (self._task is None or self._task.done()):
            self._task = asyncio.get_running_loop().create_task(self._run_side_by_side(jobs))
            self._task.add_done_callback(_tell_end)

    async def stop(self) -> None:
        """Stop now: a running statement is cancelled, and its transaction rolled back."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.wait([task])

    async def run(self) -> None:
        """Run until cancelled, for a separate process."""
        await self._run_side_by_side(needed_jobs(self._schema))

    async def _run_side_by_side(self, jobs: Sequence[Job]) -> None:
        """Run the quick jobs in turn, and each long one concurrently."""
        groups = [[job for job in jobs if not job.apart], *([job] for job in jobs if job.apart)]
        async with asyncio.TaskGroup() as tasks:
            for group in filter(None, groups):
                tasks.create_task(self._run(group))

    async def _run(self, jobs: Sequence[Job]) -> None:
        pause, clock = _FIRST_PAUSE, asyncio.get_running_loop().time
        while True:
            begun = clock()
            try:
                await self._connected(jobs)
            except FraiseQLError as error:
                self._log("worker", error)
            pause = _FIRST_PAUSE if clock() - begun > _LONGEST_PAUSE else pause
            await asyncio.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE)

    async def _connected(self, jobs: Sequence[Job]) -> None:
        """Run jobs on one connection, until it is lost or the context must be loaded again."""
        pool = await open_pool(self._settings.database_url, self._settings)
        try:
            work = await load_job_context(self._schema, pool)
            async with open_admin(pool) as connection:
                while await self._tended(jobs, work, connection):
                    pass
        finally:
            await pool.close()

    async def _tended(
        self, jobs: Sequence[Job], work: JobContext, connection: AdminConnection
    ) -> bool:
        """Run each job once and wait; false if the context must be loaded again."""
        looks = []
        for job in jobs:
            try:
                look = await job.run(work, connection)
                if look is None:
                    return False
                looks.append(look)
            except FraiseQLError as error:
                self._log(job.name, error)
                if not connection.usable:
                    return False
                looks.append(_FIRST_PAUSE)
        await asyncio.sleep(min(looks))
        return True

    def _log(self, job: str, error: FraiseQLError) -> None:
        """Log the first failure of each kind."""
        kind = (job, sqlstate_of(error) or error.code)
        if kind not in self._told:
            self._told.add(kind)
            said = server_message(error)
            logger.warning("Background work (%s) failed and is tried again: %s", job, said)


def _tell_end(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and task.exception() is not None:
        logger.error("The background worker ended.", exc_info=task.exception())
