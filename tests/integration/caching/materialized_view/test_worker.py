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


async def until(url: str, query: str, expected: Any) -> None:
    """Wait until a query gives one value."""
    begun = monotonic()
    connection = await asyncpg.connect(url)
    try:
        while (value := await connection.fetchval(query)) != expected:
            assert monotonic() - begun < PATIENCE, f"{value}, not {expected}"
            await asyncio.sleep(0.02)
    finally:
        await connection.close()


async def test_a_served_application_refreshes_what_is_written(url: str) -> None:
    counts = counts_type()
    await applied(url, counts)
    app = fraiseql.create_app(
        queries=[fraiseql.find_one("counts", counts, by=None)], database_url=url
    )
    async with Client(app) as client:
        await sql(url, "INSERT INTO tb_user VALUES (21, 'new')")
        await until(url, "SELECT users FROM mv_counts", 21)
        answer = await client.execute("{ counts { users posts words } }")
        assert answer.data == {"counts": {"users": 21, "posts": 100, "words": 50500}}


async def test_a_switch_leaves_the_work_to_others(url: str) -> None:
    counts = counts_type()
    await applied(url, counts)
    app = fraiseql.create_app(
        queries=[fraiseql.find_one("counts", counts, by=None)], database_url=url, worker=False
    )
    async with Client(app):
        await sql(url, "INSERT INTO tb_user VALUES (21, 'new')")
        await asyncio.sleep(2)
    assert (await sql(url, "SELECT users FROM mv_counts"))[0][0] == 20


async def test_it_begins_again_when_its_connection_is_lost(
    url: str, caplog: pytest.LogCaptureFixture
) -> None:
    counts = counts_type()
    await applied(url, counts)
    worker = Worker(schema_of(counts), Settings(database_url=url))
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
    messages = [record.getMessage() for record in caplog.records]
    assert len(messages) == len(set(messages))


async def test_stopping_ends_a_refresh_that_runs(url: str) -> None:
    counts = counts_type(SLOW)
    await applied(url, counts)
    view = await view_of(url, counts)
    worker = Worker(schema_of(counts), Settings(database_url=url))
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
    counts = counts_type()
    await applied(url, failing, counts)
    worker = Worker(schema_of(failing, counts), Settings(database_url=url))
    await worker.start()
    try:
        await sql(url, "INSERT INTO tb_user VALUES (21, 'divides by zero')")
        await until(url, "SELECT users FROM mv_counts", 21)
        failures = "SELECT count(*) FROM fraiseql.view_state WHERE failure LIKE 'division%'"
        await until(url, failures, 1)
    finally:
        await worker.stop()
