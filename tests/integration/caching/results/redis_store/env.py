"""Place: a database with one table, its change log, and Redis stores over it."""

import hashlib
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from typing import Any

import asyncpg
import pytest

from fraiseql.caching.results.dependencies import NOTHING, load_dependencies
from fraiseql.caching.results.stores.base import Entry, Lookup, LookupResult, etag_of
from fraiseql.caching.results.stores.pool import open_cache_pool
from fraiseql.caching.results.stores.redis import RedisStore, validation
from fraiseql.database import Pool
from fraiseql.settings import Settings
from tests.cache_environment import create_cache_objects, log_writes

KEY = hashlib.sha256(b"a key").digest()
ALONE = Lookup(NOTHING)
"""Of what depends on nothing that is logged."""

SECRET = b"of a test that has no database".ljust(32)
TABLE = "app.users"
PATIENT = 5.0
"""Seconds that Redis may take where the machine has other things to do, too."""


@dataclass
class RedisEnv:
    """A store, what asks it, and a connection that writes."""

    store: RedisStore
    pool: Pool
    writer: asyncpg.Connection
    lookup: Lookup

    async def fill(
        self,
        body: bytes,
        lookup_result: LookupResult | None = None,
        *,
        key: bytes = KEY,
        **more: object,
    ) -> str:
        """Put a value, labelled as found (or as is found now)."""
        lookup_result = lookup_result or await self.store.find(self.lookup, key)
        assert lookup_result.snapshot is not None
        return await self.store.put(self.entry(body, lookup_result, key=key, **more))

    def entry(
        self, body: bytes, lookup_result: LookupResult, *, key: bytes = KEY, **more: object
    ) -> Entry:
        entry = Entry(
            key=key,
            query="users",
            tags=self.lookup.dependencies.tags,
            snapshot=lookup_result.snapshot or "",
            fingerprint=lookup_result.fingerprint ^ lookup_result.roles_digest,
            ttl=None,
            cost_ms=1.5,
            body=body,
            etag=etag_of(body),
        )
        return replace(entry, **more)

    async def reason(self) -> str:
        return (await self.store.find(self.lookup, KEY)).reason

    async def write(self, value: int) -> None:
        await self.writer.execute(f"UPDATE {TABLE} SET v = {value}")


@asynccontextmanager
async def opened_alone(redis_url: str, **more: object) -> AsyncIterator[RedisEnv]:
    """Open a store for what depends on nothing: there is no database."""
    no_pool: Any = None
    store = RedisStore(redis_url, no_pool, secret=SECRET, **{"timeout": PATIENT, **more})
    try:
        yield RedisEnv(store, no_pool, no_pool, ALONE)
    finally:
        await store.close()


async def prepare(url: str) -> None:
    """Make the table and everything that a look-up needs, anew."""
    connection = await asyncpg.connect(url)
    await connection.execute("DROP SCHEMA IF EXISTS app, fraiseql CASCADE")
    await create_cache_objects(connection, stores=())
    await connection.execute(f"CREATE SCHEMA app; CREATE TABLE {TABLE} (id int, v int)")
    await connection.execute(f"INSERT INTO {TABLE} VALUES (1, 1)")
    await log_writes(connection, TABLE)
    await connection.close()


@asynccontextmanager
async def opened(url: str, redis_url: str, **more: object) -> AsyncIterator[RedisEnv]:
    """Open a store over a database that is prepared; its Redis answers what it had before."""
    pool = await open_cache_pool(Settings(database_url=url, cache_connections=4))
    store = RedisStore(redis_url, pool, **{"timeout": PATIENT, **more})
    writer = await asyncpg.connect(url)
    try:
        loaded = await load_dependencies(pool.fetch_bytes, [TABLE])
        yield RedisEnv(store, pool, writer, Lookup(loaded))
    finally:
        writer.terminate()
        await store.close()
        await pool.close()


@contextmanager
def without(rule: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Judge for a while as if there were no such rule."""
    rest = [name for name in validation.RULES if name != rule]
    with monkeypatch.context() as patched:
        patched.setattr(validation, "RULES", rest)
        validation._sql.cache_clear()
        yield
    validation._sql.cache_clear()
