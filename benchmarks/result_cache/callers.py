"""One of several processes with concurrent callers of one key.

``python -m benchmarks.result_cache.callers URL CALLERS WAY`` says ``ready``, waits for a line, and
says how often it computed and how long it took, as JSON.
"""

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable
from time import perf_counter
from typing import Any

import fraiseql
from benchmarks.result_cache import stores
from benchmarks.result_cache.names import TOGETHER
from fraiseql import Cache
from fraiseql.database import open_pool
from fraiseql.settings import Settings
from fraiseql.testing import Client

CONNECTIONS = 4
"""Connections of each of the two pools of a process."""
STATEMENT = "SELECT avg(views)::integer AS views FROM tb_post WHERE id <= 50000"
computed = 0


@fraiseql.query(cache=Cache(tags=("tb_post",)))
async def report(info: fraiseql.Info) -> int:
    """Compute for some milliseconds, and count it."""
    return count(await info.context["db"].fetchval(STATEMENT))


def count(value: Any) -> int:
    """Count a computation and return its value."""
    global computed  # noqa: PLW0603 - a process of its own
    computed += 1
    return int(value)


async def together(url: str, callers: int) -> float:
    """Request the value from an application."""
    app = fraiseql.create_app(
        queries=[report], database_url=url, pool_size=CONNECTIONS, worker=False
    )
    async with Client(app) as client:

        async def ask() -> Any:
            answer = await client.execute("{ report }")
            if answer.data is None:
                raise RuntimeError(f"A caller is not answered: {answer.errors}")
            return answer.data["report"]

        return await _all(ask, callers)


async def alone(url: str, callers: int) -> float:
    """Look up in the same store; on a miss, compute and store."""
    settings = Settings(database_url=url, pool_size=CONNECTIONS)
    pool: Any = await open_pool(url, settings)
    try:
        async with stores.opened(url, connections=CONNECTIONS) as store:
            label = await stores.label(store)
            key = stores.key(1)

            async def ask() -> Any:
                entry = await store.find(label.lookup, key)
                if entry.hit is not None and entry.hit.value is not None:
                    return json.loads(entry.hit.value)
                value = count((await pool.fetch_bytes(STATEMENT))[0]["views"])
                await store.put(stores.entry(label, key, str(value).encode()))
                return value

            return await _all(ask, callers)
    finally:
        await pool.close()


async def _all(ask: Callable[[], Awaitable[Any]], callers: int) -> float:
    """Print ``ready``, wait for a line, and return the seconds until all have answers."""
    print("ready", flush=True)
    await asyncio.to_thread(sys.stdin.readline)
    started = perf_counter()
    answers = await asyncio.gather(*(ask() for _ in range(callers)))
    took = perf_counter() - started
    if len(set(answers)) != 1:
        raise RuntimeError(f"Callers were answered differently: {sorted(set(answers))[:5]}.")
    return took


def main() -> None:
    """Run the callers of the command line."""
    url, callers, way = sys.argv[1:]
    took = asyncio.run((together if way == TOGETHER else alone)(url, int(callers)))
    print(json.dumps({"computed": computed, "seconds": took}), flush=True)


if __name__ == "__main__":
    main()
