"""``mode="async"``: writers queue changes, workers recompute, nothing is lost."""

import asyncio
import re
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest

from fraiseql.caching.refresh.queues import queue_statuses
from fraiseql.caching.strategies.projection import process_queue_sql
from fraiseql.caching.strategies.projection.strategy import process_queue, spec_of
from fraiseql.caching.strategies.registry import strategy_of
from tests.integration.caching.ddl.env import applied, migrating, planned, sql
from tests.integration.caching.projection.declared import (
    Hand,
    Person,
    drift,
    mended,
    published_of,
    region,
    reset_database,
)

Region = region(mode="async")


@pytest.fixture
async def url(database: str) -> AsyncIterator[str]:
    """Address of a database with an asynchronous projection of regions."""
    await reset_database(database)
    await applied(database, Region, Person)
    return database


async def drained(url: str) -> int:
    """Drain until nothing is left, and return the number of changes."""
    async with migrating(url) as (writer, wishes):
        (stored_type,) = [
            item for item in (await wishes(Region)).stored_types if item.type_name == "Region"
        ]
        assert strategy_of(stored_type)
        total = 0
        while count := await process_queue(stored_type, writer):
            total += count
        return total


async def query(url: str) -> str:
    """Return the statement that drains."""
    async with migrating(url) as (_, wishes):
        return next(
            process_queue_sql(spec_of(stored_type))
            for stored_type in (await wishes(Region)).stored_types
            if stored_type.type_name == "Region"
        )


async def age(url: str) -> float | None:
    stored_type = (await published_of(url, Region))["Region"]
    assert stored_type is not None
    assert stored_type.freshness is not None
    assert (stored_type.freshness.bound, stored_type.freshness.when_stale) == (None, "serve")
    seconds: float | None = (await sql(url, f"SELECT {stored_type.freshness.age} AS age"))[0]["age"]
    return seconds


async def statuses(url: str) -> list[str]:
    async with migrating(url) as (writer, wishes):
        desired = await wishes(Region, Person)
        return [str(status) for status in await queue_statuses(writer, desired.stored_types)]


async def test_status_shows_the_lag(url: str) -> None:
    assert await statuses(url) == ["Region: asynchronous projection is up to date"]
    await sql(url, "UPDATE tb_team SET name = 'late' WHERE country = 'no'")
    await asyncio.sleep(0.1)
    (line,) = await statuses(url)
    assert re.search(r"is [0-9]+\.[1-9] s behind", line)


async def test_a_write_that_waits_since_the_future_has_no_age(url: str) -> None:
    """The clock was set back since."""
    await sql(url, "UPDATE tb_team SET name = 'late' WHERE country = 'no'")
    (queue,) = await sql(
        url,
        "SELECT format('%I.%I', n.nspname, c.relname) AS name FROM pg_class c"
        " JOIN pg_namespace n ON n.oid = c.relnamespace"
        " JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'at'"
        " WHERE c.relname LIKE '%queue%' AND c.relkind = 'r'",
    )
    await sql(url, f"UPDATE {queue['name']} SET at = at + interval '1 hour'")
    assert await age(url) is None
    (line,) = await statuses(url)
    assert "unknown" in line


async def test_writers_queue_and_a_drain_catches_up(url: str) -> None:
    assert (await planned(url, Region, Person)).empty
    assert await age(url) == 0
    await sql(url, "UPDATE tb_team SET name = 'new' WHERE country = 'no'")
    assert await drift(url, Region) > 0
    assert await drift(url, Person) == 0
    first = await age(url)
    assert first is not None
    await asyncio.sleep(0.1)
    assert (await age(url) or 0) >= first + 0.1
    assert await drained(url) > 0
    assert await drift(url, Region) == 0
    assert await age(url) == 0


@pytest.mark.parametrize("level", ["REPEATABLE READ", "SERIALIZABLE"])
async def test_any_isolation_level_may_write(url: str, level: str) -> None:
    await sql(url, f"BEGIN ISOLATION LEVEL {level}; UPDATE tb_team SET name = 'x'; COMMIT")
    await drained(url)
    assert await drift(url, Region) == 0


async def test_what_a_drain_does_not_end_is_queued_as_before(url: str) -> None:
    await sql(url, "UPDATE tb_team SET name = 'new'; TRUNCATE tb_task_low")
    statement = await query(url)
    connection = await asyncpg.connect(url)
    await connection.execute("BEGIN")
    taken = await connection.fetchval(statement)
    assert taken > 1
    # Another worker finds only locked changes, and does not wait.
    async with asyncio.timeout(60):
        assert await drained(url) == 0
    pid = connection.get_server_pid()
    await sql(url, f"SELECT pg_terminate_backend({pid}, 60000) AS ended")
    assert await drift(url, Region) > 0
    assert await drained(url) == taken
    assert await drift(url, Region) == 0


async def test_under_writers_and_several_drains_nothing_is_lost(url: str) -> None:
    statement = await query(url)
    statement = statement.replace("(1000)", "(7)")
    stopped = asyncio.Event()

    async def drain_on(rolls_back: bool) -> int:
        connection, total = await asyncpg.connect(url), 0
        while not stopped.is_set():
            transaction = connection.transaction()
            await transaction.start()
            count: Any = await connection.fetchval(statement)
            if rolls_back and total % 2:
                await transaction.rollback()
            else:
                await transaction.commit()
            total += count
            await asyncio.sleep(0 if count else 0.01)
        await connection.close()
        return total

    async with asyncio.TaskGroup() as group:
        drains = [group.create_task(drain_on(rolls_back)) for rolls_back in (False, False, True)]
        await asyncio.gather(*(Hand(url, seed).write(200) for seed in (1, 2)))
        stopped.set()
    assert all(drain.result() > 0 for drain in drains)
    await drained(url)
    assert await drift(url, Region, Person) == 0


async def test_repair_and_apply_work_as_ever(url: str) -> None:
    await sql(url, "UPDATE tb_team SET name = 'new'")
    assert (await mended(url, Region))["Region"] > 0
    assert await drift(url, Region) == 0
    at_once = region()
    await sql(url, "UPDATE tb_team SET name = 'newer'")
    await applied(url, at_once, Person)
    assert await drift(url, at_once) == 0
    await applied(url, Region, Person)
    assert await drift(url, Region) == 0
    assert (await planned(url, Region, Person)).empty
    # A crash must not empty it: what waits there is known from nowhere else.
    kinds = await sql(url, "SELECT relpersistence FROM pg_class WHERE relname ~ 'region.*_queue$'")
    assert [row[0] for row in kinds] == [b"p"]
