"""Purging: what is kept is gone, and what was under way meanwhile is not given either."""

import pytest

from fraiseql.caching.results.admin.purge import purge_key, purge_queries, purge_tags
from fraiseql.database.writing import open_admin
from tests.integration.caching.results.stores.store_fixture import StoreFixture, a_key, put


async def test_invalidated_tags_end_entries_and_running_fills(fixture: StoreFixture) -> None:
    lookup, key = await fixture.filled()
    posts = await fixture.lookup("tb_post")
    other, slow = a_key(), a_key()
    await fixture.fill(posts, other)
    begun = await fixture.store.find(lookup, slow)
    async with open_admin(fixture.pool) as writer:
        purged = await purge_tags(writer, lookup.dependencies.tags)
    assert (purged.entries, purged.tags) == (1, lookup.dependencies.tags)
    assert await put(fixture, lookup, slow, begun, b"old") == "stored"
    await fixture.misses(lookup, key, "changed")
    await fixture.misses(lookup, slow, "changed")
    await fixture.hits(posts, other)
    await fixture.fill(lookup, key, b"new")
    await fixture.hits(lookup, key, b"new")


async def test_a_query_is_taken_back_with_what_is_under_way(fixture: StoreFixture) -> None:
    lookup, key = await fixture.filled()
    _, other = await fixture.filled(query="posts", tags=("query:posts",))
    slow = a_key()
    begun = await fixture.store.find(lookup, slow)
    async with open_admin(fixture.pool) as writer:
        purged = await purge_queries(writer, [fixture.store], ["users"], whole=False)
    assert (purged.entries, purged.tags) == (1, ("query:users",))
    assert await put(fixture, lookup, slow, begun, b"old") == "stored"
    await fixture.misses(lookup, key, "absent")
    await fixture.misses(lookup, slow, "changed")
    await fixture.hits(lookup, other)


async def test_all_is_taken_back(fixture: StoreFixture) -> None:
    lookup, key = await fixture.filled()
    _, other = await fixture.filled(query="posts", tags=("query:posts",))
    begun = await fixture.store.find(lookup, key)
    async with open_admin(fixture.pool) as writer:
        names = ["posts", "users"]
        assert (await purge_queries(writer, [fixture.store], names, whole=True)).entries == 2
    await put(fixture, lookup, key, begun, b"old")
    await fixture.misses(lookup, key, "changed")
    await fixture.misses(lookup, other, "absent")


@pytest.mark.parametrize("installed", [True, False], ids=["kept", "not-kept"])
async def test_a_key_is_taken_back_with_what_is_under_way(
    fixture: StoreFixture, installed: bool
) -> None:
    lookup, key = await fixture.lookup(), a_key()
    if installed:
        await fixture.fill(lookup, key)
    _, other = await fixture.filled()
    begun = await fixture.store.find(lookup, key)
    async with open_admin(fixture.pool) as writer:
        purged = await purge_key(writer, [fixture.store], key, 60.0)
    assert purged.entries == int(installed)
    await fixture.misses(lookup, key, "redefined")
    assert await put(fixture, lookup, key, begun, b"old") == "stored"
    await fixture.misses(lookup, key, "redefined")
    await fixture.fill(lookup, key, b"new")
    await fixture.hits(lookup, key, b"new")
    await fixture.hits(lookup, other)
    # What holds the place of the key is no entry.
    shown = await fixture.db.fetch("SELECT key FROM fraiseql.result_cache_entries ORDER BY made")
    assert {row["key"] for row in shown} == {key.hex(), other.hex()}
