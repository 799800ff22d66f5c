"""Redis stage: the same as the others, with entries in Redis."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import asyncpg

from fraiseql.caching.results.stores.pool import open_cache_pool
from fraiseql.caching.results.stores.redis import RedisStore
from fraiseql.settings import Settings
from tests.integration.caching.results.stores.store_fixture import PATIENCE, StoreFixture, prepare


@asynccontextmanager
async def redis_fixture(url: str, redis_url: str) -> AsyncIterator[StoreFixture]:
    """A stage with a store in a Redis that is empty."""
    db = await asyncpg.connect(url)
    await prepare(db)
    pool = await open_cache_pool(replace(Settings(), database_url=url))
    stores: list[RedisStore] = []

    def another() -> RedisStore:
        store = RedisStore(redis_url, pool, max_entry_bytes=200_000, timeout=PATIENCE)
        stores.append(store)
        return store

    fixture = StoreFixture(url, "redis", pool, another(), db, another)
    await fixture.store.purge()
    try:
        yield fixture
    finally:
        for session in (db, *fixture.sessions):
            await session.close()
        for store in stores:
            await store.close()
        await pool.close()
