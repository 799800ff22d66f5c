"""Reports: what views and statistics say of what was counted and is kept, and who may see it."""

import asyncio

import asyncpg
import pytest

from fraiseql.caching.results.admin.reports import cache_stats, query_stats, top_keys
from fraiseql.caching.results.metrics import Metrics
from fraiseql.caching.results.stats import StatsWriter
from fraiseql.results import CacheResult
from tests.integration.caching.results.stores.store_fixture import StoreFixture, a_key

HIT = CacheResult("hit")


async def test_stats_add_up_all_processes(fixture: StoreFixture) -> None:
    read = fixture.pool.fetch_bytes
    for count in (3, 5):
        metrics = Metrics()
        for _ in range(count):
            metrics.answered(
                "users", a_key(), CacheResult("hit", cost_ms=250.0, age_seconds=2.0), 100
            )
        metrics.answered("users", a_key(), CacheResult("miss", detail="absent"), 1)
        metrics.event("users", "full")
        await StatsWriter(metrics).flush(read)
    (statistics,) = await query_stats(read)
    assert (statistics.query, statistics.sums["hits"], statistics.sums["saved_ms"]) == (
        "users",
        8,
        2_000.0,
    )
    assert (statistics.ratio, statistics.oldest) == (0.8, 2.0)
    assert (statistics.reasons, statistics.events) == ({"absent": 2}, {"full": 2})


async def test_top_keys_add_up_all_processes(fixture: StoreFixture) -> None:
    hot, cold = a_key(), a_key()
    for _ in range(2):
        metrics = Metrics()
        for key in (hot, hot, hot, cold):
            metrics.answered("users", key, HIT, 1)
        await StatsWriter(metrics).flush(fixture.pool.fetch_bytes)
    assert await top_keys(fixture.pool.fetch_bytes, 5) == [
        {"key": hot.hex(), "query": "users", "hits": 6},
        {"key": cold.hex(), "query": "users", "hits": 2},
    ]
    assert len(await top_keys(fixture.pool.fetch_bytes, 1)) == 1


async def test_cache_stats_count_what_is_not_flushed_yet(fixture: StoreFixture) -> None:
    read = fixture.pool.fetch_bytes
    _, hit = await fixture.filled(cost_ms=30.0)
    await fixture.filled(cost_ms=10.0)
    await fixture.filled(query="posts")
    other, own = Metrics(), Metrics()
    others, figures = StatsWriter(other), StatsWriter(own)
    for _ in range(4):
        other.answered("users", hit, HIT, 1)
        own.answered("users", hit, HIT, 1)
    expected = {
        "total_entries": 2,
        "total_hits": 8,
        "avg_computation_ms": 20.0,
        "entries_with_hits": 1,
    }
    await others.flush(read)
    assert await cache_stats("users", read, own, figures) == expected
    await figures.flush(read)
    assert await cache_stats("users", read, own, figures) == expected
    assert (await cache_stats("nothing", read, own, figures))["avg_computation_ms"] == 0


async def test_entries_are_shown_once_each_with_what_they_lack(fixture: StoreFixture) -> None:
    lookup, key = await fixture.filled(b'{"a":1}')
    await fixture.db.execute("INSERT INTO tb_post VALUES (100, 1, 1)")
    (row,) = await fixture.db.fetch("SELECT * FROM fraiseql.result_cache_entries")
    assert (row["store"], row["key"], row["query"]) == ("unlogged", key.hex(), "users")
    assert (row["bytes"], row["cost_ms"], row["expires"], row["behind"]) == (7, 1.0, None, None)
    assert list(row["tags"]) == [*lookup.dependencies.tags, "query:users"]
    await fixture.db.execute("UPDATE tb_user SET name = 'x' WHERE id = 1")
    (row,) = await fixture.db.fetch("SELECT * FROM fraiseql.result_cache_entries")
    assert 0 < row["behind"] < 60
    await fixture.fill(lookup, key, b"[]", ttl=100.0)
    (row,) = await fixture.db.fetch("SELECT * FROM fraiseql.result_cache_entries")
    assert (row["bytes"], row["behind"]) == (2, None)
    assert row["expires"] > row["made"]
    floor = "INSERT INTO fraiseql.changes_floor VALUES ('query:users', pg_current_xact_id())"
    await fixture.db.execute(floor)
    (row,) = await fixture.db.fetch("SELECT * FROM fraiseql.result_cache_entries")
    assert row["behind"] == float("inf")


@pytest.mark.parametrize(
    "name", ["result_cache_stats", "result_cache_entries", "result_figures", "result_keys"]
)
async def test_only_the_owner_may_look(fixture: StoreFixture, name: str) -> None:
    other = await fixture.session()
    await other.execute("DROP ROLE IF EXISTS somebody; CREATE ROLE somebody")
    try:
        await other.execute("SET ROLE somebody")
        with pytest.raises(asyncpg.InsufficientPrivilegeError, match=name):
            await other.fetch(f"SELECT * FROM fraiseql.{name}")
        for call in (
            "fold_result_figures('1 day')",
            "write_result_figures(gen_random_uuid(), false, 1, '[]', '{}', '{}', '{}', '{}')",
        ):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await other.execute(f"SELECT fraiseql.{call}")
    finally:
        await other.execute("RESET ROLE; DROP ROLE somebody")


_POSITION = "SELECT (pg_current_wal_insert_lsn() - '0/0'::pg_lsn)::bigint"
# Where each row stands, and which transactions wrote it: what is updated stands elsewhere.
_ROWS = "\nUNION ALL ".join(
    f"SELECT concat_ws(' ', r.tableoid, r.ctid, r.xmin, r.xmax, pg_relation_size(r.tableoid))"
    f" AS row FROM fraiseql.{name} r"
    for name in (*(f"results_u{number}" for number in range(4)), "result_ring_unlogged")
)


async def test_ten_thousand_hits_write_nothing_but_the_flush(fixture: StoreFixture) -> None:
    lookup, key = await fixture.filled(b"x" * 500)
    metrics = Metrics()

    async def hits() -> None:
        for _ in range(250):
            lookup_result = await fixture.store.find(lookup, key)
            metrics.answered("users", key, lookup_result.hit, 500)

    rows, grown = await fixture.db.fetch(_ROWS), []
    for _ in range(10):
        before = await fixture.db.fetchval(_POSITION)
        await asyncio.gather(*(hits() for _ in range(4)))
        grown.append(await fixture.db.fetchval(_POSITION) - before)
    # The server writes something by itself now and then, but not all the time.
    assert sorted(grown)[5] == 0
    assert await fixture.db.fetch(_ROWS) == rows
    assert await fixture.db.fetch("SELECT FROM fraiseql.result_figures") == []
    await StatsWriter(metrics).flush(fixture.pool.fetch_bytes)
    assert await fixture.db.fetchval("SELECT hits FROM fraiseql.result_figures") == 10_000
    assert await fixture.db.fetchval("SELECT hits FROM fraiseql.result_keys") == 10_000
