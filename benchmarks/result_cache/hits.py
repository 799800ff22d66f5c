"""Cost of a hit, next to a read by primary key and a Redis GET."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import asdict
from functools import partial
from random import Random
from statistics import median
from time import perf_counter
from typing import Any

import asyncpg

from benchmarks.result_cache import redis_server, stores
from benchmarks.result_cache.names import GET, LOGGED, LOOK_UP, PLAIN, REDIS
from benchmarks.result_cache.plan import Plan
from benchmarks.stored import pgbench
from benchmarks.stored.pgbench import Load
from benchmarks.stored.server import Bench, run, settle

NAMES: Mapping[str, stores.StoreName] = {
    LOOK_UP: "unlogged",
    LOGGED: "logged",
    REDIS: "redis",
}
"""Stores by the name of their look-up on the page."""
Get = Callable[[int], Awaitable[object]]


async def measure(bench: Bench, plan: Plan) -> list[dict[str, Any]]:
    """Return rounds by size, number of clients and way; the servers share one core."""
    with redis_server.started(bench) as server:
        return [
            figures for size in plan.sizes for figures in await _sized(bench, plan, size, server)
        ]


async def _sized(
    bench: Bench, plan: Plan, size: int, server: redis_server.Redis
) -> list[dict[str, Any]]:
    async with bench.copy("cache_hits") as url:
        await stores.applied(url, *NAMES.values())
        await _plain(url, plan, size)
        await redis_filled(server, plan, size)
        for name in NAMES.values():
            label = await _filled(url, plan, size, (name, server.url))
        scripts = _scripts(plan, stores.script(label))
        await settle(url)
        return [
            {
                "bytes": size,
                "clients": clients,
                "rate": await _rates(bench, plan, scripts, clients, (url, server)),
                "asyncio": await _asyncio(bench, plan, url, clients, server),
            }
            for clients in plan.clients
        ]


async def _filled(url: str, plan: Plan, size: int, where: tuple[Any, str]) -> stores.Label:
    name, redis_url = where
    most = 4 * plan.keys * (size + 30_000)
    async with stores.opened(url, name=name, max_bytes=most, redis_url=redis_url) as store:
        label = await stores.label(store)
        for number in range(1, plan.keys + 1):
            entry = stores.entry(label, stores.key(number), stores.body(number, size))
            await stores.put_entry(store, entry)
    return label


async def _plain(url: str, plan: Plan, size: int) -> None:
    await run(
        url,
        "CREATE TABLE plain (key bytea PRIMARY KEY, body bytea NOT NULL)",
        "ALTER TABLE plain ALTER COLUMN body SET STORAGE EXTERNAL",
    )
    connection = await asyncpg.connect(url)
    try:
        rows = [
            (stores.key(number), stores.body(number, size)) for number in range(1, plan.keys + 1)
        ]
        await connection.executemany("INSERT INTO plain VALUES ($1, $2)", rows)
    finally:
        await connection.close()


async def redis_filled(server: redis_server.Redis, plan: Plan, size: int) -> None:
    """Set the keys of redis-benchmark: numbers from 0 with twelve digits."""
    async with redis_server.connected(server, 1) as client:
        for number in range(plan.keys):
            await client.set(f"key:{number:012}", stores.body(number, size))


# With clients in C.


def _scripts(plan: Plan, look_up: str) -> dict[str, str]:
    draw = f"\\set n random(1, {plan.keys})\n"
    # As text: pgbench asks for text, and bytes would come as hexadecimal digits.
    plain = f"SELECT convert_from(body, 'UTF8') FROM plain WHERE key = {stores.KEY};\n"
    return {PLAIN: draw + plain, LOOK_UP: draw + look_up}


async def _rates(
    bench: Bench,
    plan: Plan,
    scripts: Mapping[str, str],
    clients: int,
    servers: tuple[str, redis_server.Redis],
) -> dict[str, list[Any]]:
    url, server = servers
    figures: dict[str, list[Any]] = {PLAIN: [], LOOK_UP: [], GET: []}
    for _ in range(plan.rounds):
        for name, text in scripts.items():
            load = Load(text, clients, options=stores.PLANNED)
            measured = await pgbench.measure(bench, url, load, plan.seconds(clients))
            figures[name].append(asdict(measured))
        got = await redis_server.measure(bench, server, plan.keys, clients, plan.seconds(clients))
        figures[GET].append(asdict(got))
    rates = {
        name: median(measured["tps"] for measured in rounds) for name, rounds in figures.items()
    }
    said = ", ".join(f"{name} {rate:,.0f}/s" for name, rate in rates.items())
    bench.say(f"hits, {clients} clients: {said}")
    return figures


# With asyncio in one process, as in an application.


async def _asyncio(
    bench: Bench, plan: Plan, url: str, clients: int, server: redis_server.Redis
) -> dict[str, list[Any]]:
    ways: dict[str, Callable[[], AbstractAsyncContextManager[Get]]] = {
        PLAIN: partial(_primary_key, url, clients),
        **{way: partial(_store, url, clients, (name, server.url)) for way, name in NAMES.items()},
        GET: partial(_get, server, clients),
    }
    figures: dict[str, list[Any]] = {name: [] for name in ways}
    for _ in range(plan.rounds):
        for name, opened in ways.items():
            # One after the other: together they would need too many connections.
            async with opened() as get:
                await asyncio.gather(*(get(1) for _ in range(clients)))
                figures[name].append(await _timed(bench, plan, get, clients))
    said = ", ".join(f"{name} {_ms(rounds):.3f} ms" for name, rounds in figures.items())
    bench.say(f"  asyncio: {said}")
    return figures


def _ms(rounds: list[Mapping[str, float]]) -> float:
    return median(measured["ms"] for measured in rounds)


@asynccontextmanager
async def _primary_key(url: str, clients: int) -> AsyncIterator[Get]:
    statement = "SELECT body FROM plain WHERE key = $1"
    async with asyncpg.create_pool(url, min_size=clients, max_size=clients) as pool:

        async def get(number: int) -> object:
            return await pool.fetchval(statement, stores.key(number))

        yield get


@asynccontextmanager
async def _store(url: str, clients: int, where: tuple[Any, str]) -> AsyncIterator[Get]:
    name, redis_url = where
    async with stores.opened(url, name=name, connections=clients, redis_url=redis_url) as store:
        look_up = (await stores.label(store)).lookup

        async def get(number: int) -> object:
            return (await store.find(look_up, stores.key(number))).hit

        yield get


@asynccontextmanager
async def _get(server: redis_server.Redis, clients: int) -> AsyncIterator[Get]:
    async with redis_server.connected(server, clients) as client:

        async def get(number: int) -> object:
            return await client.get(f"key:{number - 1:012}")

        yield get


async def _timed(bench: Bench, plan: Plan, get: Get, clients: int) -> dict[str, float]:
    """Run ``clients`` tasks of consecutive requests; every one must hit."""
    times: list[float] = []
    before = pgbench.server_seconds(bench.database)
    started = perf_counter()
    until = started + plan.read_seconds
    await asyncio.gather(*(_client(get, plan.keys, seed, until, times) for seed in range(clients)))
    took = perf_counter() - started
    times.sort()
    return {
        "tps": len(times) / took,
        "ms": median(times) * 1e3,
        "p99_ms": times[len(times) * 99 // 100] * 1e3,
        "postgres_ms": (pgbench.server_seconds(bench.database) - before) / len(times) * 1e3,
    }


async def _client(get: Get, keys: int, seed: int, until: float, times: list[float]) -> None:
    random = Random(seed)
    while perf_counter() < until:
        number = random.randint(1, keys)
        started = perf_counter()
        if await get(number) is None:
            raise RuntimeError(f"Nothing is found of entry {number}.")
        times.append(perf_counter() - started)
