"""Ground: the tables of a case with their change log, and one store over them."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Any, Literal

import asyncpg

from fraiseql.caching.changes.compaction import compact
from fraiseql.caching.results.dependencies import Dependencies, load_dependencies
from fraiseql.caching.results.stores.base import Entry, Lookup, LookupResult, Store
from fraiseql.caching.results.stores.pool import open_cache_pool
from fraiseql.caching.results.stores.redis import RedisStore
from fraiseql.caching.results.stores.table_store import TableStore
from fraiseql.caching.results.stores.transient_errors import error_kind
from fraiseql.database import Pool, open_pool
from fraiseql.database.writing import open_admin
from fraiseql.errors import FraiseQLError
from fraiseql.settings import Settings
from tests.cache_environment import create_cache_objects, log_writes
from tests.integration.caching.results.oracle.cases import Case, Question

Kind = Literal["unlogged", "logged", "redis"]
KINDS: tuple[Kind, ...] = ("unlogged", "logged", "redis")

SMALL = 4 * 200_000
"""Bytes of a ring that is emptied often: a few entries fill a segment."""

LARGE = 4 * 4_000_000


async def nothing() -> None:
    """Between two steps: no pause."""


@dataclass(slots=True)
class Env:
    """Where things happen.

    Attributes:
        url: Of the database.
        pool: Runs live answers.
        cache_pool: Of the store.
    """

    case: Case
    url: str
    kind: Kind
    pool: Pool
    cache_pool: Pool
    store: Store
    store_over: Callable[[Any], Any]
    dependencies: dict[tuple[str, ...], Dependencies] = field(default_factory=dict)
    lookups: dict[tuple[tuple[str, ...], float], Lookup] = field(default_factory=dict)

    async def learn(self, *reads: tuple[str, ...]) -> None:
        """Load what questions depend on."""
        for names in reads or {question.reads for question in self.case.questions}:
            loaded = await load_dependencies(self.pool.fetch_bytes, names)
            assert loaded.traced
            self.dependencies[names] = loaded
            self.lookups = {lookup: it for lookup, it in self.lookups.items() if lookup[0] != names}

    def lookup(self, question: Question, stale: float = 0.0) -> Lookup:
        place = question.reads, stale
        if place not in self.lookups:
            self.lookups[place] = Lookup(self.dependencies[question.reads], stale)
        return self.lookups[place]

    async def live(self, question: Question) -> str:
        text: str = (await self.pool.fetch_bytes(question.text))[0][0]
        return text

    async def fill(self, question: Question, pause: Callable[[], Awaitable[None]] = nothing) -> str:
        """Look up, and where that is no hit compute and put, in the order of the real thing."""
        filling = Filling(self, question)
        for step in (filling.look, filling.compute, filling.put):
            await step()
            await pause()
        return filling.outcome

    async def compact(self) -> None:
        async with open_admin(self.pool) as writer:
            await compact(writer, 0.0)


@dataclass(slots=True)
class Filling:
    """One fill, step by step."""

    env: Env
    question: Question
    ttl: float | None = None
    lookup_result: LookupResult | None = None
    body: bytes | None = None
    outcome: str = "hit"

    async def look(self) -> None:
        lookup = self.env.lookup(self.question)
        with self._forgiven():
            self.lookup_result = await self.env.store.find(lookup, self.question.key)

    @property
    def begun(self) -> LookupResult | None:
        """What was found, where it is no hit and something may be stored."""
        return (
            self.lookup_result
            if self.lookup_result and self.lookup_result.reason != "hit"
            else None
        )

    async def compute(self) -> None:
        if self.begun:
            self.body = (await self.env.live(self.question)).encode()

    async def put(self) -> None:
        lookup_result, lookup = self.begun, self.env.lookup(self.question)
        if lookup_result is None or self.body is None or lookup_result.snapshot is None:
            return
        if lookup_result.fingerprint != lookup.dependencies.fingerprint:
            # A TRUNCATE makes another version of a table, too.
            self.outcome = "redefined"
            with self._forgiven():
                await self.env.learn(self.question.reads)
            return
        entry = Entry(
            key=self.question.key,
            query="q",
            tags=lookup.dependencies.tags,
            snapshot=lookup_result.snapshot,
            fingerprint=lookup_result.fingerprint ^ lookup_result.roles_digest,
            ttl=self.ttl,
            cost_ms=1.0,
            body=self.body,
            etag=hashlib.sha256(self.body).digest()[:16],
        )
        with self._forgiven():
            self.outcome = await self.env.store.put(entry)

    @contextmanager
    def _forgiven(self) -> Iterator[None]:
        """What a request would be answered without: a lock that somebody holds, for one."""
        try:
            yield
        except FraiseQLError as error:
            self.outcome = error_kind(error)
            if not self.outcome:
                raise


async def reset_database(url: str, case: Case) -> None:
    """Make the tables of a case, empty, with everything that result caches want."""
    connection = await asyncpg.connect(url)
    try:
        await connection.execute("DROP SCHEMA IF EXISTS app, fraiseql CASCADE")
        await create_cache_objects(connection)
        await connection.execute(case.tables)
        listed = await connection.fetch(
            "SELECT oid::regclass::text FROM pg_class"
            " WHERE relnamespace = 'app'::regnamespace AND relkind IN ('r', 'p')"
        )
        await log_writes(connection, *(row[0] for row in listed))
    finally:
        await connection.close()


@asynccontextmanager
async def opened(
    url: str, case: Case, kind: Kind, redis_url: str, *, most: int = SMALL
) -> AsyncIterator[Env]:
    """Open a store over tables that are there."""
    settings = Settings(database_url=url, cache_connections=6)
    pool = await open_pool(url, settings)
    cache_pool = await open_cache_pool(settings)

    def store_over(pool: Any) -> Any:
        if kind == "redis":
            return RedisStore(redis_url, pool, timeout=5.0)
        return TableStore(kind, pool, max_bytes=most, max_entry_bytes=most)

    store: Any = store_over(cache_pool)
    env = Env(case, url, kind, pool, cache_pool, store, store_over)
    try:
        await env.learn()
        yield env
    finally:
        await store.close()
        await asyncio.gather(cache_pool.close(), pool.close())
