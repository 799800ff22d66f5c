"""The worker: in every served application, with others, and stopped on request."""

import asyncio
import logging
from time import monotonic
from typing import Any

import asyncpg
import pytest

import fraiseql
from fraiseql.caching.refresh.worker import Worker
from fraiseql.settings import Settings
from fraiseql.testing import Client
from tests.integration.caching.ddl.env import applied, schema_of, sql
from tests.integration.caching.materialized_view.views import (
    BY_AUTHOR,
    COUNTS,
    authors_type,
    counts_type,
    view_of,
)

# Made in an instant, and refreshed in many seconds once there is another user.
SLOW = f"""{COUNTS}
WHERE (SELECT sum(length(md5(n::text))) FROM generate_series(1,
  CASE WHEN (SELECT count(*) FROM tb_user) > 20 THEN 30000000 ELSE 1 END) n) > 0"""

PATIENCE = 90.0
"""Seconds after which what is waited for is said never to come; a busy machine may be slow."""


async def until(url: str, query: str, wanted: Any) -> None:
    """Wait until a query gives one value."""
    begun = monotonic()
    connection = await asyncpg.connect(url)
    try:
        while (found := await connection.fetchval(query)) != wanted:
            assert monotonic() - begun < PATIENCE, f"{found}, not {wanted}"
            await asyncio.sleep(0.02)
    finally:
        await connection.close()


async def test_a_served_application_refreshes_what_is_written(url: str) -> None:
    one = counts_type()
    await applied(url, one)
    app = fraiseql.create_app(queries=[fraiseql.find_one("counts", one, by=None)], database_url=url)
    async with Client(app) as client:
        await sql(url, "INSERT INTO tb_user VALUES (21, 'new')")
        await until(url, "SELECT users FROM mv_counts", 21)
        answer = await client.execute("{ counts { users posts words } }")
        assert answer.data == {"counts": {"users": 21, "posts": 100, "words": 50500}}


async def test_a_switch_leaves_the_work_to_others(url: str) -> None:
    one = counts_type()
    await applied(url, one)
    app = fraiseql.create_app(
        queries=[fraiseql.find_one("counts", one, by=None)], database_url=url, worker=False
    )
    async with Client(app):
        await sql(url, "INSERT INTO tb_user VALUES (21, 'new')")
        await asyncio.sleep(2)
    assert (await sql(url, "SELECT users FROM mv_counts"))[0][0] == 20


async def test_it_begins_again_when_its_connection_is_lost(
    url: str, caplog: pytest.LogCaptureFixture
) -> None:
    one = counts_type()
    await applied(url, one)
    worker = Worker(schema_of(one), Settings(database_url=url))
    with caplog.at_level(logging.WARNING, "fraiseql"):
        await worker.start()
        try:
            await sql(url, "INSERT INTO tb_user VALUES (21, 'new')")
            await until(url, "SELECT users FROM mv_counts", 21)
            for number in (22, 23):
                await sql(
                    url,
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE application_name = 'fraiseql' AND datname = current_database()",
                )
                await sql(url, f"INSERT INTO tb_user VALUES ({number}, 'new')")
                await until(url, "SELECT users FROM mv_counts", number)
        finally:
            await worker.stop()
    # A connection is lost within a statement or between two: each is logged once.
    told = [record.getMessage() for record in caplog.records]
    assert len(told) == len(set(told))


async def test_stopping_ends_a_refresh_that_runs(url: str) -> None:
    one = counts_type(SLOW)
    await applied(url, one)
    view = await view_of(url, one)
    worker = Worker(schema_of(one), Settings(database_url=url))
    await worker.start()
    await sql(url, "INSERT INTO tb_user VALUES (21, 'new')")
    running = (
        "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'REFRESH%'"
        " AND datname = current_database() AND state = 'active'"
    )
    await until(url, running, 1)
    await worker.stop()
    await until(url, running, 0)
    (row,) = await sql(url, f"SELECT users FROM {view}")
    assert row[0] == 20


async def test_a_view_that_fails_does_not_keep_the_others_waiting(url: str) -> None:
    """Not even where a row's value is at fault, which is no error of the database itself."""
    failing = authors_type(f"{BY_AUTHOR} HAVING 1 / (u.id - 21) IS NOT NULL")
    one = counts_type()
    await applied(url, failing, one)
    worker = Worker(schema_of(failing, one), Settings(database_url=url))
    await worker.start()
    try:
        await sql(url, "INSERT INTO tb_user VALUES (21, 'divides by zero')")
        await until(url, "SELECT users FROM mv_counts", 21)
        failures = "SELECT count(*) FROM fraiseql.view_state WHERE failure LIKE 'division%'"
        await until(url, failures, 1)
    finally:
        await worker.stop()
