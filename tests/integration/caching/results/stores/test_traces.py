"""Traces: what hits and fills leave behind in the database."""

import asyncio

import pytest

from fraiseql.caching.results.sql.objects import segments
from tests.integration.caching.results.stores.store_fixture import StoreFixture, a_key, entry

HITS = 10_000
KEYS = 200
ATTEMPTS = 5

LSN = "SELECT pg_current_wal_insert_lsn() - '0/0'::pg_lsn"


async def test_hits_write_nothing(tables: StoreFixture) -> None:
    lookup = await tables.lookup()
    keys = [a_key() for _ in range(KEYS)]
    for key in keys:
        await tables.fill(lookup, key, b"1" * 3_000)
    dead = "SELECT sum(n_dead_tup)::int, sum(n_tup_upd + n_tup_del)::int FROM pg_stat_user_tables"

    async def hit(part: int) -> None:
        for number in range(HITS // 4):
            lookup_result = await tables.store.find(lookup, keys[(number + part) % KEYS])
            assert lookup_result.reason == "hit"

    # The server itself writes a record now and then, which is no doing of the hits.
    written = []
    for _ in range(ATTEMPTS):
        before = await tables.db.fetchval(LSN)
        counts = await tables.db.fetchrow(f"{dead} WHERE schemaname = 'fraiseql'")
        await asyncio.gather(*(hit(part) for part in range(4)))
        assert await tables.db.fetchrow(f"{dead} WHERE schemaname = 'fraiseql'") == counts
        written.append(await tables.db.fetchval(LSN) - before)
        if written[-1] == 0:
            break
    assert written[-1] == 0, f"bytes of WAL: {written}"


async def test_fills_leave_nothing_for_vacuum(tables: StoreFixture) -> None:
    lookup = await tables.lookup()
    lookup_result = await tables.store.find(lookup, a_key())
    key = a_key()
    await tables.store.put(entry(lookup, key, lookup_result, b"1" * 3_000))
    before = await tables.db.fetchval(LSN)
    for _ in range(300):
        await tables.store.put(entry(lookup, key, lookup_result, b"1" * 10_000))
    each = (await tables.db.fetchval(LSN) - before) / 300
    # A commit, and what other sessions of the server write meanwhile; or all of the body.
    assert (each < 200) if tables.kind == "unlogged" else (each > 10_000)
    await tables.pool.fetch_bytes("SELECT pg_stat_force_next_flush()")
    for name in segments(tables.kind):  # type: ignore[arg-type]
        dead = f"SELECT n_dead_tup FROM pg_stat_user_tables WHERE relid = '{name}'::regclass"
        assert await tables.db.fetchval(dead) == 0


@pytest.mark.parametrize("role", [None, "postgres"])
async def test_a_look_up_takes_no_number_of_a_transaction(
    tables: StoreFixture, role: str | None
) -> None:
    lookup, key = await tables.lookup(role=role), a_key()
    await tables.fill(lookup, key)
    before = await tables.db.fetchval("SELECT pg_snapshot_xmax(pg_current_snapshot())::text")
    for _ in range(20):
        await tables.hits(lookup, key)
    after = await tables.db.fetchval("SELECT pg_snapshot_xmax(pg_current_snapshot())::text")
    assert after == before
