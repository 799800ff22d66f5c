"""Crashing: a server of the test's own that is killed and started again, and writers that go on."""

import asyncio
import json
import os
import random
import signal
from pathlib import Path

import asyncpg
import pytest

from fraiseql.database.embedded import EmbeddedServer, start_embedded
from tests.integration.caching.projection.schemas import Case
from tests.integration.caching.projection.writers import Chance, Journal, Writer

GONE = (
    OSError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
)
"""How a client learns that its server was killed."""

_SETTINGS = """
ALTER SYSTEM SET full_page_writes = on;
ALTER SYSTEM SET max_prepared_transactions = 10;
ALTER SYSTEM SET deadlock_timeout = '50ms';
ALTER SYSTEM SET jit = off;
"""


class Crashing:
    """A server in a directory; ``url`` is where it is now."""

    def __init__(self, binaries: Path, directory: Path) -> None:
        self._binaries = binaries
        self._directory = directory
        self._made: list[asyncpg.Connection] = []

    async def connect(self) -> asyncpg.Connection:
        """Connect; the next crash or the end closes it."""
        self._made.append(await asyncpg.connect(self.url))
        return self._made[-1]

    async def start(self) -> None:
        self._running: EmbeddedServer = await asyncio.to_thread(
            start_embedded, self._directory, binaries=self._binaries, durable=False
        )
        self.url = self._running.url
        (record,) = self._directory.glob("*/server.json")
        self._postmaster = int(json.loads(record.read_text())["server"])

    async def prepare(self) -> None:
        """Start it with the settings of a server whose crash damages no page."""
        await self.start()
        connection = await self.connect()
        if await connection.fetchval("SHOW max_prepared_transactions") != "0":
            return
        for statement in _SETTINGS.strip().splitlines():
            await connection.execute(statement)
        await self.crash(signal.SIGQUIT)

    async def stop(self) -> None:
        for connection in self._made:
            connection.terminate()
        self._made.clear()
        await asyncio.to_thread(self._running.close)

    async def crash(self, how: signal.Signals) -> None:
        """Kill all of the server, or stop it at once with SIGQUIT, and start it again.

        A backend would work on without its postmaster until it next waits: each is killed.
        """
        dead = self._postmaster
        if how == signal.SIGKILL:
            os.kill(dead, signal.SIGSTOP)
            for child in children(dead):
                os.kill(child, signal.SIGKILL)
        os.kill(dead, how)
        await self.stop()
        for _ in range(12_000):
            if not is_running(dead):
                return await self.start()
            await asyncio.sleep(0.005)
        pytest.fail("the server did not end")

    async def lose_backend(self, pid: int) -> None:
        """Kill one backend: the postmaster ends all others and recovers."""
        os.kill(pid, signal.SIGKILL)
        await self.connected_again(pid)

    async def connected_again(self, dead: int) -> None:
        for _ in range(6000):
            if not is_running(dead):
                try:
                    await (await asyncpg.connect(self.url)).close()
                except GONE:
                    pass
                else:
                    return
            await asyncio.sleep(0.01)
        pytest.fail("the server did not come back")


def is_running(pid: int) -> bool:
    return Path(f"/proc/{pid}").exists()


def children(pid: int) -> list[int]:
    text = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    return [int(child) for child in text.split()]


class Acknowledged(Writer):
    """A writer that counts its commits in its own row, and the confirmed commits."""

    confirmed = 0

    async def _steps(self, transaction: asyncpg.transaction.Transaction, level: str) -> str:
        count = "INSERT INTO app.acks VALUES ($1, 1) ON CONFLICT (writer) DO UPDATE SET n = "
        row = await self.connection.fetchval(f"{count} acks.n + 1 RETURNING n", self.number)
        end = await super()._steps(transaction, level)
        if end == "committed":
            self.confirmed = row
        return end


class Writers:
    """Writers that write until their server is gone."""

    def __init__(self, case: Case, number: int) -> None:
        self._case = case
        self._number = number
        self.confirmed: dict[int, int] = {}
        self.transactions = 0

    async def connect(self, url: str) -> None:
        self._before = self.transactions
        self.connections = [await asyncpg.connect(url) for _ in range(self._number)]
        self._tasks = [
            asyncio.create_task(self._write(number, connection))
            for number, connection in enumerate(self.connections)
        ]

    async def _write(self, number: int, connection: asyncpg.Connection) -> None:
        c = Chance(random.randrange(10**9))
        writer = Acknowledged(connection, self._case, c, Journal(maxlen=1), number)
        try:
            while True:
                await writer.transaction()
                self.transactions += 1
        except GONE:
            self.confirmed[number] = max(self.confirmed.get(number, 0), writer.confirmed)
        finally:
            connection.terminate()

    async def some(self, number: int) -> None:
        """Wait until so many transactions have ended on these connections."""
        expected = self._before + number
        for _ in range(60_000):
            if self.transactions >= expected:
                return
            await asyncio.sleep(0.001)
        raise TimeoutError

    async def ended(self) -> None:
        """Wait until all have learned that the server is gone."""
        await asyncio.gather(*self._tasks)

    async def lost(self, connection: asyncpg.Connection) -> list[str]:
        """List the writers with confirmed commits that are missing."""
        committed = {row["writer"]: row["n"] for row in await connection.fetch("TABLE app.acks")}
        return [
            f"writer {number}: {confirmed} confirmed commits, {committed.get(number)} in the table"
            for number, confirmed in self.confirmed.items()
            if committed.get(number, 0) < confirmed
        ]
