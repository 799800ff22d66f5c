"""Background worker, and the age of its data."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from time import monotonic

from benchmarks.stored.server import fetch
from fraiseql.caching.refresh.jobs import load_job_context
from fraiseql.caching.refresh.worker import Worker
from fraiseql.caching.strategies.registry import strategy_of
from fraiseql.database import open_pool
from fraiseql.schema import Schema
from fraiseql.settings import Settings

LONGEST = 120.0
"""Seconds to wait for an update."""


@asynccontextmanager
async def working(url: str, schema: Schema) -> AsyncIterator[None]:
    """Run one worker for ``schema`` while the block runs."""
    worker = Worker(schema, Settings(database_url=url))
    await worker.start()
    try:
        yield
    finally:
        await worker.stop()


async def refreshed(url: str, schema: Schema) -> None:
    """Bring everything up to date once."""
    async with working(url, schema):
        await caught_up(url, await age(url, schema))


async def age(url: str, schema: Schema) -> str:
    """Return the SQL expression of the age, s, of the stored type of ``schema``."""
    pool = await open_pool(url, Settings())
    until = monotonic() + LONGEST
    try:
        (stored,) = (await load_job_context(schema, pool)).stored_types
        while monotonic() < until:
            # A view that was never filled is not a source.
            source = await strategy_of(stored).read_source(stored, pool)
            if source is not None and source.freshness is not None:
                return source.freshness.age
            await asyncio.sleep(0.05)
    finally:
        await pool.close()
    raise TimeoutError("Nothing exists whose age could be computed.")


async def caught_up(url: str, age: str) -> None:
    """Wait until no committed write is missing."""
    until = monotonic() + LONGEST
    while monotonic() < until:
        if (await fetch(url, f"SELECT {age}"))[0][0] == 0:
            return
        await asyncio.sleep(0.02)
    raise TimeoutError("The stored data were not updated.")
