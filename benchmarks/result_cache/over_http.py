"""Whole requests over HTTP, live and cached in turns."""

import sys
from contextlib import ExitStack
from statistics import median
from time import perf_counter
from typing import Any

from benchmarks import load, processes
from benchmarks.operations import Operation
from benchmarks.processes import Application
from benchmarks.result_cache import declared, names, stores
from benchmarks.result_cache.names import LIVE, STORED
from benchmarks.result_cache.plan import Plan
from benchmarks.stored import pgbench
from benchmarks.stored.server import Bench, settle

ROWS = 100
"""More than the number of countries: the query has one key."""


OPERATION = Operation("Costly", names.COSTLY, declared.COSTLY, "x", ROWS - 1, ROWS - 1)


async def measure(bench: Bench, plan: Plan) -> dict[str, Any]:
    """Return rounds by operation and kind of answer."""
    async with bench.copy("cache_http") as url:
        await stores.applied(url)
        await settle(url)
        with ExitStack() as stack:
            running = {
                kind: stack.enter_context(_serving(bench, url, kind, processes.FIRST_PORT + number))
                for number, kind in enumerate((LIVE, STORED))
            }
            return {OPERATION.title: _rounds(bench, plan, OPERATION, running)}


def _serving(bench: Bench, url: str, kind: str, port: int) -> Any:
    words = f"-m uvicorn --loop uvloop --http httptools --no-access-log --port {port}".split()
    words = [sys.executable, *words, "--log-level", "warning"]
    environment = {"BENCH_DATABASE_URL": url, "BENCH_CACHE": "on" if kind == STORED else "off"}
    target = "benchmarks.result_cache.application:app"
    return processes.serving(
        f"cache-{kind}", [*words, target], port, environment, bench.cores.server
    )


def _rounds(
    bench: Bench, plan: Plan, operation: Operation, running: dict[str, Application]
) -> dict[str, list[Any]]:
    for application in running.values():
        load.run(operation, application.port, 1, 0, bench.cores.others)
    figures: dict[str, list[Any]] = {kind: [] for kind in running}
    for number in range(plan.rounds):
        for kind, application in running.items():
            figures[kind].append(_measured(bench, plan, operation, application, number))
    said = ", ".join(
        f"{kind} {median(counts['p50_ms'] for counts in rounds):.2f} ms"
        for kind, rounds in figures.items()
    )
    bench.say(f"HTTP, {operation.title}: {said}")
    return figures


def _measured(
    bench: Bench, plan: Plan, operation: Operation, application: Application, seed: int
) -> dict[str, float]:
    before = _clocks(bench, application)
    # wrk counts whole seconds.
    length = max(1.0, plan.write_seconds)
    got = load.run(operation, application.port, length, seed, bench.cores.others)
    application.settle()
    after = _clocks(bench, application)
    wall, server, database, own, busy = (b - a for a, b in zip(before, after, strict=True))
    # Requests left unanswered at the end have been processed as well.
    begun = int(got["requests"]) + load.CONNECTIONS
    return {
        "per_second": got["requests"] / got["seconds"],
        "p50_ms": got["p50_ms"],
        "p99_ms": got["p99_ms"],
        "errors": got["errors"],
        "cpu_ms": server / begun * 1e3,
        "postgres_ms": database / begun * 1e3,
        "foreign": round(max(0.0, busy - server - database - own) / wall, 3),
    }


def _clocks(bench: Bench, application: Application) -> tuple[float, ...]:
    return (
        perf_counter(),
        processes.cpu_seconds(application.processes()),
        pgbench.server_seconds(bench.database),
        processes.children_seconds(),
        processes.busy_seconds(),
    )
