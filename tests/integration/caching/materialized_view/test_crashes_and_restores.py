"""Views after crashes, restores, changes of partitions and disabled triggers."""

import asyncio
import signal
import subprocess
from contextlib import suppress
from pathlib import Path

import asyncpg
import pytest

from fraiseql.caching.changes.compaction import compact
from fraiseql.caching.dependencies.view_age import age
from fraiseql.caching.strategies.materialized_view.refreshing import refresh_view
from fraiseql.database.embedded import EmbeddedServer
from fraiseql.errors import FraiseQLError
from tests.failure.crashing import GONE, Crashing
from tests.integration.caching.ddl.env import applied, planned, sql
from tests.integration.caching.materialized_view.test_worker import until
from tests.integration.caching.materialized_view.views import (
    BY_AUTHOR,
    TABLES,
    authors_type,
    counts_type,
    opened,
    view_of,
)

LONG = f"""{BY_AUTHOR}
HAVING (SELECT sum(length(md5(n::text))) FROM generate_series(1, 400000) n) > 0"""

REFRESHING = """
SELECT count(*) FROM pg_stat_activity
WHERE query LIKE 'REFRESH%' AND state = 'active' AND datname = current_database()
"""


async def age_of(url: str, view: str) -> float | None:
    ((actual,),) = await sql(url, f"SELECT {age(view)} AS age")
    return actual


async def refreshed(url: str, view: str) -> None:
    async with opened(url, counts_type()) as (writer, _, _):
        await refresh_view(writer, view)


@pytest.fixture
async def crashing(server: EmbeddedServer, tmp_path: Path):
    created = Crashing(server.binaries, tmp_path / "crashing")
    await created.prepare()
    yield created
    await created.stop()


@pytest.mark.parametrize("how", [signal.SIGQUIT, signal.SIGKILL])
async def test_a_crash_loses_no_mark(crashing: Crashing, how: signal.Signals) -> None:
    url = crashing.url
    await sql(url, TABLES)
    authors = authors_type(LONG)
    await applied(url, authors)
    view = await view_of(url, authors)
    await sql(url, "SET synchronous_commit = on; UPDATE tb_user SET name = 'one' WHERE id = 1")
    refreshing = asyncio.create_task(refreshed(url, view))
    await until(url, REFRESHING, 1)
    await sql(url, "SET synchronous_commit = on; UPDATE tb_user SET name = 'two' WHERE id = 1")
    await crashing.crash(how)
    with suppress(FraiseQLError, *GONE):
        await refreshing
    url = crashing.url
    actual = await age_of(url, view)
    assert actual is not None
    assert actual > 0
    await refreshed(url, view)
    assert await age_of(url, view) == 0
    ((name,),) = await sql(url, f"SELECT name FROM {view} WHERE id = 1")
    assert name == "two"


async def test_a_restored_database_knows_that_it_does_not_know(
    url: str, server: EmbeddedServer
) -> None:
    authors = authors_type()
    await applied(url, authors)
    view = await view_of(url, authors)
    await sql(url, "DELETE FROM tb_post WHERE id = 1")
    await sql(url, "DROP DATABASE IF EXISTS restored")
    await sql(url, "CREATE DATABASE restored")
    other = server.url_for("restored")
    try:
        dumped = await asyncio.to_thread(
            subprocess.run,
            [server.binaries / "pg_dump", "-d", url],
            check=True,
            capture_output=True,
        )
        await asyncio.to_thread(
            subprocess.run,
            [server.binaries / "psql", "-q", "-v", "ON_ERROR_STOP=1", "-d", other],
            input=dumped.stdout,
            check=True,
            capture_output=True,
        )
        assert await age_of(other, view) is None
        # Transactions that are not there yet, of a cluster that had had more of them.
        await sql(
            other,
            f"UPDATE fraiseql.view_state SET relation = '{view}'::regclass,"
            " snap = '99999999999:99999999999:'",
        )
        assert await age_of(other, view) is None
        await refreshed(other, view)
        assert await age_of(other, view) == 0
        await sql(other, "DELETE FROM tb_post WHERE id = 2")
        assert (await age_of(other, view) or 0) > 0
    finally:
        await sql(url, "DROP DATABASE restored WITH (FORCE)")


