"""Cost of an answer from the process's memory."""

from statistics import median
from time import perf_counter
from typing import Any

import fraiseql
from benchmarks.result_cache import declared, stores
from benchmarks.result_cache.plan import Plan
from benchmarks.stored.server import Bench
from fraiseql import Cache
from fraiseql.caching.ddl.bootstrap import create_missing_tables
from fraiseql.caching.results.caches import ResultCaches
from fraiseql.database import Identity, open_pool
from fraiseql.results import CacheableField, ComputedValue, FieldRequest
from fraiseql.schema import build_schema
from fraiseql.schema.definitions import ATTRIBUTE
from fraiseql.settings import Settings

CACHE = Cache(stale="1h", tags=("tb_post",))


@fraiseql.query(cache=CACHE)
def report(x: int) -> int:
    """A query that is never called: the benchmark stores its answer."""
    return x


async def measure(bench: Bench, plan: Plan) -> dict[str, float]:
    """Return microseconds of an answer from memory: its key made, looked up and counted."""
    async with bench.copy("cache_memory") as url:
        await stores.applied(url)
        schema = build_schema(queries=[report, *declared.queries(None)])
        settings = Settings(database_url=url)
        pool = await open_pool(url, settings)
        caches = ResultCaches(settings, create_missing_tables)
        try:
            await caches.start(schema, pool)
            times = await _times(caches, plan)
        finally:
            await caches.stop()
            await pool.close()
    figures = {"p50_us": median(times), "p99_us": sorted(times)[len(times) * 99 // 100]}
    bench.say(f"memory: {figures['p50_us']:.2f} us")
    return figures


async def _times(caches: ResultCaches, plan: Plan) -> list[float]:
    part = CacheableField(getattr(report, ATTRIBUTE), CACHE, b"report(x: $x)", ("x",), ())
    unit: Any = caches.field_cache(part)
    ask = FieldRequest({"x": 1}, lambda: {"x": 1}, Identity.NONE, {})
    body = stores.body(1, 1_000)

    async def compute() -> ComputedValue:
        return ComputedValue(body, cacheable=True)

    await unit.answer(ask, compute)
    times = []
    for _ in range(2 * plan.hits):
        started = perf_counter()
        answered = await unit.answer(ask, compute)
        times.append((perf_counter() - started) * 1e6)
        if answered.outcome != "hit":
            raise RuntimeError(f"No hit: {answered}")
    return times
