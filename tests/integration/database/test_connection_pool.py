"""Connection pool: turns of waiting statements, cancellation, no lost connection."""

import asyncio
import time

import asyncpg
import pytest

from fraiseql.database import Database, Pool
from fraiseql.errors import DatabaseUnavailable, InputError, SourceError, StatementTimeout
from tests.integration.database.server_log import MakePool

RUNNING = """SELECT count(*) FROM pg_stat_activity
WHERE application_name = 'fraiseql' AND state = 'active' AND query LIKE '%' || $1 || '%'"""
MINE = """SELECT count(*) FROM pg_stat_activity
WHERE application_name = 'fraiseql' AND datname = current_database()"""


def sleep(seconds: float, mark: str = "none") -> str:
    return f"SELECT pg_sleep({seconds}) IS NULL /* {mark} */"


async def until(admin: asyncpg.Connection, sql: str, *args: str, count: int) -> float:
    """Return the seconds until the server counts ``count``; fail after sixty."""
    start = time.monotonic()
    while await admin.fetchval(sql, *args) != count:
        assert time.monotonic() - start < 60
        await asyncio.sleep(0.005)
    return time.monotonic() - start


async def test_connections_open_on_demand_and_up_to_the_size(
    make_pool: MakePool, admin: asyncpg.Connection
) -> None:
    pool = await make_pool(pool_size=3)
    assert (await admin.fetchval(MINE), pool.server_version) == (0, 0)
    for _ in range(5):
        await pool.fetch_bytes("SELECT 1")
    assert await admin.fetchval(MINE) == 1
    await asyncio.gather(*(pool.fetch_bytes(sleep(0.05)) for _ in range(9)))
    assert await admin.fetchval(MINE) == 3
    await pool.close()
    await until(admin, MINE, count=0)


async def test_waiting_requests_are_served_in_turn(pool: Pool) -> None:
    served: list[int] = []

    async def ask(number: int) -> None:
        await pool.fetch_bytes(sleep(0.001))
        served.append(number)

    await asyncio.gather(*(ask(number) for number in range(30)))
    assert served == list(range(30))


async def test_an_exhausted_pool_gives_up_after_connect_timeout(make_pool: MakePool) -> None:
    pool = await make_pool(pool_size=2, connect_timeout=0.2)
    busy = [asyncio.create_task(pool.fetch_bytes(sleep(1.5))) for _ in range(2)]
    await asyncio.sleep(0.1)
    start = time.monotonic()
    with pytest.raises(DatabaseUnavailable, match=r"All 2 connections .* busy for 0\.2 s") as error:
        await pool.fetch_bytes("SELECT 1")
    assert time.monotonic() - start > 0.15
    assert "pool_size" in error.value.hint
    await asyncio.gather(*busy)
    assert await pool.ready()


async def test_a_cancelled_request_is_cancelled_on_the_server(
    pool: Pool, admin: asyncpg.Connection
) -> None:
    task = asyncio.create_task(pool.fetch_bytes(sleep(20, "cancelled")))
    await until(admin, RUNNING, "cancelled", count=1)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await until(admin, RUNNING, "cancelled", count=0) < 15
    assert [tuple(row) for row in await pool.fetch_bytes("SELECT 7")] == [(7,)]


async def test_a_deadline_cancels_on_the_server(pool: Pool, admin: asyncpg.Connection) -> None:
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.1):
            await Database(pool).fetch(sleep(20, "deadline"))
    assert await until(admin, RUNNING, "deadline", count=0) < 15
    assert await pool.ready()


async def test_a_cancelled_wait_loses_no_connection(make_pool: MakePool) -> None:
    pool = await make_pool(pool_size=2)
    for pause in (0, 0.005, 0.01, 0.015, 0.02) * 4:
        tasks = [asyncio.create_task(pool.fetch_bytes(sleep(0.01))) for _ in range(20)]
        await asyncio.sleep(pause)
        for task in tasks[::2]:
            task.cancel()
        results = await asyncio.gather(*tasks, return_exceptions=True)
        failed = {type(result) for result in results[1::2] if isinstance(result, BaseException)}
        assert failed == set()
    # Every place is still there: two statements at once take as long as one.
    start = time.monotonic()
    await asyncio.gather(pool.fetch_bytes(sleep(1)), pool.fetch_bytes(sleep(1)))
    assert time.monotonic() - start < 1.95


async def test_cancelled_in_the_moment_of_being_served(pool: Pool) -> None:
    first = asyncio.create_task(pool.fetch_bytes(sleep(0.02)))
    second = asyncio.create_task(pool.fetch_bytes("SELECT 2"))
    first.add_done_callback(lambda _: second.cancel())
    await asyncio.gather(first, second, return_exceptions=True)
    assert await asyncio.wait_for(pool.fetch_bytes("SELECT 3"), 30)


async def test_a_failed_statement_costs_no_connection(
    pool: Pool, admin: asyncpg.Connection
) -> None:
    pids = set()
    for sql, args, kind in [
        ("SELECT 1 / $1::int", [0], InputError),
        ("SELECT $1::int", ["x"], InputError),
        ("SELECT $1::int", [2**40], InputError),
        ("SELECT $1::text", ["a\0b"], InputError),
        ("SELECT $1::text", ["\ud800"], InputError),
        ("SELECT $1::text::uuid", ["x"], InputError),
        ("SELECT * FROM no_such_table", [], SourceError),
        ("SELECT no_such_column FROM pg_class", [], SourceError),
    ]:
        with pytest.raises(kind) as error:
            await pool.fetch_bytes(sql, args)
        assert error.value.__cause__ is not None
        (row,) = await pool.fetch_bytes("SELECT pg_backend_pid()")
        pids.add(row[0])
    assert len(pids) == 1


async def test_statement_timeout_is_the_servers(make_pool: MakePool) -> None:
    pool = await make_pool(pool_size=1, statement_timeout=0.1)
    with pytest.raises(StatementTimeout) as error:
        await pool.fetch_bytes(sleep(5))
    assert "statement_timeout" in error.value.message
    assert await pool.ready()
    with pytest.raises(StatementTimeout):
        await Database(pool).execute(sleep(5))


async def test_a_closed_pool_says_so(make_pool: MakePool) -> None:
    pool = await make_pool(pool_size=1)
    assert await pool.ready()  # connected: what follows takes as long as it sleeps
    running = asyncio.create_task(pool.fetch_bytes(sleep(0.1)))
    waiting = asyncio.create_task(pool.fetch_bytes("SELECT 1"))
    await asyncio.sleep(0.05)
    await pool.close()
    assert len(await running) == 1, "what runs is given time to end"
    for request in (waiting, pool.fetch_bytes("SELECT 1")):
        with pytest.raises(DatabaseUnavailable, match="closed"):
            await request
    assert not await pool.ready()
    await pool.close()
