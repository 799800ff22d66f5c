"""Reader of a process's memory: a freshness check and the live answer in one snapshot."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any

import asyncpg

from fraiseql.caching.results.checks import FreshnessChecks
from fraiseql.database import Origin, StatementPair
from fraiseql.database.connection import Connection
from tests.integration.caching.results.oracle.cases import Question
from tests.integration.caching.results.oracle.env import Env, nothing
from tests.integration.caching.results.oracle.reader import Within
from tests.integration.caching.results.oracle.rounds import Running, short_pause

Pause = Callable[[], Awaitable[None]]


class CheckPool(Within):
    """The pool of freshness checks: one connection, in whose transaction they run."""

    @property
    def origin(self) -> Origin:
        return self._connection.origin

    async def close(self) -> None:
        """Leave the connection to its owner."""


class Repeated:
    """A statement that runs in the transaction of the pool's connection."""

    def __init__(self, pool: CheckPool, sql: str, answered: Callable[..., None]) -> None:
        sent = "textsend(c.snapshot), array_send(c.tags), int4send(c.backend), boolsend(c.steady)"
        sent += ", int8send(c.planned), int8send(c.read)"
        self._sql = f"SELECT {sent} FROM ({sql}) c"
        self._pool = pool
        self._answered = answered
        self._values: Sequence[Any] = ()
        self._task: asyncio.Task[None] | None = None
        self.origin = pool.origin

    def bind(self, values: Sequence[bytes | None]) -> None:
        snapshot, backend, _, _, *numbers = values
        self._values = (
            None if snapshot is None else snapshot.decode(),
            None if backend is None else int.from_bytes(backend),
            self.origin.loaded,
            self.origin.started,
            *(
                None if number is None else int.from_bytes(number, signed=True)
                for number in numbers
            ),
        )

    def run(self) -> None:
        self._task = asyncio.create_task(self._run())

    async def _run(self) -> None:
        rows = await self._pool.inspect(self._sql, self._values)
        self._answered(tuple(rows[0]) if rows else None)


async def repeat(pool: Any, pair: StatementPair, answered: Callable[..., None], _: object) -> Any:
    """Take the place of ``fraiseql.database.repeat``."""
    return Repeated(pool, pair.statement, answered)


class MemoryReader:
    """Entries of one process, checked on a connection in the snapshot of the live answer.

    Attributes:
        entries: Body and birth of each question's entry.
    """

    def __init__(self, env: Env, connection: Connection) -> None:
        self._env = env
        self._connection = connection
        pool: Any = CheckPool(connection, env.cache_pool)

        async def open_pool() -> Any:
            return pool

        self._checks = FreshnessChecks(open_pool)
        names = ", ".join(f"app.{name}" for name in env.case.names)
        # Before the snapshot: one that is older than a TRUNCATE reads the table as empty.
        self._locking = f"LOCK TABLE {names} IN ACCESS SHARE MODE"
        self.entries: dict[Question, tuple[str, int]] = {}

    async def fill(self, question: Question, pause: Pause = nothing) -> None:
        """Compute an entry, as a request that memory cannot answer does."""
        born = self._checks.born()
        await pause()
        body = await self._env.live(question)
        await pause()
        if born is not None:
            self.entries[question] = body, born

    async def ask(self, question: Question) -> tuple[str, str]:
        """Return the outcome, and the wrong answer."""
        while True:
            try:
                async with self._connection.transaction(isolation="repeatable_read", readonly=True):
                    await self._connection.execute(self._locking)
                    return await self._judged(question)
            except asyncpg.DeadlockDetectedError:
                # A TRUNCATE of several tables and this wait for each other.
                continue

    async def _judged(self, question: Question) -> tuple[str, str]:
        assert await self._checks.join()
        live = await self._connection.fetchval(question.text)
        body, born = self.entries.get(question, ("", 0))
        if not born:
            return "absent", ""
        if not self._checks.admits(self._env.dependencies[question.reads].tags, born):
            return "changed", ""
        return "hit", "" if body == live else f"{question.text}: entry {body}, live {live}"


class MemoryRound(Running):
    """A round whose readers have entries in memory."""

    async def _read(self, rule: random.Random) -> None:
        async with self.env.pool.acquire() as connection:
            await connection.execute("SET lock_timeout = '20s'; SET deadlock_timeout = '50ms'")
            reader = MemoryReader(self.env, connection)
            while not self.done():
                question = rule.choice(self.env.case.questions)
                outcome, wrong = await reader.ask(question)
                self.seen.outcomes[outcome] += 1
                if wrong:
                    self.seen.wrong.append(wrong)
                if outcome != "hit":
                    await reader.fill(question, partial(short_pause, rule))

    async def _settle(self) -> None:
        """Nothing: entries in memory are of readers that have ended."""
