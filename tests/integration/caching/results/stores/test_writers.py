"""Writers: whoever writes what an entry depends on, in whatever order, it is not given after."""

import asyncio
from dataclasses import replace

import asyncpg
import pytest

from tests.integration.caching.results.stores.stage import Stage, a_key, eventually, put

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


async def test_after_each_kind_of_write_an_entry_is_not_given(stage: Stage) -> None:
    for write in WRITES:
        lookup, key = await stage.filled()
        await stage.db.execute(write)
        # TRUNCATE gives the table another file, which its definition tells too.
        await stage.misses(lookup, key, "changed", "redefined")
        await stage.fill(lookup, key)
        await stage.hits(lookup, key)
    await stage.db.execute("RESET session_replication_role")


async def test_writes_to_other_tables_are_nothing_to_it(stage: Stage) -> None:
    lookup, key = await stage.filled()
    await stage.db.execute("UPDATE tb_post SET words = words + 1; DELETE FROM tb_post WHERE id = 1")
    await stage.hits(lookup, key)


async def test_what_was_computed_before_a_write_is_not_given_after_it(stage: Stage) -> None:
    """A slow reader stores what it read before the write."""
    lookup, key = await stage.lookup(), a_key()
    found = await stage.store.find(lookup, key)
    await stage.db.execute(RENAME)
    assert await put(stage, lookup, key, found, b"1") == "stored"
    await stage.misses(lookup, key, "changed")


async def test_what_was_computed_before_a_commit_is_not_given_after_it(stage: Stage) -> None:
    """The write is there as the snapshot is taken, its commit is not."""
    lookup, key = await stage.lookup(), a_key()
    writer = await stage.session()
    await writer.execute(f"BEGIN; {RENAME}")
    found = await stage.store.find(lookup, key)
    assert await put(stage, lookup, key, found, b"1") == "stored"
    await stage.hits(lookup, key)
    await writer.execute("COMMIT")
    await stage.misses(lookup, key, "changed")


async def test_commits_come_in_another_order_than_numbers(stage: Stage) -> None:
    """The transaction with the lower number commits after the entry was computed."""
    lookup, key = await stage.lookup(), a_key()
    early = await stage.session()
    await early.execute(f"BEGIN; {RENAME}")
    await stage.db.execute("UPDATE tb_user SET name = 'other' WHERE id = 2")
    await stage.fill(lookup, key)
    await stage.db.execute("UPDATE tb_post SET words = 0")
    await stage.hits(lookup, key)
    await early.execute("COMMIT")
    found = await stage.misses(lookup, key, "changed")
    assert await put(stage, lookup, key, found, b"2") == "stored"
    await stage.hits(lookup, key, b"2")


async def test_a_number_that_is_taken_before_and_written_with_after(stage: Stage) -> None:
    """The transaction writes the table only when the entry is there already."""
    lookup, key = await stage.lookup(), a_key()
    writer = await stage.session()
    await writer.execute("BEGIN; UPDATE tb_post SET words = 0 WHERE id = 1")
    await stage.fill(lookup, key)
    await writer.execute(RENAME)
    await stage.hits(lookup, key)
    await writer.execute("COMMIT")
    await stage.misses(lookup, key, "changed")


async def test_writers_at_other_isolation_levels(stage: Stage) -> None:
    lookup, key = await stage.lookup(), a_key()
    writer = await stage.session()
    for level in ("REPEATABLE READ", "SERIALIZABLE"):
        await writer.execute(f"BEGIN ISOLATION LEVEL {level}; SELECT count(*) FROM tb_post")
        await stage.fill(lookup, key)
        await writer.execute(f"{RENAME}; COMMIT")
        await stage.misses(lookup, key, "changed")


async def test_what_was_rolled_back_was_never_written(stage: Stage) -> None:
    lookup, key = await stage.filled()
    await stage.db.execute(f"BEGIN; {RENAME}; ROLLBACK")
    await stage.hits(lookup, key)
    await stage.db.execute(f"BEGIN; SAVEPOINT s; {RENAME}; ROLLBACK TO s; TABLE tb_post; COMMIT")
    await stage.hits(lookup, key)
    writer = await stage.session()
    with pytest.raises(asyncpg.DivisionByZeroError):
        await writer.execute(f"{RENAME}; SELECT 1 / 0")
    await stage.hits(lookup, key)


async def test_what_was_rolled_back_once_and_written_then(stage: Stage) -> None:
    lookup, key = await stage.filled()
    begun = f"BEGIN; SAVEPOINT s; {RENAME}; ROLLBACK TO s; {RENAME}"
    await stage.db.execute(begun)
    await stage.hits(lookup, key)
    await stage.db.execute("COMMIT")
    await stage.misses(lookup, key, "changed")
    lookup, key = await stage.filled()
    await stage.db.execute(f"BEGIN; SAVEPOINT s; {RENAME}; RELEASE s; COMMIT")
    await stage.misses(lookup, key, "changed")


