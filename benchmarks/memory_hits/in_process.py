"""Requests of one process without HTTP, next to clients in C and in Python."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from random import Random
from time import perf_counter, process_time
from typing import Any

import asyncpg

import fraiseql
from benchmarks import processes
from benchmarks.memory_hits import declared, names, writing
from benchmarks.memory_hits.declared import Stored
from benchmarks.memory_hits.environment import Run
from benchmarks.result_cache import redis_server
from benchmarks.result_cache.hits import redis_filled
from benchmarks.result_cache.plan import Plan as CachePlan
from benchmarks.stored.pgbench import server_seconds
from benchmarks.stored.served import Asked, statement
from fraiseql.events import Timings
from fraiseql.serving import Request, Service

Get = Callable[[int], Awaitable[object]]
BODY = 120
"""Bytes of a value in Redis: about those of the answer."""


@asynccontextmanager
async def service(run: Run, stored: Stored) -> AsyncIterator[Service]:
    """Start a service of this process."""
    more: dict[str, Any] = {"memory_max_bytes": 1} if stored.store == "redis" else {}
    started: Any = fraiseql.create_app(
        queries=declared.queries(stored),
        database_url=run.url,
        redis_url=run.redis.url,
        worker=False,
        **more,
    ).service
    await started.start()
    try:
        yield started
    finally:
        await started.stop()


def asked(run: Run) -> Asked:
    """Return the operation by key."""
    return Asked("key", declared.by_key(run.plan.keys).text, run.plan.keys)


@asynccontextmanager
async def getters(run: Run, clients: int) -> AsyncIterator[dict[str, Get]]:
    """Yield what gets an answer by its number, for each way."""
    async with AsyncExitStack() as stack:
        live = await stack.enter_async_context(service(run, Stored(None)))
        hit = await stack.enter_async_context(service(run, Stored("unlogged")))
        stored = await stack.enter_async_context(service(run, Stored("redis")))
        sql = (await statement(live, asked(run))).sql
        idle = await stack.enter_async_context(_connections(run.url, clients))
        await redis_filled(run.redis, CachePlan(keys=run.plan.keys), BODY)
        client = await stack.enter_async_context(redis_server.connected(run.redis, clients))

        async def fetch(number: int) -> object:
            connection = idle.pop()
            try:
                return await connection.fetchval(sql, number)
            finally:
                idle.append(connection)

        async def get(number: int) -> object:
            return await client.get(f"key:{number - 1:012}")

        yield {
            names.ASYNCPG: fetch,
            names.LIVE: _executes(run, live),
            names.HIT: _executes(run, hit),
            names.REDIS_HIT: _executes(run, stored),
            names.GET: get,
        }


@asynccontextmanager
async def _connections(url: str, number: int) -> AsyncIterator[list[Any]]:
    """Yield connections, one for each task: a pool would reset each after its statement."""
    idle = [await asyncpg.connect(url) for _ in range(number)]
    try:
        yield idle
    finally:
        for connection in idle:
            await connection.close()


def _executes(run: Run, service: Service) -> Get:
    text = asked(run).text

    async def get(number: int) -> object:
        response = await service.execute(Request(text, None, {"x": number}), {}, Timings())
        return response if response.executed else None

    return get


async def measure(run: Run) -> list[dict[str, Any]]:
    """Return a row for each way, number of clients and round, and of hits beside writers."""
    rows = []
    for clients in run.plan.clients:
        async with getters(run, clients) as ways:
            await _fill(run, ways)
            for seed in range(run.plan.rounds):
                pairs = [(way, names.IDLE) for way in ways]
                pairs += [(names.HIT, table) for table in (names.SAME, names.OTHER)]
                rows += [
                    await _round(run, (way, ways[way]), clients, seed, table)
                    for way, table in pairs
                ]
        last = [row for row in rows if row["clients"] == clients]
        shown = ", ".join(f"{row['way']} {row['postgres_us']:.1f} us" for row in last)
        run.bench.say(f"in process, {clients} clients, PostgreSQL: {shown}")
    return rows


async def _fill(run: Run, ways: Mapping[str, Get]) -> None:
    """Ask every way for every key, until answers are in memory."""
    for get in ways.values():
        for _ in range(3):
            for number in range(1, run.plan.keys + 1):
                await get(number)


async def _round(
    run: Run, way: tuple[str, Get], clients: int, seed: int, table: str
) -> dict[str, Any]:
    name, get = way
    async with writing.beside(run, table) as written:
        row = await _timed(run, get, clients, seed)
    return {"way": name, "clients": clients, "writers": table, **row, "written": written.tps}


async def _timed(run: Run, get: Get, clients: int, seed: int) -> dict[str, float]:
    """Run ``clients`` tasks of consecutive requests."""
    times: list[float] = []
    sessions, busy = await run.backends.seconds(), processes.busy_seconds()
    whole, used, started = server_seconds(run.bench.database), process_time(), perf_counter()
    redis = processes.cpu_seconds([run.redis.pid])
    until = started + run.plan.seconds
    await asyncio.gather(
        *(_client(get, run.plan.keys, seed * clients + n, until, times) for n in range(clients))
    )
    wall, cpu = perf_counter() - started, process_time() - used
    redis = processes.cpu_seconds([run.redis.pid]) - redis
    servers = server_seconds(run.bench.database) - whole + redis
    times.sort()
    count = len(times)
    return {
        "per_second": count / wall,
        "p50_ms": times[count // 2] * 1e3,
        "p99_ms": times[count * 99 // 100] * 1e3,
        "cpu_us": cpu / count * 1e6,
        "postgres_us": await run.backends.since(sessions) / count * 1e6,
        "redis_us": redis / count * 1e6,
        "foreign": round(max(0.0, processes.busy_seconds() - busy - servers - cpu) / wall, 3),
    }


async def _client(get: Get, keys: int, seed: int, until: float, times: list[float]) -> None:
    random = Random(seed)
    while perf_counter() < until:
        number = random.randint(1, keys)
        started = perf_counter()
        if await get(number) is None:
            raise RuntimeError(f"Nothing is found of entry {number}.")
        times.append(perf_counter() - started)
