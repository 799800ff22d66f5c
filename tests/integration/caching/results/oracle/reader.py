"""Looking: a store's own look-up and the live answer, in one snapshot."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any

import asyncpg

from fraiseql.caching.dependencies.privileges import joined_digest
from fraiseql.caching.results.stores.base import Lookup, LookupResult
from fraiseql.caching.results.stores.definitions_check import DefinitionsCheck
from fraiseql.database import Origin, Pool
from fraiseql.database.connection import Connection
from tests.integration.caching.results.oracle.cases import Question
from tests.integration.caching.results.oracle.env import Env


class Within:
    """In the place of a store's pool: its look-ups run on one connection, in its transaction."""

    def __init__(self, connection: Connection, pool: Pool) -> None:
        self._connection = connection
        self._pool = pool
        self._turn = asyncio.Lock()

    @property
    def server_version(self) -> int:
        version = self._connection.get_server_version()
        return version.major * 10_000 + version.minor

    async def inspect(self, sql: str, args: Sequence[Any] = ()) -> list[asyncpg.Record]:
        if "keep_result" in sql or "new_result_epoch" in sql:
            # These write, which nobody does in a snapshot that is read in.
            return await self._pool.inspect(sql, args)
        async with self._turn:
            return await self._connection.read(sql, args)

    async def fetch_at(
        self, sql: str, args: Sequence[Any] = (), server: Origin | None = None
    ) -> tuple[list[asyncpg.Record], Origin]:
        return await self.inspect(sql, args), self._connection.origin


class Looker:
    """One connection that looks up and asks in one snapshot.

    Every other look-up has a check of definitions, so that Redis validates entries in groups.
    """

    def __init__(self, env: Env, connection: Connection) -> None:
        self._env = env
        self._connection = connection
        self._within: Any = Within(connection, env.cache_pool)
        self._store = env.store_over(self._within)
        self._definitions: dict[int, tuple[Lookup, DefinitionsCheck]] = {}
        self._looked = 0
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
                    lookup_result = await self._find(question)
                    return lookup_result, await self._connection.fetchval(question.text)
            except asyncpg.DeadlockDetectedError:
                # A TRUNCATE of several tables and this wait for each other: again.
                continue
            except (asyncpg.LockNotAvailableError, asyncpg.InFailedSQLTransactionError):
                # A segment is being emptied; a request would be answered live.
                return LookupResult("absent", None, 0), ""

    async def _find(self, question: Question) -> LookupResult:
        lookup, key = self._env.lookup(question), question.key
        self._looked += 1
        definitions = self._definitions_of(lookup) if self._looked % 2 else None
        return await self._store.find(lookup, key, (), definitions)

    def _definitions_of(self, lookup: Lookup) -> DefinitionsCheck:
        known = self._definitions.get(id(lookup))
        if known is None:
            known = lookup, definitions_in(self._within, lookup, self._connection)
            self._definitions[id(lookup)] = known
        return known[1]

    async def wrong(self, question: Question) -> str:
        """Return what is wrong with a hit; an empty text for a right one, and for a miss."""
        return judged(question, *await self.look(question))


def definitions_in(pool: Any, lookup: Lookup, connection: Connection) -> DefinitionsCheck:
    """Return the check of a look-up, which runs in a pool over one connection."""
    # No check is in the snapshot of the live answer: the statement for each look-up is.
    checks: Any = SimpleNamespace(
        origin=connection.origin,
        number=0,
        snapshot=None,
        watch=lambda _: None,
        compares=lambda _: False,
        holds=lambda *_: False,
    )
    namespace: Any = SimpleNamespace(has_settings=lambda *_, **__: True)

    async def open_pool() -> Any:
        return pool

    needed = lookup.dependencies
    digest = joined_digest(lookup.reader.roles, needed.owners) ^ needed.database_owner
    return DefinitionsCheck(lookup, digest, namespace, checks, open_pool, sessions=False)


def is_of_a_group(lookup_result: LookupResult) -> bool:
    """Whether a hit in Redis was validated in a group: a label of its own has an epoch."""
    return lookup_result.reason == "hit" and " " not in (lookup_result.snapshot or "")


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
