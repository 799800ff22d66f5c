"""Stage: two tables with their change log, one store over them, and sessions that write."""

import asyncio
import hashlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Any, Final

import asyncpg

from fraiseql.caching.changes.floor import FLOOR
from fraiseql.caching.changes.log import LOG
from fraiseql.caching.dependencies.privileges import load_reader
from fraiseql.caching.results.dependencies import load_dependencies
from fraiseql.caching.results.sql.objects import EPOCH
from fraiseql.caching.results.stores.base import (
    Entry,
    Lookup,
    LookupResult,
    PutOutcome,
    Store,
    etag_of,
)
from fraiseql.caching.results.stores.pool import open_cache_pool
from fraiseql.caching.results.stores.table_store import TableStore
from fraiseql.database import Pool
from fraiseql.settings import Settings
from tests.cache_environment import create_cache_objects, log_writes

TABLES: Final = """
DROP SCHEMA public CASCADE; CREATE SCHEMA public;
CREATE TABLE tb_user (id int PRIMARY KEY, name text NOT NULL);
CREATE TABLE tb_post (id int PRIMARY KEY, author int, words int NOT NULL);
CREATE VIEW v_user AS SELECT id, name FROM tb_user;
INSERT INTO tb_user SELECT n, 'user ' || n FROM generate_series(1, 5) n;
INSERT INTO tb_post SELECT n, n % 5 + 1, n FROM generate_series(1, 5) n;
"""
PATIENCE: Final = 20.0
"""Seconds that something may take that is bound to come."""

_keys = count(1)


def a_key() -> bytes:
    """A key that no other test has."""
    return hashlib.sha256(str(next(_keys)).encode()).digest()


async def prepare(connection: asyncpg.Connection) -> None:
    """Make the framework's objects where they are not there yet, and the tables anew."""
    if await connection.fetchval(f"SELECT to_regclass('{EPOCH}') IS NULL"):
        await create_cache_objects(connection)
    await connection.execute(f"DELETE FROM {LOG}; DELETE FROM {FLOOR}; {TABLES}")
    await log_writes(connection, "public.tb_user", "public.tb_post")


async def eventually(condition: Callable[[], Awaitable[bool]]) -> None:
    """Wait until something is so."""
    deadline = time.monotonic() + PATIENCE
    while not await condition():
        assert time.monotonic() < deadline, "it did not come to be"
        await asyncio.sleep(0.01)


@dataclass(slots=True)
class StoreFixture:
    """Where a test of a store happens.

    Attributes:
        url: Of the database.
        kind: Of the store.
        pool: The caches' own.
        store: Under test.
        db: A session that writes; ``session`` opens others.
        another: Makes a second store over the same entries, as another process has it.
    """

    url: str
    kind: str
    pool: Pool
    store: Store
    db: asyncpg.Connection
    another: Callable[..., Store]
    sessions: list[asyncpg.Connection] = field(default_factory=list)

    async def session(self) -> asyncpg.Connection:
        self.sessions.append(await asyncpg.connect(self.url))
        return self.sessions[-1]

    async def lookup(self, *reads: str, role: str | None = None, **options: Any) -> Lookup:
        """What is asked of an answer over ``reads``."""
        names = [f'"public"."{name}"' for name in reads or ("v_user",)]
        reader = await load_reader(self.pool.fetch_bytes, role)
        dependencies = await load_dependencies(self.pool.fetch_bytes, names)
        return Lookup(dependencies, reader=reader, **options)

    async def fill(
        self, lookup: Lookup, key: bytes, body: bytes = b"1", **changes: Any
    ) -> LookupResult:
        """Look up, put, and return what was found before."""
        lookup_result = await self.store.find(lookup, key)
        assert await self.store.put(entry(lookup, key, lookup_result, body, **changes)) == "stored"
        return lookup_result

    async def filled(self, body: bytes = b"1", **changes: Any) -> tuple[Lookup, bytes]:
        """A look-up and a key that hit."""
        lookup, key = await self.lookup(), a_key()
        await self.fill(lookup, key, body, **changes)
        await self.hits(lookup, key, body)
        return lookup, key

    async def hits(self, lookup: Lookup, key: bytes, body: bytes = b"1") -> LookupResult:
        lookup_result = await self.store.find(lookup, key)
        assert lookup_result.reason == "hit"
        assert lookup_result.hit is not None
        assert lookup_result.hit.value == body
        return lookup_result

    async def misses(self, lookup: Lookup, key: bytes, *reasons: str) -> LookupResult:
        lookup_result = await self.store.find(lookup, key)
        assert lookup_result.reason in reasons
        assert lookup_result.hit is None
        return lookup_result


def entry(
    lookup: Lookup, key: bytes, lookup_result: LookupResult, body: bytes, **changes: Any
) -> Entry:
    """What a process that found nothing puts after it has computed."""
    assert lookup_result.snapshot is not None
    stored = Entry(
        key=key,
        query="users",
        tags=(*lookup.dependencies.tags, "query:users"),
        snapshot=lookup_result.snapshot,
        fingerprint=lookup_result.fingerprint ^ lookup_result.roles_digest,
        ttl=None,
        cost_ms=1.0,
        body=body,
        etag=etag_of(body),
    )
    return replace(stored, **changes)


@asynccontextmanager
async def table_fixture(
    url: str, kind: Any, *, max_bytes: int = 16_000_000, **settings: Any
) -> AsyncIterator[StoreFixture]:
    """A stage over a ring of tables."""
    db = await asyncpg.connect(url)
    await prepare(db)
    pool = await open_cache_pool(replace(Settings(), database_url=url, **settings))
    stores: list[TableStore] = []

    def another(most: int = max_bytes) -> TableStore:
        stores.append(TableStore(kind, pool, max_bytes=most, max_entry_bytes=200_000))
        return stores[-1]

    fixture = StoreFixture(url, kind, pool, another(), db, another)
    await fixture.store.purge()
    try:
        yield fixture
    finally:
        for session in (db, *fixture.sessions):
            await session.close()
        for store in stores:
            await store.close()
        await pool.close()


async def put(
    fixture: StoreFixture, lookup: Lookup, key: bytes, lookup_result: LookupResult, body: bytes
) -> PutOutcome:
    return await fixture.store.put(entry(lookup, key, lookup_result, body))
