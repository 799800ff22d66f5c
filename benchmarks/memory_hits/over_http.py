"""Whole requests over HTTP: live, hits from memory, and hits from Redis."""

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote
from urllib.request import Request, urlopen

from benchmarks import load, processes
from benchmarks.memory_hits import declared, names, rounds, writing
from benchmarks.memory_hits.environment import Run
from benchmarks.operations import Operation
from benchmarks.processes import Application

LIVE, MEMORY, REDIS = "", "unlogged", "redis"
"""Stores of the applications; hits of an unlogged store come from memory."""


@dataclass(frozen=True, slots=True)
class Way:
    """One way to be answered.

    Attributes:
        name: As the page prints it.
        store: Which application answers.
        operation: The operation.
        unchanged: Whether the client has the answer already, and asks by GET.
    """

    name: str
    store: str
    operation: Operation
    unchanged: bool = False


def ways(keys: int) -> tuple[Way, ...]:
    """Return the ways that are compared without writers."""
    user, users = declared.by_key(keys), declared.listed(keys)
    return (
        Way(names.CONSTANT, LIVE, declared.constant()),
        Way(names.LIVE, LIVE, user),
        Way(names.HIT, MEMORY, user),
        Way(names.UNCHANGED, MEMORY, declared.by_key(1), unchanged=True),
        Way(names.REDIS_HIT, REDIS, user),
        Way(names.LIVE_LIST, LIVE, users),
        Way(names.HIT_LIST, MEMORY, users),
    )


def beside_writers(keys: int) -> tuple[Way, ...]:
    """Return the ways that are compared beside writers."""
    user = declared.by_key(keys)
    return (
        Way(names.LIVE, LIVE, user),
        Way(names.HIT, MEMORY, user),
        Way(names.BY_TABLE, MEMORY, declared.by_key(keys, "userByTable")),
    )


@contextmanager
def started(
    run: Run, stores: Sequence[str] = (LIVE, MEMORY, REDIS)
) -> Iterator[Mapping[str, Application]]:
    """Run an application for each store while the block runs."""
    words = f"{sys.executable} -m uvicorn --loop uvloop --http httptools --no-access-log"
    words += " --log-level warning benchmarks.memory_hits.application:app --port"
    with ExitStack() as stack:
        running = {}
        for number, store in enumerate(stores):
            port = processes.FIRST_PORT + number
            environment = {
                "BENCH_DATABASE_URL": run.url,
                "BENCH_REDIS_URL": run.redis.url,
                "BENCH_STORE": store,
            }
            running[store] = stack.enter_context(
                processes.serving(
                    f"memory-hits-{store or 'live'}",
                    [*words.split(), str(port)],
                    port,
                    environment,
                    run.bench.cores.server,
                )
            )
        yield running


def fill(way: Way, application: Application) -> None:
    """Ask for every key until all answers are stored, and in memory where they may be."""
    operation = way.operation
    for _ in range(3 if way.store else 1):
        statuses = [
            _ask(application, operation.body(Operation.value(number)))
            for number in range(operation.low, operation.high + 1)
        ]
    expected = {LIVE: "None", MEMORY: 'detail="memory"', REDIS: "hit"}[way.store]
    if way.store and not all(expected in status for status in statuses):
        raise RuntimeError(f"{way.name}: answers are not hits: {sorted(set(statuses))}")


def _ask(application: Application, body: bytes) -> str:
    """Return how caches answered a request."""
    headers = {"Content-Type": "application/json", "Accept": "application/json"}
    request = Request(f"http://127.0.0.1:{application.port}{load.PATH}", body, headers)
    with urlopen(request, timeout=60) as response:
        if b'"errors"' in response.read():
            raise RuntimeError("A request failed.")
        return str(response.headers["cache-status"])


def revalidated(way: Way, application: Application) -> load.Revalidated | None:
    """Return the GET of an answer that the client has; None for other ways."""
    if not way.unchanged:
        return None
    operation = way.operation
    variables = json.dumps({operation.variable: operation.low})
    target = f"{load.PATH}?query={quote(operation.text)}&variables={quote(variables)}"
    url = f"http://127.0.0.1:{application.port}{target}"
    with urlopen(Request(url, headers={"Accept": "application/json"}), timeout=60) as response:
        return load.Revalidated(target, response.headers["etag"])


async def measure(
    run: Run,
    ways: tuple[Way, ...],
    running: Mapping[str, Application],
    table: str = names.IDLE,
) -> list[dict[str, Any]]:
    """Return a row for each way, number of connections and round."""
    rows: list[dict[str, Any]] = []
    for connections in run.plan.connections if table == names.IDLE else run.plan.beside:
        first = len(rows)
        for seed in range(run.plan.rounds):
            rows += [
                await _round(run, way, running[way.store], table, (connections, seed))
                for way in ways
            ]
        rates = ", ".join(f"{row['way']} {row['per_second']:,.0f}" for row in rows[first:])
        run.bench.say(f"HTTP, {connections} connections, writers: {table}; {rates}")
    return rows


async def _round(
    run: Run, way: Way, application: Application, table: str, how: tuple[int, int]
) -> dict[str, Any]:
    connections, seed = how
    more = revalidated(way, application)
    async with writing.beside(run, table) as written:
        row = await rounds.measured(
            run,
            application,
            way.operation,
            connections=connections,
            seed=seed,
            revalidated=more,
        )
    return {"way": way.name, "writers": table, **row, "written": written.tps}
