"""Requests over HTTP on both roads, and the same reads by peers and clients in C."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from benchmarks import interpreter
from benchmarks.memory_hits import backends, declared
from benchmarks.memory_hits.backends import Backends
from benchmarks.memory_hits.step import load_average
from benchmarks.operations import Operation, operations
from benchmarks.processes import Application
from benchmarks.result_cache import redis_server
from benchmarks.result_cache.plan import Plan as CachePlan
from benchmarks.roads import in_c, names, plan, postgraphile, rounds
from benchmarks.roads.servers import Server, started
from benchmarks.stored.declared import applied
from benchmarks.stored.server import Bench, method, run, settle

KIND = "roads"


async def measure(bench: Bench, _plan: CachePlan) -> tuple[dict[str, Any], Any]:
    """Return the method, and the figures of each part."""
    sizes = plan.QUICK if bench.plan.quick else plan.FULL
    interpreter.ensure()
    busy = [load_average()]
    async with bench.copy("roads") as url, backends.listed(url) as sessions:
        await applied(url, declared.schema())
        await run(url, postgraphile.KEYS)
        await settle(url)
        figures = {
            "in_c": await in_c.measure(bench, url, sizes),
            "http": await _over_http(bench, url, sizes, sessions),
        }
    busy.append(load_average())
    return {**_method(bench, sizes), "load_average": " and ".join(busy)}, figures


async def _over_http(
    bench: Bench, url: str, sizes: plan.Plan, sessions: Backends
) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    with started(bench, url) as running:
        for name, operation, cached in _asked(bench, sizes):
            chosen = {
                server: application
                for server, application in running.items()
                if server.cached == cached and (cached or name != names.CONSTANT or server.ours)
            }
            _warm(operation, chosen)
            rows += await _operation(bench, sizes, sessions, (name, operation), chosen)
    return rows


async def _operation(
    bench: Bench,
    sizes: plan.Plan,
    sessions: Backends,
    asked: tuple[str, Operation],
    running: Mapping[Server, Application],
) -> list[dict[str, Any]]:
    """Return a row for each number of connections, round and server, which take turns."""
    name, operation = asked
    rows: list[dict[str, Any]] = []
    for connections in sizes.connections:
        first = len(rows)
        for seed in range(sizes.rounds):
            # In turn forwards and backwards: none is always behind the same one.
            for server, application in list(running.items())[:: -1 if seed % 2 else 1]:
                row = await rounds.measured(
                    bench,
                    sessions,
                    application,
                    _own(operation, server),
                    rounds.Length(sizes.seconds, connections, seed),
                )
                rows.append({"server": server.name, "operation": name, **row})
        rates = ", ".join(f"{row['server']} {row['per_second']:,.0f}" for row in rows[first:])
        bench.say(f"{name}, {connections} connections: {rates}")
    return rows


def _asked(bench: Bench, sizes: plan.Plan) -> list[tuple[str, Operation, bool]]:
    """Return the operations by name, and whether they are asked of cached queries."""
    by_name = {operation.name: operation for operation in operations(bench.plan.size)}
    constant = replace(declared.constant(), high=1)
    return [
        (names.CONSTANT, constant, False),
        *((name, by_name[name], False) for name in (names.KEY, names.LIST, names.NESTED)),
        (names.HIT, declared.by_key(sizes.keys), True),
    ]


def _own(operation: Operation, server: Server) -> Operation:
    """Return an operation in the words of a server."""
    if server.name != names.POSTGRAPHILE:
        return operation
    return replace(operation, text=postgraphile.TEXTS[operation.name])


def _warm(operation: Operation, running: Mapping[Server, Application]) -> None:
    """Check that the answers are equal, and ask until plans and values are known."""
    high = min(operation.high, operation.low + 200)
    for _ in range(4):
        for number in range(operation.low, high + 1):
            value = Operation.value(number)
            answers = {
                postgraphile.comparable(rounds.ask(each, _own(operation, server).body(value)))
                for server, each in running.items()
            }
            if len(answers) != 1:
                raise RuntimeError(f"{operation.name}: the servers do not agree: {answers}")


def _method(bench: Bench, sizes: plan.Plan) -> dict[str, Any]:
    return {
        **method(bench),
        "http": "one process each on the clients' core; the load, one thread, on PostgreSQL's",
        "rounds": f"{sizes.rounds} of {sizes.seconds:g} s, servers take turns",
        "hits": f"{sizes.keys} entries, drawn at random",
        "postgresql's_time": "of its sessions, from /proc; for pgbench of all its processes",
        "redis": f"{redis_server.versions()['redis-server']}, on PostgreSQL's core, unix socket",
        "agreement": "answers of all servers compared as parsed JSON before timing",
    }
