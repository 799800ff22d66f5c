"""Cost of storing an entry in each store."""

from collections.abc import Awaitable, Callable
from statistics import median
from time import perf_counter
from typing import Any

from benchmarks.result_cache import redis_server, stores
from benchmarks.result_cache.plan import Plan
from benchmarks.stored.server import Bench

BYTES = 1_000
NAMES: tuple[stores.StoreName, ...] = ("unlogged", "logged", "redis")
_MOST = 64_000_000


async def measure(bench: Bench, plan: Plan) -> dict[str, float]:
    """Return median ms by store, of one task that stores entries in sequence."""
    figures: dict[str, float] = {}
    with redis_server.started(bench) as server:
        async with bench.copy("cache_puts") as url:
            await stores.applied(url, *NAMES)
            for name in NAMES:
                figures[name] = await _store(url, plan, name, server.url)
        async with redis_server.connected(server, 1) as client:

            async def put(number: int) -> Any:
                return await client.set(f"key:{number:012}", stores.body(number, BYTES))

            figures["Redis SET"] = await _timed(put, plan)
    bench.say(f"puts: {', '.join(f'{name} {ms:.3f} ms' for name, ms in figures.items())}")
    return figures


async def _store(url: str, plan: Plan, name: Any, redis_url: str) -> float:
    async with stores.opened(url, name=name, max_bytes=_MOST, redis_url=redis_url) as store:
        label = await stores.label(store)

        async def put(number: int) -> Any:
            entry = stores.entry(label, stores.key(number), stores.body(number, BYTES))
            return await stores.put_entry(store, entry)

        return await _timed(put, plan)


async def _timed(put: Callable[[int], Awaitable[Any]], plan: Plan) -> float:
    times = []
    for number in range(2 * plan.keys):
        started = perf_counter()
        await put(number)
        times.append(perf_counter() - started)
    return median(times[len(times) // 10 :]) * 1e3
