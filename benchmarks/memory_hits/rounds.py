"""One round over HTTP, with its counters."""

import asyncio
import re
from time import perf_counter
from urllib.request import urlopen

from benchmarks import load, processes
from benchmarks.memory_hits.environment import Run
from benchmarks.operations import Operation
from benchmarks.processes import Application
from benchmarks.stored.pgbench import server_seconds

_COUNTERS = ("hits", "memory_hits", "checks", "checked")


async def measured(
    run: Run,
    application: Application,
    operation: Operation,
    *,
    connections: int,
    seed: int,
    revalidated: load.Revalidated | None = None,
) -> dict[str, float]:
    """Load an application; return rates, times, processor time for each request, and counters."""
    before, sessions = _clocks(run, application), await run.backends.seconds()
    counted = counters(application)
    got = await asyncio.to_thread(
        load.run,
        operation,
        application.port,
        run.plan.seconds,
        seed,
        run.bench.cores.others,
        connections=connections,
        revalidated=revalidated,
    )
    application.settle()
    postgres = await run.backends.since(sessions)
    wall, server, whole, own, busy = (
        b - a for a, b in zip(before, _clocks(run, application), strict=True)
    )
    # Requests left unanswered at the end have been processed as well.
    begun = got["requests"] + connections
    after = counters(application)
    return {
        "connections": connections,
        "per_second": got["requests"] / got["seconds"],
        **{name: got[name] for name in ("errors", "p50_ms", "p99_ms")},
        "cpu_us": server / begun * 1e6,
        "postgres_us": postgres / begun * 1e6,
        **{name: (after[name] - counted[name]) / begun for name in _COUNTERS},
        "foreign": round(max(0.0, busy - server - whole - own) / wall, 3),
    }


def counters(application: Application) -> dict[str, float]:
    """Return the sums of some counters of ``/metrics``; 0 where caches are off."""
    with urlopen(f"http://127.0.0.1:{application.port}/metrics", timeout=60) as response:
        text = response.read().decode()
    return {
        name: sum(
            float(value)
            for value in re.findall(
                rf"^fraiseql_result_cache_{name}_total(?:{{.*}})? (\S+)$", text, re.MULTILINE
            )
        )
        for name in _COUNTERS
    }


def _clocks(run: Run, application: Application) -> tuple[float, ...]:
    return (
        perf_counter(),
        processes.cpu_seconds(application.processes()),
        server_seconds(run.bench.database),
        processes.children_seconds(),
        processes.busy_seconds(),
    )
