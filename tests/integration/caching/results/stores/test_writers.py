"""Writers: whoever writes what an entry depends on, in whatever order, it is not given after."""

import asyncio
from dataclasses import replace

import asyncpg
import pytest

from tests.integration.caching.results.stores.store_fixture import (
    StoreFixture,
    a_key,
    eventually,
    put,
)

RENAME = "UPDATE tb_user SET name = name || '!' WHERE id = 1"
WRITES = (
    RENAME,
    "INSERT INTO tb_user VALUES (9, 'nine')",
    "DELETE FROM tb_user WHERE id = 2",
    "INSERT INTO tb_user VALUES (1, 'one') ON CONFLICT (id) DO UPDATE SET name = excluded.name",
    "MERGE INTO tb_user u USING tb_post p ON u.id = p.id WHEN MATCHED THEN UPDATE SET name = 'm'",
    "TRUNCATE tb_user",
    "SET session_replication_role = replica; UPDATE tb_user SET name = 'r' WHERE id = 1",
)


async def test_each_kind_of_write_ends_an_entry(fixture: StoreFixture) -> None:
    for write in WRITES:
        lookup, key = await fixture.filled()
        await fixture.db.execute(write)
        # TRUNCATE gives the table another file, which its definition tells too.
        await fixture.misses(lookup, key, "changed", "redefined")
        await fixture.fill(lookup, key)
        await fixture.hits(lookup, key)
    await fixture.db.execute("RESET session_replication_role")


async def test_writes_to_other_tables_are_nothing_to_it(fixture: StoreFixture) -> None:
    lookup, key = await fixture.filled()
    await fixture.db.execute(
        "UPDATE tb_post SET words = words + 1; DELETE FROM tb_post WHERE id = 1"
    )
    await fixture.hits(lookup, key)


async def test_values_from_before_a_write_are_not_returned_after_it(
    fixture: StoreFixture,
) -> None:
    """A slow reader stores what it read before the write."""
    lookup, key = await fixture.lookup(), a_key()
    lookup_result = await fixture.store.find(lookup, key)
    await fixture.db.execute(RENAME)
    assert await put(fixture, lookup, key, lookup_result, b"1") == "stored"
    await fixture.misses(lookup, key, "changed")


async def test_values_from_before_a_commit_are_not_returned_after_it(
    fixture: StoreFixture,
) -> None:
    """The write is there as the snapshot is taken, its commit is not."""
    lookup, key = await fixture.lookup(), a_key()
    writer = await fixture.session()
    await writer.execute(f"BEGIN; {RENAME}")
    lookup_result = await fixture.store.find(lookup, key)
    assert await put(fixture, lookup, key, lookup_result, b"1") == "stored"
    await fixture.hits(lookup, key)
    await writer.execute("COMMIT")
    await fixture.misses(lookup, key, "changed")


async def test_commits_come_in_another_order_than_numbers(fixture: StoreFixture) -> None:
    """The transaction with the lower number commits after the entry was computed."""
    lookup, key = await fixture.lookup(), a_key()
    early = await fixture.session()
    await early.execute(f"BEGIN; {RENAME}")
    await fixture.db.execute("UPDATE tb_user SET name = 'other' WHERE id = 2")
    await fixture.fill(lookup, key)
    await fixture.db.execute("UPDATE tb_post SET words = 0")
    await fixture.hits(lookup, key)
    await early.execute("COMMIT")
    misses = await fixture.misses(lookup, key, "changed")
    assert await put(fixture, lookup, key, misses, b"2") == "stored"
    await fixture.hits(lookup, key, b"2")


async def test_a_number_that_is_taken_before_and_written_with_after(fixture: StoreFixture) -> None:
    """The transaction writes the table only when the entry is there already."""
    lookup, key = await fixture.lookup(), a_key()
    writer = await fixture.session()
    await writer.execute("BEGIN; UPDATE tb_post SET words = 0 WHERE id = 1")
    await fixture.fill(lookup, key)
    await writer.execute(RENAME)
    await fixture.hits(lookup, key)
    await writer.execute("COMMIT")
    await fixture.misses(lookup, key, "changed")


async def test_writers_at_other_isolation_levels(fixture: StoreFixture) -> None:
    lookup, key = await fixture.lookup(), a_key()
    writer = await fixture.session()
    for level in ("REPEATABLE READ", "SERIALIZABLE"):
        await writer.execute(f"BEGIN ISOLATION LEVEL {level}; SELECT count(*) FROM tb_post")
        await fixture.fill(lookup, key)
        await writer.execute(f"{RENAME}; COMMIT")
        await fixture.misses(lookup, key, "changed")


async def test_what_was_rolled_back_was_never_written(fixture: StoreFixture) -> None:
    lookup, key = await fixture.filled()
    await fixture.db.execute(f"BEGIN; {RENAME}; ROLLBACK")
    await fixture.hits(lookup, key)
    await fixture.db.execute(f"BEGIN; SAVEPOINT s; {RENAME}; ROLLBACK TO s; TABLE tb_post; COMMIT")
    await fixture.hits(lookup, key)
    writer = await fixture.session()
    with pytest.raises(asyncpg.DivisionByZeroError):
        await writer.execute(f"{RENAME}; SELECT 1 / 0")
    await fixture.hits(lookup, key)


async def test_what_was_rolled_back_once_and_written_then(fixture: StoreFixture) -> None:
    lookup, key = await fixture.filled()
    begun = f"BEGIN; SAVEPOINT s; {RENAME}; ROLLBACK TO s; {RENAME}"
    await fixture.db.execute(begun)
    await fixture.hits(lookup, key)
    await fixture.db.execute("COMMIT")
    await fixture.misses(lookup, key, "changed")
    lookup, key = await fixture.filled()
    await fixture.db.execute(f"BEGIN; SAVEPOINT s; {RENAME}; RELEASE s; COMMIT")
    await fixture.misses(lookup, key, "changed")


