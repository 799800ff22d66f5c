"""The benchmark's embedded PostgreSQL, with 2 GB of shared buffers."""

import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import asyncpg

from benchmarks.data import Size, ensure
from benchmarks.paths import CACHE
from fraiseql.database.embedded import EmbeddedServer, start_embedded

SETTINGS: Mapping[str, str] = {
    "shared_buffers": "2GB",
    "max_connections": "250",
    "max_wal_size": "8GB",
    "maintenance_work_mem": "512MB",
    "work_mem": "64MB",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    # The data never change once they are made.
    "autovacuum": "off",
}


@dataclass(frozen=True, slots=True)
class Database:
    """A database that holds the data, and the first process of its server."""

    url: str
    version: str
    postmaster: int
    settings: Mapping[str, str] = field(default_factory=lambda: SETTINGS)

    def processes(self) -> list[int]:
        """Return the server's processes: the first one and all its children."""
        children = Path(f"/proc/{self.postmaster}/task/{self.postmaster}/children").read_text()
        return [self.postmaster, *map(int, children.split())]

    def pin(self, cores: set[int]) -> None:
        """Pin the server and its future processes to ``cores``."""
        for process in self.processes():
            # A session may end at any moment.
            with suppress(ProcessLookupError):
                os.sched_setaffinity(process, cores)


@asynccontextmanager
async def database(size: Size) -> AsyncIterator[Database]:
    """Yield the database with data of ``size``, created if missing."""
    server = await started(CACHE / "database", SETTINGS)
    try:
        await create(server.url, size.label)
        url = server.url_for(size.label)
        await ensure(url, size)
        await _warm(url)
        yield Database(url, server.version, await postmaster(url))
    finally:
        server.close()


async def started(directory: Path, settings: Mapping[str, str]) -> EmbeddedServer:
    """Start the server of ``directory`` with ``settings``."""
    server = start_embedded(directory)
    if await _configure(server.url, settings):
        server.close()
        server = start_embedded(directory)
    return server


async def _configure(url: str, settings: Mapping[str, str]) -> bool:
    """Write the settings; return whether the server must be restarted."""
    connection = await asyncpg.connect(url)
    try:
        for name, value in settings.items():
            await connection.execute(f"ALTER SYSTEM SET {name} = '{value}'")
        size = await connection.fetchval("SELECT pg_size_bytes($1)", settings["shared_buffers"])
        own = await connection.fetchval("SELECT pg_size_bytes(current_setting('shared_buffers'))")
        return bool(size != own)
    finally:
        await connection.close()


async def _warm(url: str) -> None:
    """Read every table into the server's buffers, which are empty after a start."""
    connection = await asyncpg.connect(url)
    try:
        await connection.execute("CREATE EXTENSION IF NOT EXISTS pg_prewarm")
        await connection.execute(
            "SELECT pg_prewarm(oid) FROM pg_class"
            " WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'i')"
            " ORDER BY relname"
        )
    finally:
        await connection.close()


async def create(url: str, name: str) -> None:
    """Create a database unless it exists."""
    connection = await asyncpg.connect(url)
    try:
        if not await connection.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", name):
            await connection.execute(f'CREATE DATABASE "{name}"')
    finally:
        await connection.close()


async def postmaster(url: str) -> int:
    """Return the parent process of the server's processes."""
    connection = await asyncpg.connect(url)
    try:
        return _parent(await connection.fetchval("SELECT pg_backend_pid()"))
    finally:
        await connection.close()


def _parent(pid: int) -> int:
    status = Path(f"/proc/{pid}/stat").read_text()
    return int(status.rpartition(")")[2].split()[1])
