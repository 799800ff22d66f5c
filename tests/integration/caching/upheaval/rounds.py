"""Rounds: after each random change, two processes answer what a new session reads."""

import asyncio
import json
import random
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import asyncpg

from fraiseql.caching.results.rights import grant
from fraiseql.database import open_pool
from fraiseql.database.writing import open_writer
from fraiseql.events import Timings
from fraiseql.serving import Request
from fraiseql.settings import Settings
from tests.integration.caching.upheaval.actors import ACTORS, Chance
from tests.integration.caching.upheaval.application import deployed
from tests.integration.caching.upheaval.tables import (
    LOGIN,
    QUESTIONS,
    REQUEST,
    ROLES,
    TABLES,
    Question,
)
from tests.integration.serving.results.kept import applied

DEPLOY = "deploy"
SIDE_BY_SIDE = 3


@dataclass
class Seen:
    """What a round met.

    Attributes:
        changes: Transactions by actor; refused ones under ``refused``.
        comparisons: Answers that were compared.
        outcomes: Of root fields with a cache.
        wrong: What was answered, and what is right.
    """

    changes: Counter[str] = field(default_factory=Counter)
    comparisons: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)


@dataclass
class Process:
    """One process of the application.

    Attributes:
        service: Its serving road.
        factor: The constant of its code.
        settings: How often settings had been changed when it began.
    """

    service: Any
    factor: int
    settings: int


class Upheaval:
    """One round.

    Args:
        url: Address as superuser.
        seed: Decides every choice.
        actors: Names of those that take part; ``deploy`` among them.
    """

    def __init__(self, url: str, seed: int, actors: Iterable[str]) -> None:
        self.url = url
        self.login = url.replace("postgres@", f"{LOGIN}@")
        self.seen = Seen()
        self._random = random.Random(seed)
        self._actors = sorted(actors)
        self._settings = 0
        self._processes: list[Process] = []
        self._last = ""

    async def run(self, seconds: float) -> Seen:
        """Change and compare until the time is over, or something is wrong."""
        admin = await asyncpg.connect(self.url)
        try:
            chance = await self._made(admin)
            for _ in range(2):
                self._processes.append(await self._begun(1))
            await self._compare()
            end = time.monotonic() + seconds
            while time.monotonic() < end and not self.seen.wrong:
                await self._change(admin, chance)
                await self._compare()
        finally:
            for process in self._processes:
                await process.service.stop()
            await _cleared(admin)
            await admin.close()
        return self.seen

    async def _made(self, admin: asyncpg.Connection) -> Chance:
        await _cleared(admin)
        await admin.execute("CREATE SCHEMA IF NOT EXISTS public")
        await admin.execute(";".join(f"CREATE ROLE {role} LOGIN" for role in ROLES))
        names = ", ".join(ROLES)
        await admin.execute(f"GRANT USAGE, CREATE ON SCHEMA public TO {names}")
        await admin.execute(f"GRANT {REQUEST} TO {LOGIN}")
        await admin.execute(TABLES)
        await applied(self.url, deployed(self.url, 1).service.schema)
        await admin.execute("GRANT SELECT ON ALL TABLES IN SCHEMA public TO PUBLIC")
        pool = await open_pool(self.url, Settings())
        try:
            async with open_writer(pool) as writer:
                await grant(writer, LOGIN)
        finally:
            await pool.close()
        name = await admin.fetchval("SELECT current_database()")
        return Chance(self._random, admin.get_server_version().major, name)

    async def _begun(self, factor: int) -> Process:
        service = deployed(self.login, factor).service
        await service.start()
        return Process(service, factor, self._settings)

    async def _change(self, admin: asyncpg.Connection, chance: Chance) -> None:
        name = self._random.choice(self._actors)
        if name == DEPLOY:
            await self._deploy()
            return
        statements = ACTORS[name](chance)
        self._last = f"{name}: {'; '.join(statements)}"
        try:
            async with admin.transaction():
                for statement in statements:
                    await admin.execute(statement)
        except asyncpg.PostgresError as error:
            if name in ("partitions", "definitions"):
                raise
            self.seen.changes[f"{name} refused {error.sqlstate}"] += 1
            return
        self.seen.changes[name] += 1
        if name == "settings":
            # A running process has connections with the settings of before; a new one has none.
            self._settings += 1
            await self._deploy()

    async def _deploy(self) -> None:
        """End one of the two processes, and begin one with other code."""
        number, factor = self._random.randrange(2), self._random.randint(1, 3)
        old = self._processes[number]
        self._processes[number] = await self._begun(factor)
        await old.service.stop()
        self.seen.changes[DEPLOY] += 1
        self._last += f"; process {number} has the factor {factor}"

    async def _compare(self) -> None:
        for question in QUESTIONS:
            for role in (None, REQUEST):
                right = await self._right(question, role)
                for process in self._processes:
                    await self._compared(process, question, role, right)

    async def _compared(
        self, process: Process, question: Question, role: str | None, right: str | None
    ) -> None:
        sure = not question.settings or process.settings == self._settings
        value = None if right is None else json.loads(right.replace("{factor}", "1"))
        if question.name == "scaled" and value is not None:
            value *= process.factor
        for _ in range(2):
            together = [self._asked(process, question, role) for _ in range(SIDE_BY_SIDE)]
            for given in await asyncio.gather(*together):
                self.seen.comparisons += 1
                if sure and given != value:
                    self.seen.wrong.append(
                        f"after {self._last}: {question.name} as {role}: {given}, not {value}"
                    )

    async def _asked(self, process: Process, question: Question, role: str | None) -> Any:
        """Return what a process answers; None for an error."""
        request = Request(f"{{ {question.name} {question.selection} }}")
        context = {} if role is None else {"role": role}
        response = await process.service.execute(request, context, Timings())
        if response.cached is not None:
            told = response.cached.answers.values()
            self.seen.outcomes.update(answered.outcome for answered in told)
        answer = json.loads(bytes(response.body))
        return None if "errors" in answer else answer["data"][question.name]

    async def _right(self, question: Question, role: str | None) -> str | None:
        """Return what a session reads that has just begun, and has no plan of before."""
        connection = await asyncpg.connect(self.login)
        try:
            if role is not None:
                await connection.execute(f"SET ROLE {role}")
            return await connection.fetchval(question.sql.replace("{factor}", "1"))
        except asyncpg.InsufficientPrivilegeError:
            return None
        finally:
            await connection.close()


async def _cleared(admin: asyncpg.Connection) -> None:
    """Take away what a round made: roles outlive databases."""
    name = await admin.fetchval("SELECT current_database()")
    await admin.execute(f'ALTER DATABASE "{name}" RESET ALL')
    await admin.execute("DROP SCHEMA IF EXISTS fraiseql, public CASCADE; CREATE SCHEMA public")
    found = await admin.fetch("SELECT rolname FROM pg_roles WHERE rolname = ANY($1)", list(ROLES))
    names = ", ".join(row["rolname"] for row in found)
    if names:
        await admin.execute(f"DROP OWNED BY {names} CASCADE; DROP ROLE {names}")