async def test_a_label_invalidates_what_has_it_when_its_transaction_commits(stage: Stage) -> None:
    lookup, labelled, other = await stage.lookup(), a_key(), a_key()
    await stage.fill(lookup, labelled, tags=(*lookup.dependencies.tags, "label:prices"))
    await stage.fill(lookup, other)
    invalidate = "SELECT fraiseql.invalidate('prices', NULL, 'rates')"
    await stage.db.execute(f"BEGIN; {invalidate}; ROLLBACK")
    await stage.hits(lookup, labelled)
    await stage.db.execute(f"BEGIN; {invalidate}; {invalidate}")
    await stage.hits(lookup, labelled)
    await stage.db.execute("COMMIT")
    await stage.misses(lookup, labelled, "changed")
    await stage.hits(lookup, other)


async def test_what_the_log_has_lost_is_not_taken_for_unwritten(stage: Stage) -> None:
    lookup, key = await stage.filled()
    tag = lookup.dependencies.tags[0]
    floor = "INSERT INTO fraiseql.changes_floor (tag, xid) VALUES ($1, $2::text::xid8)"
    await stage.db.execute(floor, "another", "4000000000")
    await stage.db.execute(floor, tag, "3")
    await stage.hits(lookup, key)
    await stage.db.execute(RENAME)
    await stage.db.execute(
        "UPDATE fraiseql.changes_floor f SET xid = c.xid FROM fraiseql.changes c"
        " WHERE c.tag = f.tag AND f.tag = $1 AND c.xid > f.xid",
        tag,
    )
    await stage.db.execute("DELETE FROM fraiseql.changes")
    await stage.misses(lookup, key, "compacted")
    assert (await stage.store.find(replace(lookup, stale=60.0), key)).reason == "compacted"
    # What is computed now has seen all that was lost.
    await stage.fill(lookup, key, b"2")
    await stage.hits(lookup, key, b"2")


async def test_a_bound_lets_an_entry_be_behind_for_so_long(stage: Stage) -> None:
    exact, key = await stage.filled()
    loose = replace(exact, stale=60.0)
    tight = replace(exact, stale=0.2)
    assert (await stage.hits(loose, key)).hit.lag_seconds == 0.0
    await stage.db.execute(RENAME)
    behind = [(await stage.hits(loose, key)).hit.lag_seconds for _ in range(3)]
    assert 0 < behind[0] < behind[1] < behind[2] < 60
    await stage.misses(exact, key, "changed")

    async def over() -> bool:
        found = await stage.store.find(tight, key)
        assert found.reason == "changed" or found.hit.lag_seconds <= 0.2
        return found.reason == "changed"

    await eventually(over)
    assert (await stage.hits(loose, key)).hit.lag_seconds > 0.2
    # The oldest write counts, not the last one.
    before = (await stage.hits(loose, key)).hit.lag_seconds
    await stage.db.execute(RENAME)
    assert (await stage.hits(loose, key)).hit.lag_seconds >= before


async def test_an_answer_over_the_clock_is_as_far_behind_as_it_is_old(stage: Stage) -> None:
    await stage.db.execute("CREATE VIEW v_clock AS SELECT now() AS at FROM tb_user")
    lookup, key = await stage.lookup("v_clock", stale=0.3), a_key()
    assert lookup.dependencies.clock
    await stage.fill(lookup, key)
    found = await stage.store.find(replace(lookup, stale=60.0), key)
    assert found.reason == "hit"
    assert 0 < found.hit.lag_seconds < 60

    async def over() -> bool:
        return (await stage.store.find(lookup, key)).reason == "expired"

    await eventually(over)


async def test_the_age_of_a_source_comes_with_the_look_up(stage: Stage) -> None:
    lookup = await stage.lookup(source_age="SELECT 2.5")
    key = a_key()
    assert (await stage.store.find(lookup, key)).source_seconds == 2.5
    await stage.fill(lookup, key)
    assert (await stage.hits(lookup, key)).source_seconds == 2.5
    assert (await stage.hits(await stage.lookup(), key)).source_seconds is None


async def test_readers_and_writers_at_once(stage: Stage) -> None:
    """Whoever reads a counter through the store is never behind what had committed before."""
    lookup, key = await stage.lookup(), a_key()
    await stage.db.execute("UPDATE tb_user SET name = '0' WHERE id = 1")
    committed = [0]
    reading = await stage.session()

    async def write() -> None:
        for number in range(1, 61):
            await stage.db.execute("UPDATE tb_user SET name = $1 WHERE id = 1", str(number))
            committed[0] = number
            await asyncio.sleep(0.002 if number % 7 else 0.02)

    async def read() -> int:
        hits = 0
        while committed[0] < 60:
            least = committed[0]
            found = await stage.store.find(lookup, key)
            if found.reason == "hit":
                hits += 1
                assert found.hit.value is not None
                assert int(found.hit.value) >= least
            else:
                name = await reading.fetchval("SELECT name FROM v_user WHERE id = 1")
                await put(stage, lookup, key, found, name.encode())
        return hits

    _, hits = await asyncio.gather(write(), read())
    assert hits > 0
