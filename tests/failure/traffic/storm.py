"""Storm of hostile traffic against ``fraiseql serve`` over a faulty way to PostgreSQL."""

import asyncio
import contextlib
import os
import random
import signal
from collections.abc import Coroutine, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg

from tests.failure.traffic.clients import Clients, Seen
from tests.failure.traffic.env import connected, prepare, served, until_ready
from tests.failure.traffic.monitor import Watched, beat, weigh
from tests.failure.traffic.proxy import Proxy


@dataclass(frozen=True)
class Storm:
    """One run.

    Attributes:
        url: Address of a database of its own; its tables are made here.
        folder: Where the program runs and writes its output.
        seconds: How long.
        seed: Of all that is chosen.
        share: Share of what passes between program and database that meets a fault.
        crashes: Whether PostgreSQL is made to restart, which all on the server notice.
        each: Clients of each kind.
        app: The application: ``app``, or ``open_app`` for the native server.
    """

    url: str
    folder: Path
    seconds: float
    seed: int
    share: float = 0.002
    crashes: bool = False
    each: int = 2
    app: str = "app"


@dataclass(frozen=True)
class Report:
    """The results of a storm: results of clients, measurements, faults and log lines."""

    seen: Seen
    watched: Watched
    faults: dict[str, int]
    log_lines: int
    tracebacks: int

    def line(self) -> str:
        """The report in words; memory in MB at a tenth of the time, in the middle, at the end."""
        return (
            f"{dict(sorted(self.seen.answers.items()))}, process {_course(self.watched.process)},"
            f" largest backend {_course(self.watched.backend)}, slowest of {self.watched.beats}"
            f" heartbeats {self.watched.slowest:.2f} s, faults {self.faults},"
            f" {self.log_lines} lines in the log, {self.tracebacks} tracebacks,"
            f" {len(self.seen.wrong)} wrong"
        )


def _course(figures: list[int]) -> str:
    places = (len(figures) // 10, len(figures) // 2, len(figures) - 1)
    return "/".join(f"{figures[place] / 1e6:.0f}" for place in places) + " MB" if figures else "-"


async def run(storm: Storm) -> Report:
    """Make the tables, serve, send all kinds of traffic, and return the report."""
    await prepare(storm.url, storm.folder)
    chosen = random.Random(storm.seed)
    async with (
        Proxy(storm.url, chosen, storm.share).listening() as proxy,
        served(proxy.url, storm.folder, app=storm.app) as (port, program),
    ):
        clients, watched = Clients(port, storm.seed), Watched([], [])
        works = [
            *_clients(clients, storm),
            beat(port, watched),
            weigh(program.process.pid, storm.url, watched),
            _outages(storm, chosen),
        ]
        await _for(storm.seconds, works)
        proxy.share = 0.0
        await until_ready(port)
        if storm.app != "app":
            await clients.until_native()
        text = program.text()
    tracebacks = text.count("Traceback (most recent call last)")
    return Report(clients.seen, watched, dict(proxy.faults), text.count("\n"), tracebacks)


def _clients(clients: Clients, storm: Storm) -> Iterator[Coroutine[Any, Any, None]]:
    honest = clients.honest if storm.app == "app" else clients.steady
    kinds = (honest, clients.attacker, clients.varying, clients.aborting, clients.slow)
    return (kind() for kind in kinds for _ in range(storm.each))


async def _for(seconds: float, works: list[Coroutine[Any, Any, None]]) -> None:
    """Let all work for so long; one that fails fails the storm."""
    tasks = [asyncio.create_task(work) for work in works]
    done, _ = await asyncio.wait(tasks, timeout=seconds, return_when=asyncio.FIRST_EXCEPTION)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    for task in done:
        task.result()


async def _outages(storm: Storm, chosen: random.Random) -> None:
    """End the backends of the program from time to time, or let PostgreSQL crash by one."""
    while True:
        await asyncio.sleep(storm.seconds / 60 + chosen.random() * storm.seconds / 10)
        with contextlib.suppress(OSError, asyncpg.PostgresError):
            async with connected(storm.url) as connection:
                ending = "pg_terminate_backend(pid)" if not storm.crashes else "true"
                rows = await connection.fetch(
                    f"SELECT pid, {ending} FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
                    " AND datname = current_database() AND backend_type = 'client backend'"
                )
                if storm.crashes and rows:
                    os.kill(chosen.choice(rows)["pid"], signal.SIGKILL)
