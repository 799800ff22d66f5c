"""Disk use of a cache in a write storm, next to its limit."""

import asyncio
import os
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from random import Random
from typing import Any

import asyncpg

from benchmarks.result_cache import stores
from benchmarks.result_cache.plan import Plan
from benchmarks.stored.server import Bench, fetch, run

Write = Callable[[bytes, bytes], Awaitable[object]]
WRITERS = 8
BODY = 3_000
BATCH = 100
FIFO_SQL = """
CREATE UNLOGGED TABLE fifo (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  key bytea NOT NULL UNIQUE, body bytea NOT NULL);
ALTER TABLE fifo ALTER COLUMN body SET STORAGE EXTERNAL;
"""
_PUT = (
    "INSERT INTO fifo (key, body) VALUES ($1, $2) ON CONFLICT (key) DO UPDATE SET body = $2"
    " RETURNING id"
)
_LEAVE = f"""
DELETE FROM fifo WHERE id IN (SELECT id FROM fifo ORDER BY id LIMIT {BATCH})
  AND (SELECT max(id) - min(id) FROM fifo) > $1
"""


async def measure(bench: Bench, plan: Plan) -> dict[str, Any]:
    """Return writes, and peak and last bytes on disk, by way of limiting."""
    figures = {}
    for name, opened in (("ring", _ring), ("oldest rows deleted", _fifo)):
        async with bench.copy("cache_storm") as url, opened(url, plan) as write:
            figures[name] = await _storm(url, write, plan)
        peak = figures[name]["peak_bytes"] / plan.storm_bytes
        bench.say(f"storm, {name}: {figures[name]['writes']:,} writes, {peak:.2f}x at most")
    return figures


@asynccontextmanager
async def _ring(url: str, plan: Plan) -> AsyncIterator[Write]:
    await stores.applied(url)
    async with stores.opened(url, connections=WRITERS, max_bytes=plan.storm_bytes) as store:
        label = await stores.label(store)

        async def write(key: bytes, body: bytes) -> object:
            return await store.put(stores.entry(label, key, body))

        yield write


@asynccontextmanager
async def _fifo(url: str, plan: Plan) -> AsyncIterator[Write]:
    """Limit by rows: each new row removes two of the oldest, in batches."""
    await run(url, FIFO_SQL)
    rows, random = plan.storm_bytes // (BODY + 200), Random(7)
    async with asyncpg.create_pool(url, min_size=WRITERS, max_size=WRITERS) as pool:

        async def write(key: bytes, body: bytes) -> object:
            if random.random() < 2 / BATCH:
                await pool.execute(_LEAVE, rows)
            return await pool.execute(_PUT, key, body)

        yield write


async def _storm(url: str, write: Write, plan: Plan) -> dict[str, Any]:
    directory = await _directory(url)
    empty = _bytes(directory)
    started = time.monotonic()
    writers = [
        asyncio.create_task(_writes(write, number, started + plan.storm_seconds))
        for number in range(WRITERS)
    ]
    samples = []
    while not all(writer.done() for writer in writers):
        samples.append(_bytes(directory) - empty)
        await asyncio.sleep(0.05)
    counts = await asyncio.gather(*writers)
    return {
        "writes": sum(counts),
        "seconds": round(time.monotonic() - started, 2),
        "samples": len(samples),
        "peak_bytes": max(samples),
        "last_bytes": samples[-1],
    }


async def _writes(write: Write, seed: int, until: float) -> int:
    random, count = Random(seed), 0
    while time.monotonic() < until:
        await write(random.randbytes(32), random.randbytes(BODY))
        count += 1
    return count


async def _directory(url: str) -> Path:
    (row,) = await fetch(
        url,
        "SELECT current_setting('data_directory') || '/base/' || oid FROM pg_database"
        " WHERE datname = current_database()",
    )
    return Path(row[0])


def _bytes(directory: Path) -> int:
    """Return the bytes of all files of the database, those of dropped relations included."""
    total = 0
    with os.scandir(directory) as files:
        for file in files:
            # A file may be removed at any moment.
            with suppress(FileNotFoundError):
                total += file.stat().st_size
    return total
