"""Hit rates of a store on power-law traces."""

from itertools import islice
from typing import Any

from benchmarks.result_cache import stores, storm, traces
from benchmarks.result_cache.plan import Plan
from benchmarks.stored.server import Bench, method
from fraiseql.caching.results.stores.table_store import TableStore

KIND = "cache-ring"
BODY = 1_500
ROW = 1_900
"""Approximate bytes on disk of one entry; the actual ones are measured."""


async def measure(bench: Bench, plan: Plan) -> tuple[dict[str, Any], Any]:
    """Return the method, and the figures: hit rates, and bytes in a write storm."""
    figures = {
        "traces": [await _trace(bench, plan, skew) for skew in plan.skews],
        "storm": await storm.measure(bench, plan),
        "storm_bytes": plan.storm_bytes,
    }
    how = {
        **method(bench),
        "traces": f"{plan.trace:,} requests of {plan.universe:,} keys after {plan.trace // 2:,} to"
        " warm up, one after the other; every miss is stored",
        "entries": f"bodies of {BODY:,} bytes; room for about {plan.share:.0%} of the keys",
        "exact": "LRU and FIFO over the same trace, in Python, with all of the store's bytes at the"
        " bytes that an entry took in the store",
        "storm": f"{storm.WRITERS} tasks store new entries of {storm.BODY:,} bytes for"
        f" {plan.storm_seconds:g} s; all files of the database, each 50 ms, less those before",
        "oldest_rows_deleted": "an UNLOGGED table with rows deleted by age, two for each that"
        f" comes, {storm.BATCH} at once; autovacuum as it is",
    }
    return how, figures


async def _trace(bench: Bench, plan: Plan, skew: float) -> dict[str, Any]:
    warm = plan.trace // 2
    trace = list(islice(traces.zipf(plan.universe, skew, seed=11), warm + plan.trace))
    most = int(plan.universe * plan.share * ROW)
    async with bench.copy("cache_ring") as url:
        await stores.applied(url)
        async with stores.opened(url, max_bytes=most) as store:
            hits = await _hits(store, trace, warm)
            rows, size = await store.size()
    capacity = most * rows // size
    figures = {
        "skew": skew,
        "max_bytes": most,
        "bytes_each": size / rows,
        "entries": capacity,
        "ring": hits,
        "lru": traces.lru(trace, capacity, warm),
        "fifo": traces.fifo(trace, capacity, warm),
    }
    bench.say(
        f"trace {skew}: {', '.join(f'{n} {figures[n]:.1%}' for n in ('ring', 'lru', 'fifo'))}"
    )
    return figures


async def _hits(store: TableStore, trace: list[int], warm: int) -> float:
    label = await stores.label(store)
    hits = 0
    for number, name in enumerate(trace):
        key = stores.key(name)
        entry = await store.find(label.lookup, key)
        if entry.reason == "hit":
            hits += number >= warm
        else:
            await store.put(stores.entry(label, key, stores.body(name, BODY)))
    return hits / (len(trace) - warm)
