"""Worker: one task that does the background jobs of an application, on a connection of its own."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from fraiseql.caching.refresh.ground import Ground
from fraiseql.caching.refresh.jobs import Job, load_ground, wanted_jobs
from fraiseql.database import open_pool
from fraiseql.database.writing import AdminConnection, open_admin, server_message
from fraiseql.errors import FraiseQLError, sqlstate_of
from fraiseql.events import logger
from fraiseql.schema import Schema
from fraiseql.settings import Settings

_FIRST_PAUSE: Final = 0.5
_LONGEST_PAUSE: Final = 30.0


class Worker:
    """Does what is due until it is stopped; whatever fails is logged once and tried again.

    Nothing is held between two looks: no transaction, no lock of the session, no LISTEN; so it
    works through a pooler, and any number of processes may each have one.

    Args:
        schema: Everything declared.
        settings: Address of the database.
    """

    def __init__(self, schema: Schema, settings: Settings) -> None:
        self._schema = schema
        self._settings = replace(settings, pool_size=1)
        self._task: asyncio.Task[None] | None = None
        self._told: set[tuple[str, str]] = set()

    async def start(self) -> None:
        """Begin, if anything that is declared needs it; returns at once and raises nothing."""
        jobs = wanted_jobs(self._schema)
        if jobs and (self._task is None or self._task.done()):
            self._task = asyncio.get_running_loop().create_task(self._run_side_by_side(jobs))
            self._task.add_done_callback(_tell_end)

    async def stop(self) -> None:
        """End now: a statement that runs is given up, and its transaction rolled back."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.wait([task])

    async def run(self) -> None:
        """Work until cancelled, as a process of its own does."""
        await self._run_side_by_side(wanted_jobs(self._schema))

    async def _run_side_by_side(self, jobs: Sequence[Job]) -> None:
        """Run the quick jobs in turn, and beside them each one that takes long."""
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
                self._tell("worker", error)
            pause = _FIRST_PAUSE if clock() - begun > _LONGEST_PAUSE else pause
            await asyncio.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE)

    async def _connected(self, jobs: Sequence[Job]) -> None:
        """Work on one connection, until it is lost or declarations must be looked at anew."""
        pool = await open_pool(self._settings.database_url, self._settings)
        try:
            ground = await load_ground(self._schema, pool)
            async with open_admin(pool) as connection:
                while await self._tended(jobs, ground, connection):
                    pass
        finally:
            await pool.close()

    async def _tended(
        self, jobs: Sequence[Job], ground: Ground, connection: AdminConnection
    ) -> bool:
        """Do each job once and wait for the next time; false when all is to be loaded again."""
        looks = []
        for job in jobs:
            try:
                look = await job.run(ground, connection)
                if look is None:
                    return False
                looks.append(look)
            except FraiseQLError as error:
                self._tell(job.name, error)
                if not connection.usable:
                    return False
                looks.append(_FIRST_PAUSE)
        await asyncio.sleep(min(looks))
        return True

    def _tell(self, job: str, error: FraiseQLError) -> None:
        """Log a failure the first time that its kind is met."""
        kind = (job, sqlstate_of(error) or error.code)
        if kind not in self._told:
            self._told.add(kind)
            said = server_message(error)
            logger.warning("Background work (%s) failed and is tried again: %s", job, said)


def _tell_end(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and task.exception() is not None:
        logger.error("The background worker ended.", exc_info=task.exception())
