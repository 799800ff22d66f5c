"""Floor: what compaction deletes is told, and nothing is deleted that a new result would miss."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from time import monotonic

import asyncpg
import pytest

from fraiseql.caching.changes import compaction
from fraiseql.caching.changes.compaction import compact
from fraiseql.caching.refresh.worker import Worker
from fraiseql.caching.results import declared
from fraiseql.caching.results.declared import log_lifetime
from fraiseql.database.writing import open_admin
from fraiseql.settings import Settings
from tests.cache_environment import apply_schema
from tests.integration.caching.results.dependencies.env import cached, opened, run

UNSEEN = """
SELECT EXISTS (SELECT FROM fraiseql.changes_floor f
    WHERE f.tag = $2 AND f.xid >= pg_snapshot_xmin($1::text::pg_snapshot))
  OR EXISTS (SELECT FROM fraiseql.changes c
    WHERE c.tag = $2 AND c.xid >= pg_snapshot_xmin($1::text::pg_snapshot)
      AND NOT pg_visible_in_snapshot(c.xid, $1::text::pg_snapshot))
"""
TAG = "SELECT 'tb_post'::regclass::oid::text AS tag"
WRITE = "INSERT INTO tb_post VALUES ({0}, 1, 1)"


@pytest.fixture
async def logged(url: str) -> str:
    """A database in which ``tb_post`` is logged."""
    await apply_schema(url, cached("tb_post"))
    return url


async def compacted(url: str, seconds: float = 0.0) -> None:
    async with opened(url) as pool, open_admin(pool) as writer:
        await compact(writer, seconds)


async def rows_of(url: str) -> int:
    (row,) = await run(url, "SELECT count(*) AS rows FROM fraiseql.changes")
    return int(row["rows"])


@asynccontextmanager
async def connected(url: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(url)
    try:
        yield connection
    finally:
        await connection.close()


async def tag_of(url: str) -> str:
    return str((await run(url, TAG))[0]["tag"])


async def snapshot(connection: asyncpg.Connection) -> str:
    return str(await connection.fetchval("SELECT pg_current_snapshot()::text"))


async def test_what_was_written_stays_known_when_its_row_is_gone(logged: str) -> None:
    tag = await tag_of(logged)
    async with connected(logged) as reader:
        before = await snapshot(reader)
        assert not await reader.fetchval(UNSEEN, before, tag)
        await run(logged, WRITE.format(1))
        assert await reader.fetchval(UNSEEN, before, tag)
        after = await snapshot(reader)
        await compacted(logged)
        assert await rows_of(logged) == 0
        assert await reader.fetchval(UNSEEN, before, tag)
        assert not await reader.fetchval(UNSEEN, after, tag)


async def test_rows_that_tell_an_age_stay_a_while(logged: str) -> None:
    await run(logged, WRITE.format(1))
    await compacted(logged, seconds=60.0)
    assert await rows_of(logged) == 1
    await compacted(logged, seconds=0.0)
    assert await rows_of(logged) == 0


async def test_a_transaction_that_runs_holds_back_what_its_results_would_miss(logged: str) -> None:
    tag = await tag_of(logged)
    async with connected(logged) as late, connected(logged) as reader:
        begun = late.transaction()
        await begun.start()
        await late.execute(WRITE.format(1))
        await run(logged, WRITE.format(2))
        # It saw the second write, and does not see the first one.
        between = await snapshot(reader)
        await compacted(logged)
        assert await rows_of(logged) == 1
        assert not await reader.fetchval(UNSEEN, between, tag)
        await begun.commit()
        assert await reader.fetchval(UNSEEN, between, tag)
        await compacted(logged)
        assert await rows_of(logged) == 0
        assert await reader.fetchval(UNSEEN, between, tag)


async def test_a_long_transaction_does_not_let_the_log_grow(logged: str) -> None:
    tag, limit = await tag_of(logged), compaction.MOST_OF_TAG
    async with connected(logged) as long, connected(logged) as reader:
        begun = long.transaction()
        await begun.start()
        await long.execute("SELECT pg_current_xact_id()")
        before = await snapshot(reader)
        many = f"""DO $$ BEGIN FOR n IN 1..{limit + 10} LOOP
          UPDATE tb_post SET words = n; COMMIT; END LOOP; END $$"""
        await reader.execute(many)
        assert await rows_of(logged) == limit + 10
        await compacted(logged)
        assert await rows_of(logged) == 0
        # Nothing is claimed for results of this time, and it is counted.
        assert await reader.fetchval(UNSEEN, before, tag)
        assert await reader.fetchval(UNSEEN, await snapshot(reader), tag)
        forced = "SELECT forced FROM fraiseql.changes_floor WHERE tag = $1"
        assert await reader.fetchval(forced, tag) == limit + 10
        await begun.commit()
        assert not await reader.fetchval(UNSEEN, await snapshot(reader), tag)


async def test_fewer_rows_wait_for_a_long_transaction(logged: str) -> None:
    async with connected(logged) as long:
        begun = long.transaction()
        await begun.start()
        await long.execute("SELECT pg_current_xact_id()")
        for number in range(3):
            await run(logged, WRITE.format(number))
        await compacted(logged)
        assert await rows_of(logged) == 3
        await begun.rollback()
    await compacted(logged)
    assert await rows_of(logged) == 0


async def test_rows_of_another_cluster_go(logged: str) -> None:
    tag = await tag_of(logged)
    far = "pg_snapshot_xmax(pg_current_snapshot())::text::numeric + 1000000"
    await run(
        logged,
        f"INSERT INTO fraiseql.changes VALUES ('{tag}', ({far})::text::xid8, now())",
        f"INSERT INTO fraiseql.changes_floor VALUES ('{tag}', ({far})::text::xid8)",
    )
    await compacted(logged)
    async with connected(logged) as reader:
        assert not await reader.fetchval(UNSEEN, await snapshot(reader), tag)
    assert await rows_of(logged) == 0


async def test_floors_of_values_become_one_of_their_column(
    logged: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert str(compaction.MOST_FLOORS // 2) in compaction._FOLDED
    small = compaction._FOLDED.replace(str(compaction.MOST_FLOORS // 2), "5")
    monkeypatch.setattr(compaction, "_FOLDED", small.replace(str(compaction.MOST_FLOORS), "10"))
    tag = await tag_of(logged)
    await run(
        logged,
        f"INSERT INTO fraiseql.changes_floor SELECT '{tag}:author=' || n, n::text::xid8, 1"
        " FROM generate_series(1, 11) n",
        WRITE.format(1),
    )
    await compacted(logged)
    query = "SELECT tag, xid::text, forced FROM fraiseql.changes_floor WHERE tag LIKE '%:%'"
    rows = {row["tag"]: (row["xid"], row["forced"]) for row in await run(logged, query)}
    assert rows.pop(f"{tag}:author") == ("6", 6)
    assert sorted(rows) == sorted(f"{tag}:author={n}" for n in range(7, 12))


async def test_who_may_not_raise_the_floor_deletes_nothing(logged: str) -> None:
    await run(
        logged,
        WRITE.format(1),
        "DROP ROLE IF EXISTS floor_worker; CREATE ROLE floor_worker LOGIN;"
        " GRANT USAGE ON SCHEMA fraiseql TO floor_worker;"
        " GRANT ALL ON fraiseql.changes, fraiseql.view_state TO floor_worker",
    )
    try:
        await compacted(logged.replace("postgres@", "floor_worker@"))
        assert await rows_of(logged) == 1
        await run(logged, "GRANT ALL ON fraiseql.changes_floor TO floor_worker")
        await compacted(logged.replace("postgres@", "floor_worker@"))
        assert await rows_of(logged) == 0
    finally:
        await run(logged, "DROP OWNED BY floor_worker; DROP ROLE floor_worker")


async def test_the_worker_compacts_if_only_results_are_cached(
    logged: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(declared, "SHORTEST_LIFE", 0.0)
    await run(logged, WRITE.format(1))
    worker = Worker(cached("tb_post"), Settings(database_url=logged))
    await worker.start()
    try:
        until = monotonic() + 30.0
        while await rows_of(logged):
            assert monotonic() < until
            await asyncio.sleep(0.05)
    finally:
        await worker.stop()
    floors = await run(logged, "SELECT tag FROM fraiseql.changes_floor")
    assert [row["tag"] for row in floors] == [await tag_of(logged)]


def test_the_log_covers_the_longest_staleness() -> None:
    assert log_lifetime(cached("tb_post")) == compaction.SHORTEST_LIFE
    assert log_lifetime(cached("tb_post", stale="2m")) == compaction.SHORTEST_LIFE + 120.0
