"""Closed-loop load over persistent connections, in its own process.

wrk makes the load if it is installed; else ``python -m benchmarks.load`` does, which is slower:
then the generator, not the server, limits the throughput of the fastest answers.
"""

import asyncio
import json
import os
import random
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from typing import Any

from benchmarks.operations import Operation
from benchmarks.paths import HERE, ROOT

CONNECTIONS = 16
PATH = "/graphql"
WRK = shutil.which("wrk")


@dataclass(frozen=True, slots=True)
class Revalidated:
    """A GET of an answer that the client has.

    Attributes:
        target: Path and query string.
        etag: The answer's ETag.
    """

    target: str
    etag: str

    def environment(self) -> dict[str, str]:
        """Return environment variables of the load."""
        return {"BENCH_TARGET": self.target, "BENCH_ETAG": self.etag}


def generator() -> str:
    """Return the name of the load generator."""
    return "wrk" if WRK else "python -m benchmarks.load"


def run(
    operation: Operation,
    port: int,
    seconds: float,
    seed: int,
    cores: frozenset[int],
    *,
    wrk: str | None = WRK,
    connections: int = CONNECTIONS,
    revalidated: Revalidated | None = None,
) -> dict[str, float]:
    """Load the application on ``port`` for ``seconds``.

    Args:
        operation: The operation, with a random value of its variable in each request.
        port: Port of the application.
        seconds: Length of the load.
        seed: Seed of the random values.
        cores: Cores of the load.
        wrk: Path of wrk; None for the load in Python.
        connections: Number of connections.
        revalidated: What is asked for instead of the operation.

    Returns:
        ``requests``, ``seconds``, ``bytes`` received, ``errors``, ``p50_ms`` and ``p99_ms``.
    """
    process = subprocess.Popen(
        _words(port, seconds, wrk, connections),
        cwd=ROOT,
        env=_environment(operation, seed) | (revalidated.environment() if revalidated else {}),
        stdout=subprocess.PIPE,
        text=True,
    )
    os.sched_setaffinity(process.pid, cores)
    output, _ = process.communicate(timeout=seconds * 3 + 60)
    result: dict[str, float] = json.loads(output.partition("RESULT ")[2])
    return result


def _words(port: int, seconds: float, wrk: str | None, connections: int) -> list[str]:
    if wrk is None:
        numbers = map(str, (port, seconds, connections))
        return [sys.executable, "-m", "benchmarks.load", *numbers]
    words = [wrk, "-t1", f"-c{connections}", f"-d{max(1, round(seconds))}s"]
    return [*words, "-s", str(HERE / "load.lua"), f"http://127.0.0.1:{port}{PATH}"]


def _environment(operation: Operation, seed: int) -> dict[str, str]:
    prefix, suffix = operation.halves()
    values = {
        "BENCH_PREFIX": prefix,
        "BENCH_SUFFIX": suffix,
        "BENCH_LOW": str(operation.low),
        "BENCH_HIGH": str(operation.high),
        "BENCH_SEED": str(seed),
    }
    return {**os.environ, **values}


class _Client(asyncio.Protocol):
    """One connection: sends the next request when the answer to the last is complete."""

    def __init__(self, until: float, latencies: list[float], totals: dict[str, int]) -> None:
        self.until, self.latencies, self.totals = until, latencies, totals
        self.low, self.high = int(os.environ["BENCH_LOW"]), int(os.environ["BENCH_HIGH"])
        self.buffer, self.needed, self.sent, self.waiting = bytearray(), 0, 0.0, False
        self.done = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: Any) -> None:
        """Send the first request."""
        self.transport = transport
        self._send()

    def _send(self) -> None:
        self.sent, self.waiting = time.perf_counter(), True
        self.transport.write(self._request())

    def _request(self) -> bytes:
        if target := os.getenv("BENCH_TARGET"):
            return (
                f"GET {target} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: application/json\r\n"
                f"If-None-Match: {os.environ['BENCH_ETAG']}\r\n\r\n"
            ).encode()
        value = Operation.value(random.randint(self.low, self.high))
        body = f"{os.environ['BENCH_PREFIX']}{value}{os.environ['BENCH_SUFFIX']}".encode()
        head = (
            f"POST {PATH} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
            f"Accept: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        return head.encode() + body

    def data_received(self, data: bytes) -> None:
        """Count the answer when it is complete."""
        self.buffer += data
        if not self.needed:
            head, separator, _ = bytes(self.buffer).partition(b"\r\n\r\n")
            if not separator:
                return
            lines = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:])
            self.needed = len(head) + 4 + int(lines.get(b"content-length", 0))
            self.totals["errors"] += head.split()[1] not in {b"200", b"304"}
        if len(self.buffer) >= self.needed:
            self._answered()

    def _answered(self) -> None:
        now = time.perf_counter()
        self.latencies.append(now - self.sent)
        self.totals["bytes"] += self.needed
        self.buffer.clear()
        self.needed, self.waiting = 0, False
        if now < self.until:
            self._send()
        else:
            self.transport.close()

    def connection_lost(self, _exc: Exception | None) -> None:
        """End; a missing or incomplete answer is an error."""
        self.totals["errors"] += self.waiting
        self.done.set_result(None)


async def _load(port: int, seconds: float, connections: int) -> dict[str, float]:
    random.seed(int(os.environ["BENCH_SEED"]))
    latencies: list[float] = []
    totals = {"bytes": 0, "errors": 0}
    loop, started = asyncio.get_running_loop(), time.perf_counter()
    clients = [_Client(started + seconds, latencies, totals) for _ in range(connections)]
    for client in clients:
        await loop.create_connection(lambda client=client: client, "127.0.0.1", port)  # type: ignore[misc]
    await asyncio.gather(*(client.done for client in clients))
    took = time.perf_counter() - started
    latencies.sort()
    at = {f"p{p}_ms": latencies[len(latencies) * p // 100] * 1000 for p in (50, 99)}
    return {"requests": len(latencies), "seconds": took, **totals, **at}


if __name__ == "__main__":
    result = asyncio.run(_load(int(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3])))
    print("RESULT", json.dumps(result))
