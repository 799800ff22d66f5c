"""Servers of the soak of hits from memory: crashes, promotions, steps of the clock."""

import asyncio
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

import asyncpg

from fraiseql.database.embedded import isolation, start_embedded
from tests.soak_exact_board import Board
from tests.soak_exact_clock import SteppedClock
from tests.soak_exact_mischief import GONE, OTHERS, connect

LOST = 1_000
"""More than the commits that a promotion can lose: counts go on above the lost ones."""

_BACKUPS = 8
_STREAMING = "SELECT count(*) = 1 FROM pg_stat_wal_receiver WHERE status = 'streaming'"


class Servers:
    """The current primary behind one address, and the standbys that replace it.

    Args:
        directory: A directory of its own.
        board: What readers compare with.

    Attributes:
        clock: The clock of all servers.
        url: Address that leads to the current primary.
    """

    def __init__(self, directory: Path, board: Board) -> None:
        self._directory = directory
        self._board = board
        self.clock = SteppedClock(directory)
        with self.clock.inherited():
            self._first = start_embedded(directory / "first", durable=False)
        (record,) = (directory / "first").glob("*/server.json")
        self._postmaster = int(json.loads(record.read_text())["server"])
        self._process: asyncio.subprocess.Process | None = None
        self._next: asyncio.subprocess.Process | None = None
        self._standbys = 0
        self._socket = Path(self._first.dsn.host)
        self._lead_to(self._socket)
        self.url = self._address(directory / "current")

    async def close(self) -> None:
        """Stop the current primary, and a standby."""
        if self._next is not None:
            self._next.send_signal(signal.SIGQUIT)
            await self._next.wait()
        await self._stop()
        self._first.close()

    async def crash(self) -> None:
        """Kill a backend: the server ends all others, and recovers."""
        connection = await connect(self.url)
        for row in await connection.fetch(OTHERS):
            with suppress(ProcessLookupError):
                os.kill(row["pid"], signal.SIGKILL)
        connection.terminate()
        await (await connect(self.url)).close()

    async def promote(self, *, early: bool) -> None:
        """Replace the primary by a standby that misses its last commits.

        Args:
            early: Whether the address leads to the standby before it can be written.
        """
        directory, process = await self._standby()
        url = self._address(directory)
        standby = await connect(url)
        await standby.execute("ALTER SYSTEM SET primary_conninfo = ''")
        await standby.execute("SELECT pg_reload_conf()")
        # Commits of this second are lost.
        await asyncio.sleep(1.0)
        self._board.next_epoch()
        await self._stop()
        if early:
            self._lead_to(directory)
            await asyncio.sleep(0.5)
        await standby.fetchval("SELECT pg_promote()")
        self._lead_to(directory)
        self._process, self._postmaster, self._next = process, process.pid, None
        await self._go_on(standby)
        await standby.close()
        self._board.next_epoch()

    async def _standby(self) -> tuple[Path, asyncio.subprocess.Process]:
        """Start a standby that streams."""
        self._standbys += 1
        binaries, directory = self._first.binaries, self._directory / f"s{self._standbys}"
        await self._back_up(directory)
        # Of a primary that was a standby: its socket is in its data directory.
        (directory / f".s.PGSQL.{self._first.dsn.port}.lock").unlink(missing_ok=True)
        options = {"unix_socket_directories": directory, "listen_addresses": ""}
        settings = [f"--{name}={value}" for name, value in options.items()]
        settings.append(f"--port={self._first.dsn.port}")
        owned = json.dumps([str(directory)])
        words = [sys.executable, isolation.__file__, str(os.getpid()), owned]
        words += [binaries / "postgres", "-D", directory, *settings]
        log = directory.with_suffix(".log").open("w")
        with self.clock.inherited(), log:
            process = await asyncio.create_subprocess_exec(*words, stdout=log, stderr=log)
        self._next = process
        standby = await connect(self._address(directory))
        while not await standby.fetchval(_STREAMING):  # noqa: ASYNC110 - of another process
            await asyncio.sleep(0.05)
        await standby.close()
        return directory, process

    async def _back_up(self, directory: Path) -> None:
        """Copy the primary; again if it refuses that, as a moment after its recovery."""
        words = [self._first.binaries / "pg_basebackup", "-d", self._address(self._socket)]
        words += ["-D", directory, "-R", "-X", "stream", "-c", "fast", "--no-sync"]
        for attempt in range(_BACKUPS):
            done = await asyncio.to_thread(
                subprocess.run, words, check=False, capture_output=True, text=True
            )
            if not done.returncode:
                return
            shutil.rmtree(directory, ignore_errors=True)
            await asyncio.sleep(1.0 + attempt)
        raise RuntimeError(f"No standby could be made: {done.stderr}")

    async def _go_on(self, standby: asyncpg.Connection) -> None:
        """Raise all counts above those that are lost, and record what there is.

        Nothing else is written: another definition would invalidate entries of the lost server.
        """
        sql = f"UPDATE counter SET n = n + {LOST} RETURNING id, n"
        for row in await standby.fetch(sql):
            self._board.write(row["id"], row["n"])
        version = await standby.fetchval("SELECT max(version) FROM v_counter")
        self._board.restart(version, await standby.fetchval("TABLE privilege"))

    async def _stop(self) -> None:
        """Stop the primary at once, and remove its data unless it is the first."""
        with suppress(ProcessLookupError):
            os.kill(self._postmaster, signal.SIGQUIT)
        if self._process is not None:
            await self._process.wait()
            shutil.rmtree(self._socket, ignore_errors=True)
        while _is_running(self._postmaster):  # noqa: ASYNC110 - of another process
            await asyncio.sleep(0.01)

    def _lead_to(self, socket: Path) -> None:
        """Have connections that are made from now on reach the server with this socket."""
        link = self._directory / "next"
        link.symlink_to(socket)
        link.replace(self._directory / "current")
        self._socket = socket

    def _address(self, socket: Path) -> str:
        dsn = self._first.dsn
        options = f"host={quote(str(socket), safe='')}&port={dsn.port}"
        return f"postgresql://{dsn.user}@/{dsn.database}?{options}"


def _is_running(pid: int) -> bool:
    return Path(f"/proc/{pid}").exists()


class Replacements:
    """Crashes, promotions and steps of the clock, each in its rhythm.

    Args:
        servers: The servers.
        seed: Seed of what is done.
        seconds: Seconds between two of a kind.
        done: Counts how often what was done.
    """

    def __init__(
        self, servers: Servers, seed: int, seconds: dict[str, float], done: Counter[str]
    ) -> None:
        self._servers = servers
        self._rule = random.Random(seed)
        self._seconds = seconds
        self._done = done

    async def run(self, until: float) -> None:
        """Go on until the time has come."""
        due = {kind: time.monotonic() + each for kind, each in self._seconds.items()}
        while time.monotonic() < until:
            kind = min(due, key=lambda kind: due[kind])
            await asyncio.sleep(max(0.0, min(due[kind], until) - time.monotonic()))
            if time.monotonic() >= until:
                return
            try:
                await self._do(kind)
                self._done[kind] += 1
            except GONE:
                self._done[f"{kind}, failed"] += 1
            due[kind] = time.monotonic() + self._seconds[kind]

    async def _do(self, kind: str) -> None:
        if kind == "crash":
            await self._servers.crash()
        elif kind == "promotion":
            await self._servers.promote(early=self._rule.random() < 0.5)
        elif self._servers.clock.available:
            self._servers.clock.set(self._rule.choice((0, 5, -5, 3_600, -3_600, 86_400, -86_400)))