async def test_a_label_invalidates_what_has_it_when_its_transaction_commits(
    fixture: StoreFixture,
) -> None:
    lookup, labelled, other = await fixture.lookup(), a_key(), a_key()
    await fixture.fill(lookup, labelled, tags=(*lookup.dependencies.tags, "label:prices"))
    await fixture.fill(lookup, other)
    invalidate = "SELECT fraiseql.invalidate('prices', NULL, 'rates')"
    await fixture.db.execute(f"BEGIN; {invalidate}; ROLLBACK")
    await fixture.hits(lookup, labelled)
    await fixture.db.execute(f"BEGIN; {invalidate}; {invalidate}")
    await fixture.hits(lookup, labelled)
    await fixture.db.execute("COMMIT")
    await fixture.misses(lookup, labelled, "changed")
    await fixture.hits(lookup, other)


async def test_what_the_log_has_lost_is_not_taken_for_unwritten(fixture: StoreFixture) -> None:
    lookup, key = await fixture.filled()
    tag = lookup.dependencies.tags[0]
    floor = "INSERT INTO fraiseql.changes_floor (tag, xid) VALUES ($1, $2::text::xid8)"
    await fixture.db.execute(floor, "another", "4000000000")
    await fixture.db.execute(floor, tag, "3")
    await fixture.hits(lookup, key)
    await fixture.db.execute(RENAME)
    await fixture.db.execute(
        "UPDATE fraiseql.changes_floor f SET xid = c.xid FROM fraiseql.changes c"
        " WHERE c.tag = f.tag AND f.tag = $1 AND c.xid > f.xid",
        tag,
    )
    await fixture.db.execute("DELETE FROM fraiseql.changes")
    await fixture.misses(lookup, key, "compacted")
    assert (await fixture.store.find(replace(lookup, stale=60.0), key)).reason == "compacted"
    # What is computed now has seen all that was lost.
    await fixture.fill(lookup, key, b"2")
    await fixture.hits(lookup, key, b"2")


async def test_a_bound_lets_an_entry_be_behind_for_so_long(fixture: StoreFixture) -> None:
    exact, key = await fixture.filled()
    loose = replace(exact, stale=60.0)
    tight = replace(exact, stale=0.2)
    assert (await fixture.hits(loose, key)).hit.lag_seconds == 0.0
    await fixture.db.execute(RENAME)
    behind = [(await fixture.hits(loose, key)).hit.lag_seconds for _ in range(3)]
    assert 0 < behind[0] < behind[1] < behind[2] < 60
    await fixture.misses(exact, key, "changed")

    async def over() -> bool:
        lookup_result = await fixture.store.find(tight, key)
        assert lookup_result.reason == "changed" or lookup_result.hit.lag_seconds <= 0.2
        return lookup_result.reason == "changed"

    await eventually(over)
    assert (await fixture.hits(loose, key)).hit.lag_seconds > 0.2
    # The oldest write counts, not the last one.
    before = (await fixture.hits(loose, key)).hit.lag_seconds
    await fixture.db.execute(RENAME)
    assert (await fixture.hits(loose, key)).hit.lag_seconds >= before


async def test_an_answer_over_the_clock_is_as_far_behind_as_it_is_old(
    fixture: StoreFixture,
) -> None:
    await fixture.db.execute("CREATE VIEW v_clock AS SELECT now() AS at FROM tb_user")
    lookup, key = await fixture.lookup("v_clock", stale=0.3), a_key()
    assert lookup.dependencies.clock
    await fixture.fill(lookup, key)
    lookup_result = await fixture.store.find(replace(lookup, stale=60.0), key)
    assert lookup_result.reason == "hit"
    assert 0 < lookup_result.hit.lag_seconds < 60

    async def over() -> bool:
        return (await fixture.store.find(lookup, key)).reason == "expired"

    await eventually(over)


async def test_the_age_of_a_source_comes_with_the_look_up(fixture: StoreFixture) -> None:
    lookup = await fixture.lookup(source_age="SELECT 2.5")
    key = a_key()
    assert (await fixture.store.find(lookup, key)).source_seconds == 2.5
    await fixture.fill(lookup, key)
    assert (await fixture.hits(lookup, key)).source_seconds == 2.5
    assert (await fixture.hits(await fixture.lookup(), key)).source_seconds is None


async def test_readers_and_writers_at_once(fixture: StoreFixture) -> None:
    """Whoever reads a counter through the store is never behind what had committed before."""
    lookup, key = await fixture.lookup(), a_key()
    await fixture.db.execute("UPDATE tb_user SET name = '0' WHERE id = 1")
    committed = [0]
    reading = await fixture.session()

    async def write() -> None:
        for number in range(1, 61):
            await fixture.db.execute("UPDATE tb_user SET name = $1 WHERE id = 1", str(number))
            committed[0] = number
            await asyncio.sleep(0.002 if number % 7 else 0.02)

    async def read() -> int:
        hits = 0
        while committed[0] < 60:
            least = committed[0]
            lookup_result = await fixture.store.find(lookup, key)
            if lookup_result.reason == "hit":
                hits += 1
                assert lookup_result.hit.value is not None
                assert int(lookup_result.hit.value) >= least
            else:
                name = await reading.fetchval("SELECT name FROM v_user WHERE id = 1")
                await put(fixture, lookup, key, lookup_result, name.encode())
        return hits

    _, hits = await asyncio.gather(write(), read())
    assert hits > 0
