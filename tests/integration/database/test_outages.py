"""Outages: requests fail clearly while the database is away, and recover by themselves."""

import asyncio
import os
import signal
from collections import Counter
from pathlib import Path

import asyncpg
import pytest

from fraiseql.database import Database, Identity, Pool, open_pool
from fraiseql.database.embedded import EmbeddedServer, start_embedded
from fraiseql.errors import DatabaseUnavailable
from fraiseql.settings import Settings
from tests.integration.database.server_log import MakePool

KILL = """SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
WHERE application_name = 'fraiseql' AND datname = current_database()"""
PID = "SELECT pg_backend_pid()"


async def pid_of(pool: Pool, identity: Identity = Identity.NONE) -> int:
    (row,) = await pool.fetch_bytes(PID, (), identity)
    return row[0]


@pytest.mark.parametrize("pause", [0, 0.05])
async def test_connections_ended_between_requests(
    make_pool: MakePool, admin: asyncpg.Connection, pause: float
) -> None:
    pool = await make_pool(pool_size=3)
    await asyncio.gather(*(pool.fetch_bytes("SELECT pg_sleep(0.05)") for _ in range(3)))
    before = await pid_of(pool)
    assert await admin.fetchval(KILL) == 3
    await asyncio.sleep(pause)  # without a pause the end may not have been noticed yet
    assert await asyncio.gather(*(pid_of(pool) for _ in range(9))) != [before] * 9
    assert await pid_of(pool) != before


async def test_a_connection_ended_during_a_read_is_replaced(
    pool: Pool, admin: asyncpg.Connection
) -> None:
    identity = Identity.of(None, {"app.tenant": "1"})
    sql = "SELECT pg_sleep(0.3) IS NULL, current_setting('app.tenant')"
    read = asyncio.create_task(pool.fetch_bytes(sql, (), identity))
    await asyncio.sleep(0.1)
    assert await admin.fetchval(KILL) == 1
    assert [tuple(row) for row in await read] == [(False, "1")]


async def test_a_read_is_tried_again_once_only(pool: Pool, admin: asyncpg.Connection) -> None:
    read = asyncio.create_task(pool.fetch_bytes("SELECT pg_sleep(20)"))
    ended = 0
    while not read.done():
        ended += await admin.fetchval(KILL + " AND query LIKE '%pg_sleep(20)%'")
        await asyncio.sleep(0.01)
    with pytest.raises(DatabaseUnavailable, match="was lost"):
        await read
    assert ended == 2
    assert await pool.ready()


async def test_a_statement_of_a_resolver_is_not_tried_again(
    pool: Pool, admin: asyncpg.Connection
) -> None:
    database = Database(pool)
    statement = asyncio.create_task(database.fetch("SELECT pg_sleep(20)"))
    await asyncio.sleep(0.1)
    await admin.fetchval(KILL)
    with pytest.raises(DatabaseUnavailable):
        await statement
    assert await database.fetchval("SELECT 1") == 1


async def test_a_transaction_does_not_survive_its_connection(
    pool: Pool, admin: asyncpg.Connection
) -> None:
    database = Database(pool)

    async def lose() -> None:
        async with database.transaction() as transaction:
            await transaction.fetch("SELECT 1")
            await admin.fetchval(KILL)
            await transaction.fetch("SELECT 1")

    with pytest.raises(DatabaseUnavailable):
        await lose()
    assert await database.fetchval("SELECT 1") == 1


async def test_prepared_statements_thrown_away_behind_our_back(pool: Pool) -> None:
    await pool.fetch_bytes(PID)
    # Hidden in a block, so that the pool cannot know.
    await Database(pool).execute("DO $$ BEGIN EXECUTE 'DEALLOCATE ALL'; END $$")
    assert await pid_of(pool) > 0


def own_server(server: EmbeddedServer, directory: Path) -> EmbeddedServer:
    """Start one more server of the same version, which a test may stop."""
    return start_embedded(directory, binaries=server.binaries)


def postmaster(directory: Path) -> int:
    """Return the process id of the server in ``directory``."""
    (file,) = directory.glob("*/data/postmaster.pid")
    return int(file.read_text().partition("\n")[0])


@pytest.fixture
def elsewhere(tmp_path: Path) -> Path:
    return tmp_path / "data"


async def test_a_restart_under_load(
    make_pool: MakePool, server: EmbeddedServer, elsewhere: Path
) -> None:
    running = await asyncio.to_thread(own_server, server, elsewhere)
    pool = await make_pool(running.url, pool_size=4)
    outcomes: list[str] = []
    stop = False

    async def client() -> None:
        while not stop:
            try:
                await pool.fetch_bytes("SELECT pg_sleep(0.002)")
            except DatabaseUnavailable:
                outcomes.append("unavailable")
                await asyncio.sleep(0.01)
            else:
                outcomes.append("answered")

    clients = [asyncio.create_task(client()) for _ in range(12)]
    await asyncio.sleep(0.3)
    await asyncio.to_thread(running.close)  # the last claim: the server stops
    await asyncio.sleep(0.7)
    during = Counter(outcomes)
    assert during["answered"] > 20
    assert during["unavailable"] > 20
    assert not await pool.ready()
    running = await asyncio.to_thread(own_server, server, elsewhere)
    await asyncio.sleep(0.2)
    outcomes.clear()
    await asyncio.sleep(0.3)
    stop = True
    await asyncio.gather(*clients)
    assert Counter(outcomes).keys() == {"answered"}
    await pool.close()
    await asyncio.to_thread(running.close)


async def test_a_server_that_crashes_under_load(
    make_pool: MakePool, server: EmbeddedServer, elsewhere: Path
) -> None:
    running = await asyncio.to_thread(own_server, server, elsewhere)
    pool = await make_pool(running.url, pool_size=2)
    backend = await pid_of(pool)
    read = asyncio.create_task(pool.fetch_bytes("SELECT pg_sleep(0.5)"))
    await asyncio.sleep(0.1)
    # One backend that dies hard makes the server restart all of them and recover.
    try:
        os.kill(backend, signal.SIGKILL)
        outcome = (await asyncio.gather(read, return_exceptions=True))[0]
        assert isinstance(outcome, list | DatabaseUnavailable)
        for _ in range(3000):
            if await pool.ready():
                break
            await asyncio.sleep(0.02)
        assert await pid_of(pool) != backend
    finally:
        await pool.close()
        await asyncio.to_thread(running.close)


async def test_the_embedded_server_is_started_again(elsewhere: Path) -> None:
    pool = await open_pool("embedded:", Settings(data_dir=str(elsewhere), pool_size=3))
    assert await pool.ready()
    os.kill(postmaster(elsewhere), signal.SIGKILL)
    await asyncio.sleep(0.2)
    answers = await asyncio.gather(*(pool.fetch_bytes("SELECT 5") for _ in range(9)))
    assert [rows[0][0] for rows in answers] == [5] * 9
    await pool.close()