PARTITIONED = """
CREATE TABLE tb_event (id int, day int, PRIMARY KEY (id, day)) PARTITION BY RANGE (day);
CREATE TABLE tb_event_1 PARTITION OF tb_event FOR VALUES FROM (0) TO (10);
CREATE TABLE tb_event_2 PARTITION OF tb_event FOR VALUES FROM (10) TO (20);
"""
MERGE = """MERGE INTO tb_event_1 USING (VALUES (7)) v (id) ON false
WHEN NOT MATCHED THEN INSERT VALUES (v.id, 1)"""
PARTLY = """BEGIN; SAVEPOINT a; INSERT INTO tb_event VALUES (1, 2); ROLLBACK TO a;
INSERT INTO tb_event VALUES (1, 3); COMMIT"""
EVENTS = "SELECT count(*) AS users, 1 AS posts, 1 AS words FROM tb_event"


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO tb_event VALUES (1, 1)",
        "INSERT INTO tb_event_2 VALUES (1, 11)",
        "COPY tb_event_1 FROM PROGRAM 'echo 5,5' CSV",
        "TRUNCATE tb_event_1",
        MERGE,
        "SET session_replication_role = replica; DELETE FROM tb_event_2",
        "SET search_path = ''; INSERT INTO public.tb_event_1 VALUES (8, 8)",
        PARTLY,
    ],
)
async def test_every_way_to_write_is_marked(url: str, statement: str) -> None:
    await sql(url, PARTITIONED)
    counts = counts_type(EVENTS)
    await applied(url, counts)
    view = await view_of(url, counts)
    assert await age_of(url, view) == 0
    await sql(url, statement)
    assert (await age_of(url, view) or 0) > 0


async def test_what_is_rolled_back_leaves_no_mark(url: str) -> None:
    counts = counts_type()
    await applied(url, counts)
    view = await view_of(url, counts)
    await sql(url, "BEGIN; DELETE FROM tb_post; ROLLBACK")
    assert await age_of(url, view) == 0


async def test_a_partition_without_its_trigger_makes_the_age_unknown(url: str) -> None:
    await sql(url, PARTITIONED)
    counts = counts_type(EVENTS)
    await applied(url, counts)
    view = await view_of(url, counts)
    await sql(
        url,
        "CREATE TABLE tb_event_3 (id int NOT NULL, day int NOT NULL);"
        "INSERT INTO tb_event_3 VALUES (1, 25);"
        "ALTER TABLE tb_event ATTACH PARTITION tb_event_3 FOR VALUES FROM (20) TO (30)",
    )
    assert await age_of(url, view) is None
    await refreshed(url, view)
    assert await age_of(url, view) is None
    assert not (await planned(url, counts)).empty
    await applied(url, counts)
    await refreshed(url, view)
    assert await age_of(url, view) == 0
    await sql(url, "INSERT INTO tb_event_3 VALUES (2, 25)")
    assert (await age_of(url, view) or 0) > 0
    await refreshed(url, view)
    await sql(url, "ALTER TABLE tb_event DETACH PARTITION tb_event_1")
    assert await age_of(url, view) is None


async def test_a_disabled_trigger_makes_the_age_unknown(url: str) -> None:
    counts = counts_type()
    await applied(url, counts)
    view = await view_of(url, counts)
    await sql(url, "ALTER TABLE tb_post DISABLE TRIGGER ALL; DELETE FROM tb_post WHERE id = 1")
    assert await age_of(url, view) is None
    await refreshed(url, view)
    assert await age_of(url, view) is None
    await applied(url, counts)
    assert await age_of(url, view) is None
    await refreshed(url, view)
    assert await age_of(url, view) == 0


async def test_a_view_in_between_that_is_replaced_makes_the_age_unknown(url: str) -> None:
    await sql(url, "CREATE VIEW between AS SELECT * FROM tb_user WHERE id > 10")
    counts = counts_type("SELECT count(*) AS users, 1 AS posts, 1 AS words FROM between")
    await applied(url, counts)
    view = await view_of(url, counts)
    assert await age_of(url, view) == 0
    await sql(
        url,
        "CREATE OR REPLACE VIEW between AS SELECT * FROM tb_user WHERE id IN"
        " (SELECT author FROM tb_post)",
    )
    assert await age_of(url, view) is None
    await applied(url, counts)
    await refreshed(url, view)
    assert await age_of(url, view) == 0
    await sql(url, "DELETE FROM tb_post WHERE id = 1")
    assert (await age_of(url, view) or 0) > 0


async def test_a_long_transaction_does_not_block_compaction(url: str) -> None:
    counts = counts_type()
    await applied(url, counts)
    view = await view_of(url, counts)
    holder, mixed = await asyncpg.connect(url), await asyncpg.connect(url)
    try:
        await holder.execute("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1")
        await mixed.execute("BEGIN; INSERT INTO tb_user VALUES (99, 'long')")
        for number in range(300):
            await sql(url, f"UPDATE tb_user SET name = '{number}' WHERE id = 1")
        await refreshed(url, view)
        async with opened(url, counts) as (writer, _, _):
            await compact(writer)
        ((left,),) = await sql(url, "SELECT count(*) FROM fraiseql.changes")
        assert left == 0
        assert await age_of(url, view) == 0
        await mixed.execute("COMMIT")
        # It wrote before the refresh and was not seen by it.
        assert (await age_of(url, view) or 0) > 0
    finally:
        await holder.close()
        await mixed.close()
