"""Exact hits from memory, next to everything that they compete with, in one run."""

import os
from contextlib import ExitStack
from typing import Any

from benchmarks.memory_hits import (
    backends,
    declared,
    footprint,
    in_c,
    in_process,
    index_price,
    names,
    over_http,
    plan,
)
from benchmarks.memory_hits.environment import Run
from benchmarks.result_cache import redis_server
from benchmarks.result_cache.plan import Plan as CachePlan
from benchmarks.stored.declared import applied
from benchmarks.stored.server import Bench, method, settle

KIND = "cache-memory"


async def measure(bench: Bench, _plan: CachePlan) -> tuple[dict[str, Any], Any]:
    """Return the method, and the figures of each part."""
    return await sized(bench, plan.QUICK if bench.plan.quick else plan.FULL)


async def sized(bench: Bench, sizes: plan.Plan) -> tuple[dict[str, Any], Any]:
    """Return the method, and the figures of each part in these sizes."""
    busy = [load_average()]
    async with bench.copy("memory_hits") as url:
        await applied(url, declared.schema())
        await settle(url)
        with redis_server.started(bench) as redis:
            async with backends.listed(url) as sessions:
                figures = await _readers(Run(bench, sizes, url, redis, sessions))
    figures["index"] = await index_price.measure(bench, sizes)
    busy.append(load_average())
    return {**_method(bench, sizes), "load_average": " and ".join(busy)}, figures


async def _readers(run: Run) -> dict[str, Any]:
    keys = run.plan.keys
    figures: dict[str, Any] = {}
    with ExitStack() as stack:
        running = stack.enter_context(over_http.started(run))
        ways, beside = over_http.ways(keys), over_http.beside_writers(keys)
        for way in {*ways, *beside}:
            over_http.fill(way, running[way.store])
        figures["http"] = await over_http.measure(run, ways, running)
        for table in (names.SAME, names.OTHER):
            figures["http"] += await over_http.measure(run, beside, running, table)
    figures["process"] = [*await in_c.measure(run), *await in_process.measure(run)]
    figures["footprint"] = await footprint.measure(run)
    return figures


def load_average() -> str:
    """Return the load average of the last minute."""
    return f"{os.getloadavg()[0]:.1f}"


def _method(bench: Bench, sizes: plan.Plan) -> dict[str, Any]:
    return {
        **method(bench),
        "http": "uvicorn with one process on the clients' core; the load, one thread, on"
        " PostgreSQL's",
        "in_process": "tasks of the benchmark's process, on the clients' core; the whole request"
        " but HTTP",
        "rounds": f"{sizes.rounds} of {sizes.seconds:g} s, ways take turns",
        "entries": f"{sizes.keys}, drawn at random",
        "postgresql's_time": "of the sessions that serve readers, from /proc; for pgbench of all"
        " its processes",
        "writers": f"pgbench, {sizes.rate:,} transactions a second, each an update of one of"
        f" {bench.plan.size.users:,} rows; both tables are in the change log",
        "tags": "hits by key have tags of rows, hits of lists of tables",
        "redis": "a server on PostgreSQL's core, unix socket, nothing on disk; the store `redis`"
        " is measured with memory_max_bytes=1: no value fits",
        "index": "dropped in one of two equal databases; writers update one user in each"
        " transaction",
        "footprint": f"a process of its own; {sizes.entries:,} entries like the one that a request"
        " left, each with a body, a key and tags of its own",
    }
