"""Writes caused by hits, which should be none."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from unittest.mock import patch

import fraiseql
from benchmarks.result_cache import declared, stores
from benchmarks.result_cache.plan import Plan
from benchmarks.stored.server import Bench, fetch, run, settle
from fraiseql.caching.results import caches
from fraiseql.testing import Client

EVERY = 1.0
"""Seconds between two writes of statistics: a tenth of an application's."""
_COUNTED = """
SELECT (SELECT wal_bytes::bigint FROM pg_stat_wal) AS wal_bytes,
  (SELECT wal_records FROM pg_stat_wal) AS wal_records,
  (SELECT wal_fpi FROM pg_stat_wal) AS whole_pages,
  (SELECT coalesce(sum(n_dead_tup), 0)::bigint FROM pg_stat_all_tables
   WHERE schemaname IN ('fraiseql', 'public', 'pg_toast')) AS dead_rows
"""


async def measure(bench: Bench, plan: Plan) -> dict[str, dict[str, int]]:
    """Return WAL and dead rows of hits of the store, and of requests to an application."""
    async with bench.copy("cache_quiet") as url, _unvacuumed(bench):
        await stores.applied(url)
        figures = {
            "look-ups of the store": await _looked_up(url, plan.hits),
            "requests, their counts written": await _asked(url, plan.hits),
        }
    for name, counts in figures.items():
        bench.say(f"{plan.hits:,} hits, {name}: {counts}")
    return figures


@asynccontextmanager
async def _unvacuumed(bench: Bench) -> AsyncIterator[None]:
    """Stop other writers of the log while the block runs."""
    url = bench.server.url
    await run(url, "ALTER SYSTEM SET autovacuum = off", "SELECT pg_reload_conf()")
    try:
        yield
    finally:
        await run(url, "ALTER SYSTEM RESET autovacuum", "SELECT pg_reload_conf()")


async def _looked_up(url: str, hits: int) -> dict[str, int]:
    async with stores.opened(url) as store:
        label = await stores.label(store)
        await stores.put_entry(store, stores.entry(label, stores.key(1), stores.body(1, 1_000)))

        async def hit() -> bool:
            return bool((await store.find(label.lookup, stores.key(1))).reason == "hit")

        before = await _warmed(url, hit, hits)
    return await _since(url, before)


async def _asked(url: str, hits: int) -> dict[str, int]:
    """Send requests to an application, which writes its statistics."""
    queries = declared.queries(fraiseql.Cache())
    app = fraiseql.create_app(queries=queries, database_url=url, worker=False)
    with patch.object(caches, "FLUSH_INTERVAL", EVERY):
        return await _asked_of(Client(app), url, hits)


async def _asked_of(client: Client, url: str, hits: int) -> dict[str, int]:
    async with client:

        async def hit() -> bool:
            answer = await client.execute(declared.CHEAP, {"x": 1})
            return "hit" in answer.headers["cache-status"]

        await hit()
        before = await _warmed(url, hit, hits)
    return await _since(url, before)


async def _warmed(url: str, hit: Callable[[], Awaitable[bool]], hits: int) -> dict[str, int]:
    """Make ``hits`` hits; return the counters before them.

    The first reader of a catalog page after a checkpoint may mark it, which is logged: so some hits
    come before, and the counters have settled.
    """
    await _quiet(url)
    for _ in range(hits // 10):
        await hit()
    await _counted(url)
    await _quiet(url, checkpoint=False)
    before = await _counted(url)
    for _ in range(hits):
        if not await hit():
            raise RuntimeError("What was stored is not found.")
    return before


async def _quiet(url: str, *, checkpoint: bool = True) -> None:
    if checkpoint:
        await settle(url)
    # Other sessions see counters of a session after its end or after a second.
    await asyncio.sleep(1.1)


async def _counted(url: str) -> dict[str, int]:
    await run(url, "SELECT pg_stat_force_next_flush()")
    (row,) = await fetch(url, _COUNTED)
    return dict(row)


async def _since(url: str, before: dict[str, int]) -> dict[str, int]:
    await asyncio.sleep(1.1)
    after = await _counted(url)
    return {name: after[name] - count for name, count in before.items()}
