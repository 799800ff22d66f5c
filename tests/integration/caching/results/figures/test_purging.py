"""Purging: what is kept is gone, and what was under way meanwhile is not given either."""

import pytest

from fraiseql.caching.results.admin.purge import purge_key, purge_queries, purge_tags
from fraiseql.database.writing import open_admin
from tests.integration.caching.results.stores.stage import Stage, a_key, put


async def test_tags_take_back_what_is_kept_and_what_is_under_way(stage: Stage) -> None:
    lookup, key = await stage.filled()
    posts = await stage.lookup("tb_post")
    other, slow = a_key(), a_key()
    await stage.fill(posts, other)
    begun = await stage.store.find(lookup, slow)
    async with open_admin(stage.pool) as writer:
        purged = await purge_tags(writer, lookup.dependencies.tags)
    assert (purged.entries, purged.tags) == (1, lookup.dependencies.tags)
    assert await put(stage, lookup, slow, begun, b"old") == "stored"
    await stage.misses(lookup, key, "changed")
    await stage.misses(lookup, slow, "changed")
    await stage.hits(posts, other)
    await stage.fill(lookup, key, b"new")
    await stage.hits(lookup, key, b"new")


async def test_a_query_is_taken_back_with_what_is_under_way(stage: Stage) -> None:
    lookup, key = await stage.filled()
    _, other = await stage.filled(query="posts", tags=("query:posts",))
    slow = a_key()
    begun = await stage.store.find(lookup, slow)
    async with open_admin(stage.pool) as writer:
        purged = await purge_queries(writer, [stage.store], ["users"], whole=False)
    assert (purged.entries, purged.tags) == (1, ("query:users",))
    assert await put(stage, lookup, slow, begun, b"old") == "stored"
    await stage.misses(lookup, key, "absent")
    await stage.misses(lookup, slow, "changed")
    await stage.hits(lookup, other)


async def test_all_is_taken_back(stage: Stage) -> None:
    lookup, key = await stage.filled()
    _, other = await stage.filled(query="posts", tags=("query:posts",))
    begun = await stage.store.find(lookup, key)
    async with open_admin(stage.pool) as writer:
        names = ["posts", "users"]
        assert (await purge_queries(writer, [stage.store], names, whole=True)).entries == 2
    await put(stage, lookup, key, begun, b"old")
    await stage.misses(lookup, key, "changed")
    await stage.misses(lookup, other, "absent")


@pytest.mark.parametrize("there", [True, False], ids=["kept", "not-kept"])
async def test_a_key_is_taken_back_with_what_is_under_way(stage: Stage, there: bool) -> None:
    lookup, key = await stage.lookup(), a_key()
    if there:
        await stage.fill(lookup, key)
    _, other = await stage.filled()
    begun = await stage.store.find(lookup, key)
    async with open_admin(stage.pool) as writer:
        purged = await purge_key(writer, [stage.store], key, 60.0)
    assert purged.entries == int(there)
    await stage.misses(lookup, key, "redefined")
    assert await put(stage, lookup, key, begun, b"old") == "stored"
    await stage.misses(lookup, key, "redefined")
    await stage.fill(lookup, key, b"new")
    await stage.hits(lookup, key, b"new")
    await stage.hits(lookup, other)
    # What holds the place of the key is no entry.
    shown = await stage.db.fetch("SELECT key FROM fraiseql.result_cache_entries ORDER BY made")
    assert {row["key"] for row in shown} == {key.hex(), other.hex()}
