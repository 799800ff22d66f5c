"""Durable PostgreSQL with copies of the base tables."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg

from benchmarks import data, postgres
from benchmarks.paths import CACHE
from benchmarks.processes import Cores
from benchmarks.stored.plan import Plan
from fraiseql.database.embedded import EmbeddedServer

SETTINGS: Mapping[str, str] = {
    "shared_buffers": "1GB",
    "max_connections": "100",
    "max_wal_size": "8GB",
    # None within a run: the first write to each page after it is logged whole.
    "checkpoint_timeout": "60min",
    "work_mem": "64MB",
    "maintenance_work_mem": "256MB",
}
FILES = ("base.sql", "stored.sql")


@dataclass(frozen=True, slots=True)
class Bench:
    """Environment of a measurement of stored documents.

    Attributes:
        plan: Sizes of the run.
        server: The claim on the server.
        database: The copied database, and the server's processes.
        cores: The clients' cores, and PostgreSQL's.
    """

    plan: Plan
    server: EmbeddedServer
    database: postgres.Database
    cores: Cores

    @property
    def binaries(self) -> Path:
        """Directory of pgbench."""
        return self.server.binaries

    @asynccontextmanager
    async def copy(self, name: str) -> AsyncIterator[str]:
        """Yield the address of a new copy of the base tables, dropped after the block."""
        base = self.plan.size.label_of("stored")
        drop = f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'
        await run(self.server.url, drop)
        await run(self.server.url, f'CREATE DATABASE "{name}" TEMPLATE "{base}" STRATEGY FILE_COPY')
        try:
            yield self.server.url_for(name)
        finally:
            await run(self.server.url, drop)

    def say(self, text: str) -> None:
        """Print a line of progress."""
        print(f"    {text}", flush=True)


@asynccontextmanager
async def bench(plan: Plan, directory: Path = CACHE / "stored") -> AsyncIterator[Bench]:
    """Start the server, with the base tables made, while the block runs."""
    server = await postgres.started(directory, SETTINGS)
    try:
        label = plan.size.label_of("stored")
        await postgres.create(server.url, label)
        url = server.url_for(label)
        await data.ensure(url, plan.size, files=FILES, last="tb_wide", quiet=plan.quick)
        cores = one_core_each()
        # Through another database: the copied one must have no connections.
        first = await postgres.postmaster(server.url)
        database = postgres.Database(server.url, server.version, first, SETTINGS)
        database.pin(set(cores.others))
        yield Bench(plan, server, database, cores)
    finally:
        server.close()


def one_core_each() -> Cores:
    """Assign one core to the clients and one to PostgreSQL."""
    cores = Cores.split()
    return Cores(cores.server, frozenset({min(cores.others)}))


async def run(url: str, *statements: str) -> None:
    """Run statements, each by itself."""
    connection = await asyncpg.connect(url)
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()


async def fetch(url: str, statement: str, *values: Any) -> list[asyncpg.Record]:
    """Return the rows of a statement."""
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetch(statement, *values)
    finally:
        await connection.close()


async def settle(url: str) -> None:
    """Vacuum and analyze a database, and write a checkpoint."""
    await run(url, "VACUUM (ANALYZE)", "CHECKPOINT")


def method(bench: Bench) -> dict[str, Any]:
    """Return a description common to all measurements here."""
    names = ", ".join(f"{name} {value}" for name, value in bench.database.settings.items())
    return {
        "data": bench.plan.size.words,
        "placement": f"clients on core {min(bench.cores.server)}, PostgreSQL on core"
        f" {min(bench.cores.others)}, unix socket",
        "postgresql": f"embedded, its defaults (fsync and synchronous_commit on) but {names}",
    }
