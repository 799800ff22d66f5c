"""Processor time of the sessions that serve readers."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import asyncpg

_READERS = """
SELECT pid FROM pg_stat_activity
WHERE backend_type = 'client backend' AND application_name <> 'pgbench'
  AND pid <> pg_backend_pid()"""


class Backends:
    """Sessions of PostgreSQL but those of pgbench, which writes beside the readers.

    Args:
        connection: A connection to list them.
    """

    def __init__(self, connection: "asyncpg.Connection[asyncpg.Record]") -> None:
        self._connection = connection

    async def seconds(self) -> dict[int, float]:
        """Return the processor time of each so far."""
        rows = await self._connection.fetch(_READERS)
        return {row["pid"]: on_core(row["pid"]) for row in rows}

    async def ended(self, before: dict[int, float]) -> bool:
        """Return whether one of them has ended since then."""
        return not before.keys() <= (await self.seconds()).keys()

    async def since(self, before: dict[int, float]) -> float:
        """Return their processor time since then."""
        after = await self.seconds()
        return sum(seconds - before.get(pid, 0.0) for pid, seconds in after.items())


def on_core(pid: int) -> float:
    """Return the processor time of a process of one thread, to the nanosecond; 0 after its end."""
    with suppress(FileNotFoundError, ProcessLookupError):
        return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) / 1e9
    return 0.0


@asynccontextmanager
async def listed(url: str) -> AsyncIterator[Backends]:
    """Yield the sessions of the server."""
    connection = await asyncpg.connect(url)
    try:
        yield Backends(connection)
    finally:
        await connection.close()
