"""Changes and requests, all at the same time."""

import asyncio
import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import asyncpg

from tests.integration.caching.upheaval.actors import ACTORS, Chance, look_around
from tests.integration.caching.upheaval.rounds import Seen, Upheaval, in_one, value_of
from tests.integration.caching.upheaval.tables import QUESTIONS, REQUEST

WRITERS, ASKERS = 2, 3
BURST, QUIET = 0.3, 0.5
"""Seconds in which there are changes, and then none: time for hits."""

Done = Callable[[], bool]


class Together(Upheaval):
    """One round in which requests run while others write and define.

    An answer is compared where the database gives the same before and after the request, and no
    two changes came between, of which the second one may have taken back the first one.
    """

    _started = 0
    _running = 0

    async def run(self, seconds: float) -> Seen:
        """Change and compare until the time is over, or something is wrong."""
        async with self._begun_round() as (admin, chance):
            end = time.monotonic() + seconds

            def done() -> bool:
                return time.monotonic() > end or bool(self.seen.wrong)

            seeds = [self._random.random() for _ in range(WRITERS + ASKERS)]
            async with asyncio.TaskGroup() as group:
                group.create_task(self._change_all(admin, chance, done))
                for seed in seeds[:WRITERS]:
                    group.create_task(self._write(random.Random(seed), chance, done))
                for seed in seeds[WRITERS:]:
                    group.create_task(self._ask_all(random.Random(seed), done))
            self._last = "all is still"
            if not self.seen.wrong:
                await self._compare()
        return self.seen

    async def _change_all(self, admin: asyncpg.Connection, chance: Chance, done: Done) -> None:
        while not done():
            await _burst()
            with self._changing():
                await self._change(admin, chance)

    def _refused(self, name: str, error: asyncpg.PostgresError) -> None:
        self.seen.changes[f"{name} refused {error.sqlstate}"] += 1

    async def _write(self, rule: random.Random, of: Chance, done: Done) -> None:
        connection = await asyncpg.connect(self.url, server_settings={"lock_timeout": "5s"})
        chance = Chance(rule, of.major, of.database)
        try:
            while not done():
                await _burst()
                await look_around(chance, connection)
                name = rule.choice(("write", "merge"))
                try:
                    with self._changing():
                        await in_one(connection, ACTORS[name](chance))
                    self.seen.changes[name] += 1
                except asyncpg.PostgresError as error:
                    self._refused(name, error)
                await asyncio.sleep(rule.uniform(0, 0.05))
        finally:
            await connection.close()

    @contextmanager
    def _changing(self) -> Iterator[None]:
        self._started += 1
        self._running += 1
        try:
            yield
        finally:
            self._running -= 1

    async def _ask_all(self, rule: random.Random, done: Done) -> None:
        while not done():
            await self._ask(rule)

    async def _ask(self, rule: random.Random) -> None:
        question, role = rule.choice(QUESTIONS), rule.choice((None, REQUEST))
        process, settings = rule.choice(self._processes), self._settings
        started = self._started - self._running
        try:
            with process.serving_request():
                before = await self._right(question.sql, role)
                answer = await self._asked(process, question, role)
                after = await self._right(question.sql, role)
        except asyncpg.PostgresError:
            # Reading an object while it is dropped or defined may fail.
            self.seen.unsure += 1
            return
        same = not question.settings or process.settings == settings == self._settings
        same = same and self._started - started <= 1
        # A failure is no wrong answer, but must not show hidden rows.
        if before != after or not same or answer is None:
            self.seen.unsure += 1
            return
        self.seen.comparisons += 1
        value = value_of(after, question, process)
        if answer != value:
            self._wrong(question, role, answer, value)


async def _burst() -> None:
    moment = time.monotonic() % (BURST + QUIET)
    if moment > BURST:
        await asyncio.sleep(BURST + QUIET - moment)
