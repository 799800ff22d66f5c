"""One round over HTTP, with its counters."""

import asyncio
import json
from dataclasses import dataclass
from functools import partial
from time import perf_counter
from urllib.request import Request, urlopen

from benchmarks import load, processes
from benchmarks.memory_hits.backends import Backends
from benchmarks.operations import Operation
from benchmarks.processes import Application
from benchmarks.stored.pgbench import server_seconds
from benchmarks.stored.server import Bench


@dataclass(frozen=True, slots=True)
class Length:
    """Length of a round: seconds, number of connections, and the seed of its values."""

    seconds: float
    connections: int
    seed: int


async def measured(
    bench: Bench,
    sessions: Backends,
    application: Application,
    operation: Operation,
    length: Length,
) -> dict[str, float]:
    """Load an application; return rates, times, memory, and processor time for each request."""
    before, used = _clocks(bench, application), await sessions.seconds()
    got = await asyncio.to_thread(
        load.run,
        operation,
        application.port,
        length.seconds,
        length.seed,
        bench.cores.others,
        connections=length.connections,
    )
    # Else the next server's round begins behind what this one still waits for.
    application.settle(database=partial(server_seconds, bench.database))
    postgres = None if await sessions.ended(used) else await sessions.since(used)
    wall, server, whole, own, busy = (
        b - a for a, b in zip(before, _clocks(bench, application), strict=True)
    )
    # Requests left unanswered at the end have been processed as well.
    begun = got["requests"] + length.connections
    return {
        "connections": length.connections,
        "per_second": got["requests"] / got["seconds"],
        **{name: got[name] for name in ("errors", "p50_ms", "p99_ms")},
        "cpu_us": server / begun * 1e6,
        # The time of a session that has ended is in that of the whole server.
        "postgres_us": (whole if postgres is None else postgres) / begun * 1e6,
        "rss_mb": application.memory()["rss_mb"],
        "foreign": round(max(0.0, busy - server - whole - own) / wall, 3),
    }


def ask(application: Application, body: bytes) -> str:
    """Return the data of an answer, as JSON with sorted keys."""
    headers = {"Content-Type": "application/json", "Accept": "application/json"}
    request = Request(f"http://127.0.0.1:{application.port}{load.PATH}", body, headers)
    with urlopen(request, timeout=60) as response:
        answer = json.loads(response.read())
    if "errors" in answer:
        raise RuntimeError(f"{application.name}: {answer['errors']}")
    return json.dumps(answer["data"], sort_keys=True)


def _clocks(bench: Bench, application: Application) -> tuple[float, ...]:
    return (
        perf_counter(),
        processes.cpu_seconds(application.processes()),
        server_seconds(bench.database),
        processes.children_seconds(),
        processes.busy_seconds(),
    )
