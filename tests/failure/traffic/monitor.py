"""Monitor of a serving process: memory, memory of its backends, and heartbeat."""

import asyncio
import contextlib
import re
import time
from dataclasses import dataclass
from pathlib import Path

import asyncpg

from tests.failure.traffic.clients import exchange

GET_HEALTH = b"GET /health HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"
EVERY = 0.25


@dataclass
class Watched:
    """The figures; bytes and seconds.

    Attributes:
        process: Resident memory of the process, over time.
        backend: Private memory of the largest backend, over time.
        slowest: The longest that ``/health`` took.
        beats: How often it was asked.
    """

    process: list[int]
    backend: list[int]
    slowest: float = 0.0
    beats: int = 0


def resident(pid: int) -> int:
    """Resident memory that no other process shares, in bytes; 0 where there is no process."""
    try:
        text = Path(f"/proc/{pid}/status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    match = re.search(r"RssAnon:\s+(\d+) kB", text)
    return int(match[1]) * 1024 if match else 0


async def beat(port: int, watched: Watched) -> None:
    """Ask ``/health`` until cancelled."""
    while True:
        start = time.monotonic()
        try:
            await exchange(port, GET_HEALTH)
        except (OSError, TimeoutError):
            await asyncio.sleep(EVERY)
            continue
        watched.slowest = max(watched.slowest, time.monotonic() - start)
        watched.beats += 1
        await asyncio.sleep(EVERY)


async def weigh(pid: int, url: str, watched: Watched) -> None:
    """Read the memory of the process and of its backends until cancelled."""
    while True:
        watched.process.append(resident(pid))
        # The server may be in a restart.
        with contextlib.suppress(OSError, asyncpg.PostgresError):
            watched.backend.append(max(map(resident, await _backends(url)), default=0))
        await asyncio.sleep(2)


async def _backends(url: str) -> list[int]:
    connection = await asyncpg.connect(url, timeout=5)
    try:
        rows = await connection.fetch(
            "SELECT pid FROM pg_stat_activity WHERE datname = current_database()"
            " AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
        )
    finally:
        await connection.close()
    return [row["pid"] for row in rows]
