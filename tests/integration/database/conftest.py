"""Fixtures: pools that are closed after the test, a superuser's connection, the server's log."""

from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest

from fraiseql.database import Pool, open_pool
from fraiseql.settings import Settings
from tests.integration.database.server_log import Log, MakePool


@pytest.fixture
async def make_pool(database: str) -> AsyncIterator[MakePool]:
    """Make pools on the module's database with settings of one's own."""
    pools: list[Pool] = []

    async def make(url: str = database, **values: object) -> Pool:
        pools.append(await open_pool(url, Settings().with_values(**values)))
        return pools[-1]

    yield make
    for pool in pools:
        await pool.close()


@pytest.fixture
async def pool(make_pool: MakePool) -> Pool:
    """One connection, so that each request uses the connection of the last."""
    return await make_pool(pool_size=1)


@pytest.fixture
async def admin(database: str) -> AsyncIterator[asyncpg.Connection]:
    """A plain connection of the database's superuser."""
    connection = await asyncpg.connect(database)
    yield connection
    await connection.close()


@pytest.fixture
async def log(database: str, server_log: Path, admin: asyncpg.Connection) -> AsyncIterator[Log]:
    """Have each message of a client logged; ask for this before the pool, so that it counts."""
    name = database.rpartition("/")[2].partition("?")[0]
    await admin.execute(f"ALTER DATABASE {name} SET log_min_duration_statement = 0")
    yield Log(server_log)
    await admin.execute(f"ALTER DATABASE {name} RESET log_min_duration_statement")
