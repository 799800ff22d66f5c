"""Conformance: what every store does with entries."""

import asyncio

from fraiseql.caching.results.dependencies import NOTHING
from fraiseql.caching.results.stores.base import Lookup
from tests.integration.caching.results.stores.store_fixture import (
    StoreFixture,
    a_key,
    entry,
    eventually,
    put,
)

BODIES = (
    b"null",
    b"[]",
    b'{"name":"\xc3\xa9\xf0\x9f\x90\x98 \\u0000 \'quoted\' \\\\"}',
    b"[%s]" % b",".join(b"%d" % n for n in range(15_000)),
)


async def test_a_hit_returns_the_stored_bytes(fixture: StoreFixture) -> None:
    lookup = await fixture.lookup()
    for body in BODIES:
        before = await fixture.fill(lookup, key := a_key(), body, cost_ms=12.5)
        assert before.reason == "absent"
        hits = await fixture.hits(lookup, key, body)
        assert (hits.hit.ttl, hits.hit.lag_seconds, hits.hit.unchanged) == (None, 0.0, False)
        assert hits.hit.cost_ms == 12.5
        assert 0.0125 <= hits.hit.age_seconds < 20
        assert hits.fingerprint == before.fingerprint == lookup.dependencies.fingerprint
    await fixture.misses(lookup, a_key(), "absent")


async def test_the_newest_entry_wins_in_any_order(fixture: StoreFixture) -> None:
    lookup = await fixture.lookup()
    for newest_first in (True, False):
        key = a_key()
        older = await fixture.store.find(lookup, key)
        await fixture.db.execute("UPDATE tb_user SET name = name || '!' WHERE id = 1")
        newer = await fixture.store.find(lookup, key)
        puts = [(older, b"0"), (newer, b"1")]
        for lookup_result, body in reversed(puts) if newest_first else puts:
            assert await put(fixture, lookup, key, lookup_result, body) in ("stored", "refused")
        await fixture.hits(lookup, key, b"1")


async def test_an_entry_takes_the_place_of_one_that_is_not_true_any_more(
    fixture: StoreFixture,
) -> None:
    lookup, key = await fixture.filled()
    for number in range(3):
        await fixture.db.execute("UPDATE tb_user SET name = name || '!' WHERE id = 1")
        misses = await fixture.misses(lookup, key, "changed")
        body = b"%d" % number
        assert await put(fixture, lookup, key, misses, body) == "stored"
        await fixture.hits(lookup, key, body)


async def test_entries_end_with_their_time(fixture: StoreFixture) -> None:
    lookup, key = await fixture.lookup(), a_key()
    await fixture.fill(lookup, key, ttl=60.0)
    hits = await fixture.hits(lookup, key)
    assert hits.hit.ttl is not None
    assert 30 < hits.hit.ttl <= 60

    key = a_key()
    await fixture.fill(lookup, key, ttl=0.05)

    async def over() -> bool:
        return (await fixture.store.find(lookup, key)).reason in ("expired", "absent")

    await eventually(over)
    # The next one is kept as if there had never been another.
    await fixture.fill(lookup, key, b"2", ttl=60.0)
    await fixture.hits(lookup, key, b"2")


async def test_a_matching_etag_gets_no_body(fixture: StoreFixture) -> None:
    lookup, key = await fixture.filled(b'"text"')
    etag = bytes.fromhex((await fixture.hits(lookup, key, b'"text"')).hit.etag)
    assert len(etag) == 16
    for etags in ([etag], [b"x" * 16, etag]):
        lookup_result = await fixture.store.find(lookup, key, etags)
        assert (lookup_result.reason, lookup_result.hit.value, lookup_result.hit.unchanged) == (
            "hit",
            None,
            True,
        )
        assert lookup_result.hit.etag == etag.hex()
    lookup_result = await fixture.store.find(lookup, key, [b"x" * 16])
    assert (lookup_result.hit.value, lookup_result.hit.unchanged) == (b'"text"', False)
    # An entry that is not true is nobody's, whatever the client has.
    await fixture.db.execute("DELETE FROM tb_user WHERE id = 1")
    lookup_result = await fixture.store.find(lookup, key, [etag])
    assert (lookup_result.reason, lookup_result.hit) == ("changed", None)


async def test_too_large_a_value_is_not_stored(fixture: StoreFixture) -> None:
    lookup, key = await fixture.lookup(), a_key()
    lookup_result = await fixture.store.find(lookup, key)
    assert await put(fixture, lookup, key, lookup_result, b"1" * 200_001) == "too_large"
    await fixture.misses(lookup, key, "absent")
    assert await put(fixture, lookup, key, lookup_result, b"1" * 200_000) == "stored"


async def test_entries_are_removed_by_key_by_query_and_all(fixture: StoreFixture) -> None:
    lookup = await fixture.lookup()
    keys = [a_key() for _ in range(5)]
    for number, key in enumerate(keys):
        await fixture.fill(lookup, key, query="posts" if number % 2 else "users")
    entries, taken = await fixture.store.size()
    assert entries == 5
    assert taken > 0

    assert await fixture.store.purge(key=keys[0]) == 1
    assert await fixture.store.purge(key=keys[0]) == 0
    await fixture.misses(lookup, keys[0], "absent")
    await fixture.hits(lookup, keys[1])

    assert await fixture.store.purge(query="posts") == 2
    assert [(await fixture.store.find(lookup, key)).reason for key in keys] == [
        "absent",
        "absent",
        "hit",
        "absent",
        "hit",
    ]
    assert await fixture.store.purge() == 2
    assert (await fixture.store.size())[0] == 0
    await fixture.misses(lookup, keys[2], "absent")
    await fixture.fill(lookup, keys[2])
    await fixture.hits(lookup, keys[2])


async def test_what_depends_on_nothing_lives_by_its_time_alone(fixture: StoreFixture) -> None:
    lookup, key = Lookup(NOTHING), a_key()
    await fixture.fill(lookup, key, tags=(), ttl=60.0)
    await fixture.db.execute("UPDATE tb_user SET name = 'other'")
    await fixture.hits(lookup, key)


async def test_stores_of_several_processes_share_entries(fixture: StoreFixture) -> None:
    lookup, key = await fixture.filled()
    other = fixture.another()
    assert (await other.find(lookup, key)).hit.value == b"1"
    await fixture.db.execute("UPDATE tb_user SET name = 'other'")
    lookup_result = await other.find(lookup, key)
    assert lookup_result.reason == "changed"
    assert await other.put(entry(lookup, key, lookup_result, b"2")) == "stored"
    await fixture.hits(lookup, key, b"2")


async def test_many_at_once(fixture: StoreFixture) -> None:
    lookup = await fixture.lookup()
    keys = [a_key() for _ in range(40)]
    await asyncio.gather(*(fixture.fill(lookup, key, key.hex().encode()) for key in keys))
    await asyncio.gather(*(fixture.hits(lookup, key, key.hex().encode()) for key in keys))
    assert (await fixture.store.size())[0] == 40
