"""Costs of answers of result caches."""

from typing import Any

from benchmarks.result_cache import formats, hit_writes, hits, memory, over_http, puts
from benchmarks.result_cache.plan import Plan
from benchmarks.stored.server import Bench, method

KIND = "cache-hits"


async def measure(bench: Bench, plan: Plan) -> tuple[dict[str, Any], Any]:
    """Return the method, and the figures of each part."""
    figures = {
        "hits": await hits.measure(bench, plan),
        "puts": await puts.measure(bench, plan),
        "http": await over_http.measure(bench, plan),
        "memory": await memory.measure(bench, plan),
        "quiet": await hit_writes.measure(bench, plan),
        "quiet_hits": plan.hits,
        "formats": await formats.measure(bench, plan),
    }
    how = {
        **method(bench),
        "redis": "a server of its own on PostgreSQL's core, unix socket, nothing on disk",
        "entries": f"{plan.keys} of each size, drawn at random; PostgreSQL reads them from memory",
        "rate": "pgbench with prepared statements, and redis-benchmark, each a process of one"
        f" thread, {plan.rounds} rounds of {plan.read_seconds:g} s, in turns; bodies as text",
        "asyncio": "tasks of one process with a connection each: asyncpg, the stores themselves,"
        " redis-py; bodies as bytes; medians of all answers; a look-up in redis is a GET and a"
        " statement",
        "postgres": "processor time of all of PostgreSQL's processes for each answer",
        "http": "uvicorn with one process on the clients' core; load, 16 connections, on"
        " PostgreSQL's; the costly query sums up over the posts of 2,000 users",
        "memory": "answers of a query with stale=, answered by the process alone, one after"
        " the other: the key is made, looked up, and counted",
        "quiet": "pg_stat_wal and n_dead_tup of all tables before and after, without autovacuum;"
        f" applications write their counts every {hit_writes.EVERY:g} s here, by default every 10",
    }
    return how, figures
