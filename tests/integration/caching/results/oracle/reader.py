"""Looking: a store's own look-up and the live answer, in one snapshot."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import asyncpg

from fraiseql.caching.results.stores.base import LookupResult
from fraiseql.database import Origin, Pool
from fraiseql.database.connection import Connection
from tests.integration.caching.results.oracle.cases import Question
from tests.integration.caching.results.oracle.env import Env


class Within:
    """In the place of a store's pool: its look-ups run on one connection, in its transaction."""

    def __init__(self, connection: Connection, pool: Pool) -> None:
        self._connection = connection
        self._pool = pool

    @property
    def server_version(self) -> int:
        version = self._connection.get_server_version()
        return version.major * 10_000 + version.minor

    async def inspect(self, sql: str, args: Sequence[Any] = ()) -> list[asyncpg.Record]:
        if "keep_result" in sql or "new_result_epoch" in sql:
            # These write, which nobody does in a snapshot that is read in.
            return await self._pool.inspect(sql, args)
        return await self._connection.read(sql, args)

    async def fetch_at(
        self, sql: str, args: Sequence[Any] = (), server: Origin | None = None
    ) -> tuple[list[asyncpg.Record], Origin]:
        return await self.inspect(sql, args), self._connection.origin


class Looker:
    """One connection that looks up and asks in one snapshot."""

    def __init__(self, env: Env, connection: Connection) -> None:
        self._env = env
        self._connection = connection
        self._store = env.store_over(Within(connection, env.cache_pool))
        names = ", ".join(f"app.{name}" for name in env.case.names)
        # Before the snapshot: one that is older than a TRUNCATE reads the table as empty.
        self._locking = f"LOCK TABLE {names} IN ACCESS SHARE MODE; SET LOCAL lock_timeout = '100ms'"

    async def close(self) -> None:
        await self._store.close()

    async def look(self, question: Question) -> tuple[LookupResult, str]:
        """Return what is found and what is right."""
        while True:
            try:
                async with self._connection.transaction(isolation="repeatable_read", readonly=True):
                    await self._connection.execute(self._locking)
                    lookup_result = await self._store.find(self._env.lookup(question), question.key)
                    return lookup_result, await self._connection.fetchval(question.text)
            except asyncpg.DeadlockDetectedError:
                # A TRUNCATE of several tables and this wait for each other: again.
                continue
            except asyncpg.LockNotAvailableError:
                # A segment is being emptied; a request would be answered live.
                return LookupResult("absent", None, 0), ""

    async def wrong(self, question: Question) -> str:
        """Return what is wrong with a hit; an empty text for a right one, and for a miss."""
        return judged(question, *await self.look(question))


def judged(question: Question, lookup_result: LookupResult, live: str) -> str:
    if lookup_result.reason != "hit":
        return ""
    assert lookup_result.hit.value is not None
    assert lookup_result.hit.lag_seconds == 0
    cached = lookup_result.hit.value.decode()
    return "" if cached == live else f"{question.text}: kept {cached}, live {live}"


@asynccontextmanager
async def looker(env: Env) -> AsyncIterator[Looker]:
    async with env.pool.acquire() as connection:
        # Whatever holds a lock for ever fails the test, and does not hang it.
        await connection.execute("SET lock_timeout = '20s'; SET deadlock_timeout = '50ms'")
        await connection.execute("SET statement_timeout = '60s'")
        created = Looker(env, connection)
        try:
            yield created
        finally:
            await created.close()
