"""Rounds of pgbench, with their counters."""

import asyncio
import os
import re
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from benchmarks import postgres, processes
from benchmarks.stored.server import Bench

FOREIGN_LIMIT = 0.15
"""Cores that other processes may use in a round; with more it is repeated once."""

LONGEST = 300
"""Seconds after which a round is killed."""


@dataclass(frozen=True, slots=True)
class Load:
    """A workload of pgbench.

    Attributes:
        script: Its script: SQL, with ``:name`` for variables of ``\\set`` lines.
        clients: Connections, each a closed loop.
        prepared: Whether statements are prepared once for each connection.
        options: Settings of the connections, by name.
    """

    script: str
    clients: int = 1
    prepared: bool = True
    options: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Round:
    """One round.

    Attributes:
        tps: Transactions per second.
        ms: Mean time of a transaction, as a client sees it.
        postgres_ms: Processor time of all of PostgreSQL's processes for each transaction.
        retried: Transactions that met a deadlock or a serialization failure, and were run again.
        failed: Transactions that were given up.
        foreign: Cores that other processes used.
    """

    tps: float
    ms: float
    postgres_ms: float
    retried: int
    failed: int
    foreign: float


async def measure(bench: Bench, url: str, load: Load, seconds: float) -> Round:
    """Run one round; once more if others used the machine."""
    measured = await _measured(bench, url, load, ["-T", str(max(1, round(seconds)))])
    if measured.foreign > FOREIGN_LIMIT and not bench.plan.quick:
        again = await _measured(bench, url, load, ["-T", str(max(1, round(seconds)))])
        measured = min(measured, again, key=lambda each: each.foreign)
    return measured


async def run(bench: Bench, url: str, load: Load, transactions: int) -> Round:
    """Run a number of transactions of each client."""
    return await _measured(bench, url, load, ["-t", str(transactions)])


async def run_at(bench: Bench, url: str, load: Load, seconds: float, rate: int) -> Round:
    """Run transactions at a total rate per second."""
    return await _measured(bench, url, load, ["-T", str(max(1, round(seconds))), "-R", str(rate)])


async def _measured(bench: Bench, url: str, load: Load, length: list[str]) -> Round:
    before = _clocks(bench.database)
    said = await _run(bench, url, load, length)
    wall, server, own, busy = (b - a for a, b in zip(before, _clocks(bench.database), strict=True))
    count = int(_number(r"actually processed: (\d+)", said))
    return Round(
        tps=_number(r"tps = ([\d.]+)", said),
        ms=_number(r"latency average = ([\d.]+) ms", said),
        postgres_ms=server / max(1, count) * 1e3,
        retried=int(_number(r"transactions retried: (\d+)", said, 0)),
        failed=int(_number(r"failed transactions: (\d+)", said, 0)),
        foreign=round(max(0.0, busy - server - own) / wall, 3),
    )


async def _run(bench: Bench, url: str, load: Load, length: list[str]) -> str:
    with tempfile.NamedTemporaryFile("w", suffix=".sql") as script:
        script.write(load.script)
        script.flush()
        cores = ",".join(map(str, sorted(bench.cores.server)))
        words = ["taskset", "--cpu-list", cores, str(bench.binaries / "pgbench"), "-n", *length]
        words += ["-c", str(load.clients), "--max-tries=100", "-f", script.name]
        words += ["-M", "prepared" if load.prepared else "simple"]
        options = " ".join(f"-c {name}={value}" for name, value in (load.options or {}).items())
        process = await asyncio.create_subprocess_exec(
            *words,
            url,
            env={**os.environ, "PGOPTIONS": options},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        try:
            said, failed = await asyncio.wait_for(process.communicate(), LONGEST)
        except BaseException:
            process.kill()
            await process.wait()
            raise
    if process.returncode:
        raise RuntimeError(f"pgbench ended with {process.returncode}: {failed.decode()[-3000:]}")
    return said.decode()


def _number(pattern: str, text: str, otherwise: float | None = None) -> float:
    if match := re.search(pattern, text):
        return float(match[1])
    if otherwise is None:
        raise ValueError(f"pgbench does not say {pattern!r}:\n{text}")
    return otherwise


def _clocks(database: postgres.Database) -> tuple[float, ...]:
    return (
        time.perf_counter(),
        server_seconds(database),
        processes.children_seconds(),
        processes.busy_seconds(),
    )


def server_seconds(database: postgres.Database) -> float:
    """Return the processor time of the server, that of its ended sessions included.

    A session that ends moves its time to the first process: then both are read again.
    """
    while True:
        listed = database.processes()
        stat = Path(f"/proc/{database.postmaster}/stat").read_text()
        fields = stat.rpartition(")")[2].split()
        ended = (int(fields[13]) + int(fields[14])) * processes.TICK
        seconds = processes.cpu_seconds(listed) + ended
        if database.processes() == listed:
            return seconds
