"""Interleaved rounds of load on every application."""

import json
import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import asdict, dataclass
from typing import Any

from benchmarks import agreement, load, postgres, processes, result
from benchmarks.bench import Bench
from benchmarks.operations import Operation
from benchmarks.processes import Application

FOREIGN_LIMIT = 0.1
"""Cores that other processes may use in a round; with more it is measured again."""
RETRIES = 2


@dataclass(frozen=True, slots=True)
class Peer:
    """An application to measure.

    Attributes:
        name: As the report prints it.
        module: Its file in ``benchmarks/peers``.
        server: The program that serves it.
        answers: Whether it answers GraphQL; ceilings send documents.
    """

    name: str
    module: str
    server: str = "uvicorn"
    answers: bool = True


Running = tuple[Peer, Application]

PEERS = (
    Peer("Strawberry, loaders", "strawberry_loader"),
    Peer("Ariadne, loaders", "ariadne_loader"),
    Peer("Strawberry, documents", "strawberry_documents"),
    Peer("FraiseQL, live", "fraiseql_live"),
    Peer("FraiseQL, documents", "fraiseql_documents"),
    Peer("Python ceiling", "ceiling", answers=False),
    Peer("Python ceiling, granian", "ceiling_rsgi", server="granian", answers=False),
)


@dataclass(frozen=True, slots=True)
class Round:
    """One round of an application and an operation, with its counters.

    Attributes:
        cpu_ms: Processor time of the server process for each request.
        postgres_ms: Processor time of PostgreSQL for each request.
        foreign: Cores that other processes used.
    """

    peer: str
    operation: str
    number: int
    requests: int
    seconds: float
    errors: int
    bytes_each: float
    cpu_ms: float
    postgres_ms: float
    p50_ms: float
    p99_ms: float
    rss_mb: float
    foreign: float

    @property
    def disturbed(self) -> bool:
        """Whether other processes used too much of the machine."""
        return self.foreign > FOREIGN_LIMIT

    def __str__(self) -> str:
        rate = f"{self.cpu_ms:8.3f} ms {self.requests / self.seconds:8.0f}/s"
        note = f"  others used {self.foreign:.2f} cores" if self.disturbed else ""
        return f"    {self.operation} {self.number} {self.peer:24}{rate}{note}"


async def run(bench: Bench) -> None:
    """Measure every peer, each operation after the other, and write the result."""
    print(f"  {bench.cores}; load by {load.generator()}", flush=True)
    with started(bench, PEERS) as running:
        rounds = [
            asdict(measured)
            for each in bench.operations
            for measured in _rounds(bench, each, running)
        ]
    names = {operation.name: operation.title for operation in bench.operations}
    result.write("serving", bench, method(bench), {"operations": names, "rounds": rounds})


def method(bench: Bench) -> dict[str, Any]:
    """Return a description of the method."""
    plan = bench.plan
    return {
        "load": f"{load.generator()}, {load.CONNECTIONS} keep-alive connections, closed loop",
        "placement": str(bench.cores),
        "rounds": f"{plan.rounds} of {plan.round_seconds:g} s each, applications take turns",
        "data": plan.size.words,
        "postgresql": dict(postgres.SETTINGS),
        "cpu": "user and system time of the server process from /proc/<pid>/stat until it rests,"
        " by requests begun",
        "foreign_limit": FOREIGN_LIMIT,
        "agreement": "answers of all GraphQL servers compared as parsed JSON before timing",
    }


@contextmanager
def started(bench: Bench, peers: Sequence[Peer]) -> Iterator[Sequence[Running]]:
    """Run every peer while the block runs; an idle one costs nothing."""
    with ExitStack() as stack:
        yield [
            (peer, stack.enter_context(_serving(bench, peer, processes.FIRST_PORT + index)))
            for index, peer in enumerate(peers)
        ]


def _serving(bench: Bench, peer: Peer, port: int) -> AbstractContextManager[Application]:
    words = processes.command(peer.module, peer.server, port)
    return processes.serving(peer.module, words, port, bench.environment, bench.cores.server)


def _rounds(bench: Bench, operation: Operation, running: Sequence[Running]) -> Iterator[Round]:
    agree(operation, running, 5 if bench.plan.quick else 20)
    for _, application in running:
        load.run(operation, application.port, 1 if bench.plan.quick else 2, 0, bench.cores.others)
    for number in range(1, bench.plan.rounds + 1):
        for each in running:
            yield undisturbed(bench, operation, each, number)


def undisturbed(bench: Bench, operation: Operation, running: Running, number: int) -> Round:
    """Measure a round, again if others used the machine; the last attempt counts."""
    measured = measure(bench, operation, running, number)
    for _ in range(0 if bench.plan.quick else RETRIES):
        if not measured.disturbed:
            break
        measured = measure(bench, operation, running, number)
    return measured


def agree(operation: Operation, running: Sequence[Running], count: int) -> None:
    """Check that all answers are equal, and that ceilings send the same documents."""
    answering = [application for peer, application in running if peer.answers]
    length = agreement.check(answering, operation, count)
    body = operation.body(next(operation.values(seed=7, count=1)))
    (answered,) = json.loads(agreement.ask(answering[0].port, body))["data"].values()
    for peer, application in running:
        if not peer.answers:
            agreement.check_documents(application, operation, answered)
    print(f"  {operation.name}: {len(answering)} servers agree, {length:,} bytes", flush=True)


def measure(bench: Bench, operation: Operation, running: Running, number: int) -> Round:
    """Load one application for one round."""
    peer, application = running
    before = _clocks(application, bench.database)
    seconds, cores = bench.plan.round_seconds, bench.cores.others
    counts = load.run(operation, application.port, seconds, number, cores)
    application.settle()
    clocks = _clocks(application, bench.database)
    wall, server, backend, own, busy = (b - a for a, b in zip(before, clocks, strict=True))
    # Requests left unanswered at the end have been processed as well.
    begun = int(counts["requests"]) + load.CONNECTIONS
    measured = Round(
        peer=peer.name,
        operation=operation.name,
        number=number,
        requests=int(counts["requests"]),
        seconds=counts["seconds"],
        errors=int(counts["errors"]),
        bytes_each=round(counts["bytes"] / max(1, counts["requests"])),
        cpu_ms=server / begun * 1e3,
        postgres_ms=backend / begun * 1e3,
        p50_ms=counts["p50_ms"],
        p99_ms=counts["p99_ms"],
        rss_mb=application.memory()["rss_mb"],
        foreign=round(max(0.0, busy - server - backend - own) / wall, 3),
    )
    print(measured, flush=True)
    return measured


def _clocks(application: Application, database: postgres.Database) -> tuple[float, ...]:
    return (
        time.perf_counter(),
        processes.cpu_seconds(application.processes()),
        processes.cpu_seconds(database.processes()),
        processes.children_seconds(),
        processes.busy_seconds(),
    )
