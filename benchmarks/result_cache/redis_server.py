"""Redis server on PostgreSQL's core, and redis-benchmark."""

import asyncio
import csv
import os
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import redis.asyncio

from benchmarks import processes
from benchmarks.stored.server import Bench


@dataclass(frozen=True, slots=True)
class Redis:
    """A running server.

    Attributes:
        socket: Path of its socket.
        pid: Its process.
    """

    socket: str
    pid: int

    @property
    def url(self) -> str:
        """Address for redis-py, and for ``redis_url``."""
        return f"unix://{self.socket}"


@dataclass(frozen=True, slots=True)
class Round:
    """One round of redis-benchmark: rate, mean ms, processor ms of the server for each request."""

    tps: float
    ms: float
    redis_ms: float
    foreign: float


def program() -> str:
    """Return the path of the server.

    Raises:
        RuntimeError: It is not installed.
    """
    path = shutil.which("redis-server")
    if path is None:
        raise RuntimeError("redis-server is not installed: run `make setup-test`.")
    return path


def versions() -> dict[str, str]:
    """Return the versions of the server and of its client."""
    said = subprocess.check_output([program(), "--version"], text=True)
    match = re.search(r"v=([\d.]+)", said)
    return {"redis-server": match[1] if match else said.strip(), "redis": version("redis")}


@contextmanager
def started(bench: Bench) -> Iterator[Redis]:
    """Run a server without persistence while the block runs."""
    with tempfile.TemporaryDirectory(prefix="redis") as directory:
        socket = str(Path(directory) / "socket")
        words = [program(), "--port", "0", "--unixsocket", socket, "--dir", directory]
        words += ["--save", "", "--appendonly", "no", "--daemonize", "no"]
        process = subprocess.Popen(words, stdout=subprocess.DEVNULL)
        try:
            os.sched_setaffinity(process.pid, bench.cores.others)
            _wait(process, Path(socket))
            yield Redis(socket, process.pid)
        finally:
            process.terminate()
            process.wait(10)


def _wait(process: "subprocess.Popen[bytes]", socket: Path) -> None:
    until = time.monotonic() + 10
    while not socket.exists():
        if process.poll() is not None or time.monotonic() > until:
            raise RuntimeError("redis-server does not start.")
        time.sleep(0.01)


async def measure(bench: Bench, redis: Redis, keys: int, clients: int, seconds: float) -> Round:
    """Run ``clients`` that get entries ``key:000000000000`` and on, for about ``seconds``."""
    # It takes a number of requests, not a time: a short round finds the number.
    rate = (await _measured(bench, redis, keys, clients, 2_000)).tps
    return await _measured(bench, redis, keys, clients, max(2_000, int(rate * seconds)))


async def _measured(bench: Bench, redis: Redis, keys: int, clients: int, count: int) -> Round:
    cores = ",".join(map(str, sorted(bench.cores.server)))
    words = ["taskset", "--cpu-list", cores, "redis-benchmark", "-s", redis.socket, "--csv"]
    words += ["-c", str(clients), "-n", str(count), "-r", str(keys), "GET", "key:__rand_int__"]
    before = _clocks(redis)
    process = await asyncio.create_subprocess_exec(*words, stdout=asyncio.subprocess.PIPE)
    said, _ = await process.communicate()
    wall, server, own, busy = (b - a for a, b in zip(before, _clocks(redis), strict=True))
    (row,) = csv.DictReader(said.decode().splitlines())
    return Round(
        tps=float(row["rps"]),
        ms=float(row["avg_latency_ms"]),
        redis_ms=server / count * 1e3,
        foreign=round(max(0.0, busy - server - own) / wall, 3),
    )


def _clocks(redis: Redis) -> tuple[float, ...]:
    return (
        time.perf_counter(),
        processes.cpu_seconds([redis.pid]),
        processes.children_seconds(),
        processes.busy_seconds(),
    )


@asynccontextmanager
async def connected(server: Redis, connections: int) -> AsyncIterator[Any]:
    """Yield an asyncio client of redis-py with its own pool."""
    pool = redis.asyncio.BlockingConnectionPool(
        connection_class=redis.asyncio.UnixDomainSocketConnection,
        path=server.socket,
        max_connections=connections,
    )
    client = redis.asyncio.Redis(connection_pool=pool)
    try:
        yield client
    finally:
        await client.aclose()
        await pool.disconnect()
