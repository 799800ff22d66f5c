"""Ring: bytes on disk are bounded at every moment, and nothing is left for vacuum."""

import asyncio
import os
import random
import time
from contextlib import suppress
from typing import Any

import pytest

from fraiseql.caching.results.sql.objects import ring, segments
from fraiseql.caching.results.stores.base import Lookup
from fraiseql.caching.results.stores.table_store import TableStore
from tests.integration.caching.results.stores.store_fixture import (
    StoreFixture,
    a_key,
    entry,
    eventually,
    table_fixture,
)

SMALL = 2_000_000
STORM = 2.0
"""Seconds."""


async def on_disk(fixture: StoreFixture, session: Any) -> int:
    sizes = [f"pg_total_relation_size('{name}')" for name in segments(fixture.kind)]  # type: ignore[arg-type]
    size: int = await session.fetchval(f"SELECT {' + '.join(sizes)}")
    return size


async def state(fixture: StoreFixture) -> Any:
    return await fixture.db.fetchrow(f"TABLE {ring(fixture.kind)}")  # type: ignore[arg-type]


async def files(fixture: StoreFixture) -> int:
    """Bytes of all files of the database, also of those that a transaction has yet to remove."""
    directory = await fixture.db.fetchval(
        "SELECT current_setting('data_directory') || '/base/' || oid FROM pg_database"
        " WHERE datname = current_database()"
    )
    total = 0
    for path in os.scandir(directory):
        with suppress(FileNotFoundError):
            total += path.stat().st_size
    return total


async def turned(fixture: StoreFixture, store: Any, lookup: Lookup, turns: int) -> list[bytes]:
    """Fill until the ring has turned so often; return the keys."""
    keys = []
    until = (await state(fixture) or {"turns": 0})["turns"] + turns
    while (await state(fixture) or {"turns": 0})["turns"] < until:
        lookup_result = await store.find(lookup, key := a_key())
        body = random.randbytes(20_000)
        assert await store.put(entry(lookup, key, lookup_result, body)) == "stored"
        keys.append(key)
    return keys


async def test_a_storm_of_writes_stays_within_the_bound(tables: StoreFixture) -> None:
    most = 8_000_000
    lookup = await tables.lookup()
    lookup_result = await tables.store.find(lookup, a_key())
    chance = random.Random(5)
    bodies = [chance.randbytes(chance.choice([200, 2_000, 20_000, 100_000])) for _ in range(200)]
    before = await files(tables)
    until = time.monotonic() + STORM
    outcomes: list[str] = []
    sizes: list[int] = []
    grown: list[int] = []

    async def write() -> None:
        store = tables.another(most)
        while time.monotonic() < until:
            stored_entry = entry(lookup, a_key(), lookup_result, chance.choice(bodies))
            outcomes.append(await store.put(stored_entry))
            if chance.random() < 0.3:
                await store.find(lookup, stored_entry.key)

    async def watch() -> None:
        session = await tables.session()
        while time.monotonic() < until:
            sizes.append(await on_disk(tables, session))
            grown.append(await files(tables) - before)
            await asyncio.sleep(0.05)

    await asyncio.gather(write(), write(), write(), watch())
    stored = outcomes.count("stored")
    assert stored > 200
    assert outcomes.count("too_large") == 0
    assert stored > 0.95 * len(outcomes), f"{len(outcomes) - stored} of {len(outcomes)} were full"
    turns = (await state(tables))["turns"]
    assert turns >= 4, "the storm did not fill the ring"
    assert max(sizes) <= 1.15 * most
    assert min(sizes[-3:]) > 0.5 * most, "most of the room is in use"
    # The tables of the log and of the ring, and statistics, are there too.
    assert max(grown) <= 1.15 * most + 1_000_000
    dead = await tables.db.fetchval(
        "SELECT sum(n_dead_tup) FROM pg_stat_user_tables WHERE relname ~ '^results_'"
    )
    assert dead == 0


async def test_what_is_asked_for_survives_the_turn_of_the_ring(tables: StoreFixture) -> None:
    store = tables.another(SMALL)
    assert isinstance(store, TableStore)
    lookup = await tables.lookup()
    popular, unwanted = a_key(), a_key()
    for key in (popular, unwanted):
        lookup_result = await store.find(lookup, key)
        assert await store.put(entry(lookup, key, lookup_result, b"kept", ttl=600.0)) == "stored"
    age = (await store.find(lookup, popular)).hit.age_seconds
    for _ in range(9):
        await turned(tables, store, lookup, 1)
        lookup_result = await store.find(lookup, popular)
        assert (lookup_result.reason, lookup_result.hit.value) == ("hit", b"kept")
        # It is as old as before, and ends when it would have.
        assert lookup_result.hit.age_seconds > age
        assert lookup_result.hit.ttl is not None
        assert lookup_result.hit.ttl < 600
        await store.close()
    assert (await store.find(lookup, unwanted)).reason == "absent"
    # Found again and again, it was written again no more than once a turn.
    rows = " UNION ALL ".join(f"SELECT key FROM {name}" for name in segments(tables.kind))  # type: ignore[arg-type]
    copies = await tables.db.fetchval(f"SELECT count(*) FROM ({rows}) r WHERE key = $1", popular)
    assert copies <= 2


