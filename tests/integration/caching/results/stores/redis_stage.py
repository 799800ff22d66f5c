"""Redis stage: the same as the others, with entries in Redis."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import asyncpg

from fraiseql.caching.results.stores.pool import open_cache_pool
from fraiseql.caching.results.stores.redis import RedisStore
from fraiseql.settings import Settings
from tests.integration.caching.results.stores.stage import PATIENCE, Stage, prepare


@asynccontextmanager
async def redis_stage(url: str, redis_url: str) -> AsyncIterator[Stage]:
    """A stage with a store in a Redis that is empty."""
    db = await asyncpg.connect(url)
    await prepare(db)
    pool = await open_cache_pool(replace(Settings(), database_url=url))
    stores: list[RedisStore] = []

    def another() -> RedisStore:
        store = RedisStore(redis_url, pool, max_entry_bytes=200_000, timeout=PATIENCE)
        stores.append(store)
        return store

    stage = Stage(url, "redis", pool, another(), db, another)
    await stage.store.purge()
    try:
        yield stage
    finally:
        for session in (db, *stage.sessions):
            await session.close()
        for store in stores:
            await store.close()
        await pool.close()
