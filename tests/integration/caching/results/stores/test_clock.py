"""Clock: what was stored before the clock was set back is of unknown age, and is not given.

A step back of an hour is the same as instants that are an hour ahead: those are written here.
"""

from dataclasses import replace
from typing import Any

from fraiseql.caching.results.sql.objects import ring, segments
from fraiseql.caching.results.stores.base import Lookup
from tests.integration.caching.results.stores.store_fixture import (
    StoreFixture,
    a_key,
    entry,
    eventually,
)

HOUR = 3_600.0
LATER = "interval '1 hour'"


async def ahead(fixture: StoreFixture) -> None:
    """Have every entry made an hour from now."""
    if fixture.kind == "redis":
        store: Any = fixture.store
        store._clock._offset -= HOUR
        return
    for name in segments(fixture.kind):  # type: ignore[arg-type]
        await fixture.db.execute(
            f"UPDATE {name} SET made = made + {LATER}, expires = expires + {LATER}"
        )


async def test_a_write_of_the_future_is_not_recent(fixture: StoreFixture) -> None:
    exact, key = await fixture.filled()
    lookup = replace(exact, stale=60.0)
    await fixture.db.execute("UPDATE tb_user SET name = 'new' WHERE id = 1")
    assert 0 < (await fixture.hits(lookup, key)).hit.lag_seconds < 60
    await fixture.db.execute("UPDATE fraiseql.changes SET at = at + interval '1 hour'")
    await fixture.misses(lookup, key, "changed")
    # Also where a write that is not of the future was later.
    await fixture.db.execute("UPDATE tb_user SET name = 'newer' WHERE id = 1")
    await fixture.misses(lookup, key, "changed")


async def test_an_end_is_not_put_off(fixture: StoreFixture) -> None:
    lookup, key = await fixture.filled(ttl=5.0)
    await fixture.hits(lookup, key)
    await ahead(fixture)
    await fixture.misses(lookup, key, "expired")


async def test_entries_from_before_a_clock_change_are_not_returned(fixture: StoreFixture) -> None:
    plain = await fixture.lookup()
    dependencies = replace(plain.dependencies, clock=True)
    lookup = Lookup(dependencies, 60.0, reader=plain.reader)
    key = a_key()
    await fixture.fill(lookup, key)
    await fixture.hits(lookup, key)
    await ahead(fixture)
    await fixture.misses(lookup, key, "expired")


async def test_what_never_ends_and_is_exact_needs_no_clock(fixture: StoreFixture) -> None:
    lookup, key = await fixture.filled()
    await ahead(fixture)
    hits = await fixture.hits(lookup, key)
    assert hits.hit.lag_seconds == 0


async def test_a_ring_does_not_rest_for_long(tables: StoreFixture) -> None:
    """What could not be emptied a moment ago is tried again."""
    most = 2_000_000
    store = tables.another(most)
    lookup = await tables.lookup()
    await tables.db.execute(f"UPDATE {ring(tables.kind)} SET rest = now() + {LATER}")  # type: ignore[arg-type]
    for _ in range(40):
        key = a_key()
        lookup_result = await store.find(lookup, key)
        assert await store.put(entry(lookup, key, lookup_result, b"x" * 90_000)) == "stored"


async def test_an_entry_of_a_later_time_is_removed(tables: StoreFixture) -> None:
    """It would seem true as soon as the numbers of transactions have come so far."""
    lookup, key = await tables.filled()
    far = "snap = '4000000000:4000000000:', upto = '4000000000'"
    for name in segments(tables.kind):  # type: ignore[arg-type]
        await tables.db.execute(f"UPDATE {name} SET {far}")
    await removed(tables, lookup, key)


async def test_an_entry_of_another_place_is_removed(tables: StoreFixture) -> None:
    lookup, key = await tables.filled()
    for name in segments(tables.kind):  # type: ignore[arg-type]
        await tables.db.execute(f"UPDATE {name} SET home = 1")
    await removed(tables, lookup, key)


async def removed(tables: StoreFixture, lookup: Lookup, key: bytes) -> None:
    """Meet an entry: it is gone, and the next one of its key is given."""
    await tables.misses(lookup, key, "foreign")
    counts = [f"(SELECT count(*) FROM {name} WHERE key = $1)" for name in segments(tables.kind)]  # type: ignore[arg-type]

    async def gone() -> bool:
        return bool(await tables.db.fetchval(f"SELECT {' + '.join(counts)} = 0", key))

    await eventually(gone)
    await tables.fill(lookup, key, b"2")
    await tables.hits(lookup, key, b"2")