async def test_what_is_written_again_is_judged_as_before(tables: StoreFixture) -> None:
    store = tables.another(SMALL)
    assert isinstance(store, TableStore)
    lookup, key = await tables.lookup(), a_key()
    lookup_result = await store.find(lookup, key)
    await store.put(entry(lookup, key, lookup_result, b"1"))
    await turned(tables, store, lookup, 3)
    assert (await store.find(lookup, key)).reason == "hit"
    await store.close()
    await turned(tables, store, lookup, 1)
    assert (await store.find(lookup, key)).reason == "hit"
    await tables.db.execute("UPDATE tb_user SET name = 'other'")
    assert (await store.find(lookup, key)).reason == "changed"


async def test_a_segment_that_somebody_reads_is_not_waited_for(tables: StoreFixture) -> None:
    """A dump holds the segments for minutes: nothing is stored, and nobody waits."""
    store = tables.another(SMALL)
    lookup = await tables.lookup()
    keys = await turned(tables, store, lookup, 4)
    dump = await tables.session()
    tables_read = ", ".join(segments(tables.kind))  # type: ignore[arg-type]
    await dump.execute(f"BEGIN; LOCK TABLE {tables_read} IN ACCESS SHARE MODE")
    lookup_result = await store.find(lookup, a_key())
    began = time.monotonic()
    outcomes = []
    while "full" not in outcomes:
        outcomes.append(
            await store.put(entry(lookup, a_key(), lookup_result, random.randbytes(20_000)))
        )
        assert len(outcomes) < 100
    rest = (await state(tables))["rest"]
    while len(outcomes) < 200 and time.monotonic() - began < 0.5:
        outcomes.append(
            await store.put(entry(lookup, a_key(), lookup_result, random.randbytes(20_000)))
        )
    assert outcomes[-1] == "full"
    # It was tried once, not each time: those who read would have waited behind it.
    assert (await state(tables))["rest"] == rest
    assert (await store.find(lookup, keys[-1])).reason == "hit"
    await dump.execute("COMMIT")

    async def stored() -> bool:
        stored_entry = entry(lookup, a_key(), lookup_result, random.randbytes(20_000))
        return await store.put(stored_entry) == "stored"

    await eventually(stored)


async def test_who_waits_too_long_for_his_turn_does_not_store(tables: StoreFixture) -> None:
    lookup = await tables.lookup()
    lookup_result = await tables.store.find(lookup, a_key())
    other = await tables.session()
    await other.execute(f"BEGIN; SELECT fraiseql.result_turn_{tables.kind}()")
    assert await tables.store.put(entry(lookup, a_key(), lookup_result, b"1")) == "full"
    await other.execute("COMMIT")
    assert await tables.store.put(entry(lookup, a_key(), lookup_result, b"1")) == "stored"


async def test_one_entry_takes_no_segment_by_itself(tables: StoreFixture) -> None:
    store = tables.another(1_000_000)
    lookup, key = await tables.lookup(), a_key()
    lookup_result = await store.find(lookup, key)
    assert await store.put(entry(lookup, key, lookup_result, b"1" * 100_000)) == "too_large"
    assert await store.put(entry(lookup, key, lookup_result, b"1" * 50_000)) == "stored"


async def test_a_lost_row_of_the_ring_is_created_again(tables: StoreFixture) -> None:
    store = tables.another(SMALL)
    lookup, key = await tables.filled()
    await turned(tables, store, lookup, 2)
    await tables.db.execute(f"DELETE FROM {ring(tables.kind)}")  # type: ignore[arg-type]
    assert (await store.find(lookup, key)).reason == "hit"
    await turned(tables, store, lookup, 6)
    assert await on_disk(tables, tables.db) <= 1.15 * SMALL


@pytest.mark.parametrize("kind", ["unlogged", "logged"])
async def test_the_look_up_finds_by_the_index_even_after_an_analysis_of_nothing(
    database: str, kind: str
) -> None:
    """A plan that was made on empty tables is used when they are full."""
    async with table_fixture(database, kind, cache_connections=1) as fixture:
        for name in segments(kind):  # type: ignore[arg-type]
            await fixture.db.execute(f"VACUUM ANALYZE {name}")
        lookup = await fixture.lookup()
        lookup_result = await fixture.store.find(lookup, a_key())
        for _ in range(300):
            await fixture.store.put(entry(lookup, a_key(), lookup_result, b"1" * 1_000))
        scans = "SELECT sum(seq_scan) FROM pg_stat_user_tables WHERE relname ~ '^results_'"
        await fixture.db.execute("SELECT pg_stat_clear_snapshot()")
        before = await _settled(fixture, scans)
        for _ in range(50):
            await fixture.store.find(lookup, a_key())
        assert await _settled(fixture, scans) == before


async def _settled(fixture: StoreFixture, query: str) -> Any:
    """Ask for a figure of the statistics when the stage's own connections have told theirs."""
    await fixture.pool.fetch_bytes("SELECT pg_stat_force_next_flush()")
    await fixture.pool.fetch_bytes("SELECT 1")
    return await fixture.db.fetchval(query)
