"""Cleaning: only what can never be given again goes, and the bytes that it took are free."""

from fraiseql.caching.results.admin.clean import Cleaned, clean
from fraiseql.caching.results.stores.base import Lookup
from fraiseql.database.writing import open_admin
from tests.integration.caching.results.stores.store_fixture import StoreFixture, a_key, eventually


async def cleaned(fixture: StoreFixture, stale: float = 0.0) -> Cleaned:
    async with open_admin(fixture.pool) as writer:
        return await clean(writer, ["unlogged"], stale)


async def expired(fixture: StoreFixture, lookup: Lookup, body: bytes = b"1") -> None:
    """Fill an entry, and wait until its time is over."""
    key = a_key()
    await fixture.fill(lookup, key, body, ttl=0.01)

    async def over() -> bool:
        return (await fixture.store.find(lookup, key)).reason == "expired"

    await eventually(over)


async def test_no_usable_entry_is_removed(fixture: StoreFixture) -> None:
    lookup, key = await fixture.filled(ttl=1_000.0)
    await expired(fixture, lookup)
    counts = await cleaned(fixture)
    assert (counts.size, counts.segments) == (0, 0)
    await fixture.hits(lookup, key)


async def test_tables_of_what_expired_or_changed_are_emptied(fixture: StoreFixture) -> None:
    lookup, key = await fixture.filled(b"x" * 100_000)
    await expired(fixture, lookup, b"x" * 100_000)
    await fixture.db.execute("UPDATE tb_user SET name = 'x' WHERE id = 1")
    before = await fixture.store.size()
    counts = await cleaned(fixture)
    after = await fixture.store.size()
    assert (before[0], after[0]) == (2, 0)
    assert counts.size == before[1] - after[1] > 200_000
    assert counts.segments == 1
    await fixture.misses(lookup, key, "absent")
    await fixture.fill(lookup, key)
    await fixture.hits(lookup, key)


async def test_entries_within_their_staleness_remain(fixture: StoreFixture) -> None:
    lookup, key = await fixture.filled()
    await fixture.db.execute("UPDATE tb_user SET name = 'x' WHERE id = 1")
    assert (await cleaned(fixture, stale=1_000.0)).segments == 0
    behind = await fixture.lookup(stale=1_000.0)
    assert 0 < (await fixture.hits(behind, key)).hit.lag_seconds < 1_000

    async def emptied() -> bool:
        return (await cleaned(fixture, stale=0.01)).segments == 1

    await eventually(emptied)
    await fixture.misses(lookup, key, "absent")


async def test_older_rows_of_a_key_do_not_hold_a_table(fixture: StoreFixture) -> None:
    lookup, key = await fixture.filled(b"1")
    # The next row of the key goes to another table of the ring.
    await fixture.db.execute("UPDATE fraiseql.result_ring_unlogged SET current = (current + 1) % 4")
    await fixture.db.execute("UPDATE tb_user SET name = 'x' WHERE id = 1")
    await fixture.fill(lookup, key, b"2")
    assert (await cleaned(fixture, stale=1_000.0)).segments == 1
    await fixture.hits(lookup, key, b"2")


async def test_the_log_is_compacted(fixture: StoreFixture) -> None:
    for number in range(20):
        await fixture.db.execute(f"UPDATE tb_user SET name = '{number}' WHERE id = 1")
    assert (await cleaned(fixture)).logged > 0
