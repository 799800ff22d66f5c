"""Rounds: after each random change, two processes answer as a new session reads."""

import asyncio
import json
import random
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import asyncpg

from fraiseql.events import Timings
from fraiseql.schema import Schema
from fraiseql.serving import Request
from tests.integration.caching.upheaval.actors import (
    ACTORS,
    ALONE,
    OF_SETTINGS,
    Chance,
    look_around,
)
from tests.integration.caching.upheaval.application import Process, deployed
from tests.integration.caching.upheaval.setup import cleared, declared, set_up
from tests.integration.caching.upheaval.tables import LOGIN, QUESTIONS, REQUEST, Question

DEPLOY = "deploy"
SIDE_BY_SIDE = 3
_DATABASE = "SELECT current_database()"
APPLIED = 1 / 4
"""Deploys before which the declarations are applied."""


@dataclass
class Seen:
    """Outcome of a round.

    Attributes:
        changes: Transactions by actor; refused ones under ``refused``.
        comparisons: Answers that were compared.
        unsure: Answers that another change came between.
        outcomes: Of root fields with a cache.
        wrong: Wrong answers, with the right ones.
    """

    changes: Counter[str] = field(default_factory=Counter)
    comparisons: int = 0
    unsure: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)


class Upheaval:
    """One round.

    Args:
        url: Address as superuser.
        seed: Decides every choice.
        actors: Names of those that take part; ``deploy`` among them.
        store: Where the answers of most queries are stored.
        redis_url: Address of the store ``redis``.
    """

    def __init__(
        self,
        url: str,
        seed: int,
        actors: Iterable[str],
        store: str = "unlogged",
        redis_url: str = "",
    ) -> None:
        self.url = url
        self._store = store, redis_url
        self.login = url.replace("postgres@", f"{LOGIN}@")
        self.seen = Seen()
        self._random = random.Random(seed)
        self._actors = sorted(actors)
        self._settings = 0
        self._processes: list[Process] = []
        self._last = ""

    async def run(self, seconds: float) -> Seen:
        """Change and compare until the time is over, or something is wrong."""
        async with self._begun_round() as (admin, chance):
            end = time.monotonic() + seconds
            while time.monotonic() < end and not self.seen.wrong:
                await self._change(admin, chance)
                await self._compare()
        return self.seen

    @asynccontextmanager
    async def _begun_round(self) -> AsyncIterator[tuple[asyncpg.Connection, Chance]]:
        admin = await asyncpg.connect(self.url)
        try:
            await set_up(admin, self.url, self._schema())
            major, name = admin.get_server_version().major, await admin.fetchval(_DATABASE)
            chance = Chance(self._random, major, name)
            for _ in range(2):
                self._processes.append(await self._begun(1))
            await self._compare()
            yield admin, chance
        finally:
            for process in self._processes:
                await process.service.stop()
            await cleared(admin)
            await admin.close()

    def _schema(self) -> Schema:
        return deployed(self.url, 1, *self._store).service.schema

    async def _begun(self, factor: int) -> Process:
        service = deployed(self.login, factor, *self._store).service
        await service.start()
        return Process(service, factor, self._settings)

    async def _change(self, admin: asyncpg.Connection, chance: Chance) -> None:
        name = self._random.choice(self._actors)
        if name == DEPLOY:
            await self._deploy()
            return
        await look_around(chance, admin)
        statements = ACTORS[name](chance)
        self._last = f"{name}: {'; '.join(statements)}"
        moment = await admin.fetchval("SELECT clock_timestamp()::text")
        try:
            if name in ALONE:
                for statement in statements:
                    await admin.execute(statement)
            else:
                await in_one(admin, statements)
        except asyncpg.PostgresError as error:
            self._refused(name, error)
            return
        self.seen.changes[name] += 1
        if name == "server":
            await self._reloaded(moment)
        if name in OF_SETTINGS:
            # A running process has connections with the settings of before; a new one has none.
            self._settings += 1
            await self._deploy()

    def _refused(self, name: str, error: asyncpg.PostgresError) -> None:
        if name not in ("write", "merge", "rights"):
            raise error
        self.seen.changes[f"{name} refused {error.sqlstate}"] += 1

    async def _reloaded(self, moment: str) -> None:
        """Wait until new sessions begin with the server's files as they are now."""
        read = f"SELECT 'yes' WHERE pg_conf_load_time() > '{moment}'"
        while await self._right(read, None) is None:
            pass

    async def _deploy(self) -> None:
        """End one of the two processes, and begin one with other code."""
        number, factor = self._random.randrange(2), self._random.randint(1, 3)
        old = self._processes[number]
        if self._random.random() < APPLIED:
            await declared(self.url, self._schema())
        self._processes[number] = await self._begun(factor)
        await old.idle.wait()
        await old.service.stop()
        self.seen.changes[DEPLOY] += 1
        self._last += f"; process {number} has the factor {factor}"

    async def _compare(self) -> None:
        for question in QUESTIONS:
            for role in (None, REQUEST):
                right = await self._right(question.sql, role)
                for process in self._processes:
                    await self._compared(process, question, role, right)

    async def _compared(
        self, process: Process, question: Question, role: str | None, right: str | None
    ) -> None:
        sure = not question.settings or process.settings == self._settings
        value = value_of(right, question, process)
        for _ in range(2):
            together = [self._asked(process, question, role) for _ in range(SIDE_BY_SIDE)]
            for answer in await asyncio.gather(*together):
                self.seen.comparisons += 1
                if sure and answer != value:
                    self._wrong(question, role, answer, value)

    def _wrong(self, question: Question, role: str | None, answer: Any, value: Any) -> None:
        self.seen.wrong.append(
            f"after {self._last}: {question.name} as {role}: {answer}, not {value}"
        )

    async def _asked(self, process: Process, question: Question, role: str | None) -> Any:
        """Return the answer of a process; None for an error."""
        request = Request(f"{{ {question.name} {question.selection} }}")
        context = {} if role is None else {"role": role}
        with process.serving_request():
            response = await process.service.execute(request, context, Timings())
        if response.cached is not None:
            results = response.cached.answers.values()
            self.seen.outcomes.update(answered.outcome for answered in results)
        answer = json.loads(bytes(response.body))
        return None if "errors" in answer else answer["data"][question.name]

    async def _right(self, sql: str, role: str | None) -> str | None:
        """Return the rows of a new session, which has no plans."""
        connection = await asyncpg.connect(self.login)
        try:
            if role is not None:
                await connection.execute(f"SET ROLE {role}")
            return await connection.fetchval(sql.replace("{factor}", "1"))
        except asyncpg.InsufficientPrivilegeError:
            return None
        finally:
            await connection.close()


async def in_one(connection: asyncpg.Connection, statements: Iterable[str]) -> None:
    """Run statements in one transaction."""
    async with connection.transaction():
        for statement in statements:
            await connection.execute(statement)


def value_of(right: str | None, question: Question, process: Process) -> Any:
    """Return the right answer for the result of SQL."""
    value = None if right is None else json.loads(right)
    return value * process.factor if question.name == "scaled" and value is not None else value
