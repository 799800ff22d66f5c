"""Entries in Redis: what is given, what is not, and what is never put over something newer."""

import asyncio
from dataclasses import replace

import pytest
from redis.asyncio import Redis

from fraiseql.caching.results.sql.objects import SECRET, common_objects
from fraiseql.caching.results.stores.redis import RedisStore, contents, encoding
from fraiseql.caching.results.stores.transient_errors import StoreUnavailable, error_kind
from fraiseql.errors import ConfigurationError
from tests.integration.caching.results.redis_store.env import (
    ALONE,
    KEY,
    RedisEnv,
    opened,
    prepare,
    without,
)

NAME = contents.entry_name(KEY)


async def test_an_entry_is_stored_returned_and_ended(env: RedisEnv) -> None:
    assert await env.reason() == "absent"
    assert await env.fill(b'{"v":1}') == "stored"
    lookup_result = await env.store.find(env.lookup, KEY)
    assert (
        lookup_result.reason,
        lookup_result.hit.value,
        lookup_result.hit.cost_ms,
        lookup_result.hit.ttl,
    ) == (
        "hit",
        b'{"v":1}',
        1.5,
        None,
    )
    assert lookup_result.hit.lag_seconds == 0.0
    assert 0.0 <= lookup_result.hit.age_seconds < 60.0
    await env.write(2)
    assert await env.reason() == "changed"


async def test_a_definition_that_changes_is_noticed(env: RedisEnv) -> None:
    await env.fill(b"1")
    await env.writer.execute("ALTER TABLE app.users ADD COLUMN more int")
    assert await env.reason() == "redefined"


async def test_the_body_stays_where_the_client_has_it(env: RedisEnv) -> None:
    await env.fill(b"[1]")
    etag = bytes.fromhex((await env.store.find(env.lookup, KEY)).hit.etag)
    lookup_result = await env.store.find(env.lookup, KEY, [bytes(16), etag])
    assert (lookup_result.reason, lookup_result.hit.unchanged, lookup_result.hit.value) == (
        "hit",
        True,
        None,
    )


async def test_an_older_value_is_not_put_over_a_newer_one(env: RedisEnv) -> None:
    old = await env.store.find(env.lookup, KEY)
    await env.write(2)
    new = await env.store.find(env.lookup, KEY)
    assert await env.fill(b"2", new) == "stored"
    assert await env.fill(b"1", old) == "refused"
    assert (await env.store.find(env.lookup, KEY)).hit.value == b"2"
    assert await env.fill(b"2 ", new) == "stored", "its equal may take its place"


async def test_an_older_value_is_never_taken_for_the_newest(env: RedisEnv) -> None:
    old = await env.store.find(env.lookup, KEY)
    await env.write(2)
    assert await env.fill(b"1", old) == "stored"
    assert await env.reason() == "changed"


async def test_a_reader_gets_no_entry_from_a_later_snapshot(
    env: RedisEnv, monkeypatch: pytest.MonkeyPatch
) -> None:
    far = await env.store.find(env.lookup, KEY)
    epoch, _, snapshot = (far.snapshot or "").rpartition(" ")
    xmin, xmax, _ = snapshot.split(":")
    ahead = replace(far, snapshot=f"{epoch} {xmin}:{int(xmax) + 1000}:")
    await env.fill(b"9", ahead)
    assert await env.reason() == "foreign"
    await env.fill(b"9", ahead)
    with without("future_snapshot", monkeypatch):
        assert await env.reason() == "hit", "nothing else refuses it"


async def test_time_ends_an_entry(env: RedisEnv) -> None:
    assert await env.fill(b"1", ttl=30.0) == "stored"
    lookup_result = await env.store.find(env.lookup, KEY)
    assert lookup_result.reason == "hit"
    assert lookup_result.hit.ttl is not None
    assert 0.0 < lookup_result.hit.ttl <= 30.0
    assert await env.fill(b"1", ttl=0.05) == "stored"
    await asyncio.sleep(0.1)
    assert await env.reason() in ("absent", "expired")
    assert await env.fill(b"1", ttl=0.001) == "refused", "computing took longer than that"


async def test_entries_without_expiry_are_evicted_if_unused(env: RedisEnv, client: Redis) -> None:
    await env.fill(b"1")
    assert 0 < await client.pttl(NAME) <= 7 * 86_400_000


async def test_a_body_over_the_limit_is_not_stored(database: str, redis_url: str) -> None:
    await prepare(database)
    async with opened(database, redis_url, max_entry_bytes=10) as env:
        await env.store.find(env.lookup, KEY)
        assert await env.fill(b"x" * 11) == "too_large"
        assert await env.fill(b"x" * 10) == "stored"


@pytest.mark.parametrize("spoilt", ["cut", "flipped", "foreign", "empty", "list"])
async def test_what_is_damaged_is_removed(env: RedisEnv, client: Redis, spoilt: str) -> None:
    await env.fill(b"[1, 2, 3]")
    value = await client.get(NAME)
    assert isinstance(value, bytes)
    await client.delete(NAME)
    match spoilt:
        case "cut":
            await client.set(NAME, value[:-1])
        case "flipped":
            await client.set(NAME, value[:-3] + bytes([value[-3] ^ 1]) + value[-2:])
        case "list":
            await client.lpush(NAME, "1")
        case _:
            await client.set(NAME, b"" if spoilt == "empty" else b"of somebody else" * 20)
    assert await env.reason() == "invalid"
    assert not await client.exists(NAME)
    assert await env.reason() == "absent"
    assert await env.fill(b"[1]") == "stored"
    assert await env.reason() == "hit"


async def test_an_entry_is_of_its_key_and_of_those_who_have_the_secret(
    env: RedisEnv, client: Redis, database: str, redis_url: str
) -> None:
    await env.fill(b"[1]")
    value = await client.get(NAME)
    other = bytes(32)
    await client.set(contents.entry_name(other), value)
    lookup_result = await env.store.find(env.lookup, other)
    assert (lookup_result.reason, lookup_result.hit) == ("invalid", None)
    assert lookup_result.snapshot, "what is computed instead may be stored"
    async with opened(database, redis_url, secret=bytes(32)) as stranger:
        assert await stranger.reason() == "invalid"
        assert await stranger.fill(b"[2]") == "stored"
    assert await env.reason() == "invalid"
    assert await env.fill(b"[3]") == "stored"
    assert await env.reason() == "hit"


async def test_a_secret_that_is_changed_is_loaded_again(env: RedisEnv, client: Redis) -> None:
    await env.fill(b"1")
    old = await client.get(NAME)
    await env.writer.execute("TRUNCATE fraiseql.secret")
    await client.set(NAME, b"")
    assert await env.reason() == "invalid"
    with pytest.raises(StoreUnavailable) as caught:
        await env.reason()
    assert error_kind(caught.value) == "secret_missing"
    for statement in next(object_ for object_ in common_objects() if object_.name == SECRET).create:
        await env.writer.execute(statement)
    await client.set(NAME, old)
    assert await env.reason() == "invalid"
    assert await env.fill(b"1") == "stored"
    assert await env.reason() == "hit"


async def test_put_replaces_what_is_no_frame(env: RedisEnv, client: Redis) -> None:
    lookup_result = await env.store.find(env.lookup, KEY)
    await client.lpush(NAME, "1")
    assert await env.fill(b"1", lookup_result) == "stored"
    assert await env.reason() == "hit"


async def test_what_depends_on_nothing_needs_no_database(env: RedisEnv) -> None:
    lookup_result = await env.store.find(ALONE, KEY)
    assert (lookup_result.reason, lookup_result.snapshot) == ("absent", "")
    assert await env.store.put(env.entry(b"1", lookup_result, ttl=60.0, tags=())) == "stored"
    await env.pool.close()
    lookup_result = await env.store.find(ALONE, KEY)
    assert (lookup_result.reason, lookup_result.hit.value) == ("hit", b"1")
    assert await env.store.put(env.entry(b"2", lookup_result, ttl=60.0, tags=())) == "stored"


async def test_purge_removes_ours_alone(env: RedisEnv, client: Redis) -> None:
    await client.set("fraiseql:of-somebody-else", "1")
    await client.set("another", "1")
    keys = [bytes([number]) * 32 for number in range(6)]
    for number, key in enumerate(keys):
        query = "users" if number % 2 else "posts"
        assert await env.fill(b"1", key=key, query=query) == "stored"
    assert (await env.store.size())[0] == 6
    assert (await env.store.size())[1] > 6 * encoding._START
    assert await env.store.purge(key=keys[0]) == 1
    assert await env.store.purge(key=keys[0]) == 0
    assert await env.store.purge(query="posts") == 2
    assert await env.store.purge() == 3
    assert await env.store.size() == (0, 0)
    assert await client.dbsize() == 2


async def test_many_entries_are_counted_and_removed(env: RedisEnv, client: Redis) -> None:
    await env.fill(b"x" * 100)
    names = [contents.entry_name(number.to_bytes(32, "big")) for number in range(1499)]
    await client.mset(dict.fromkeys(names, await client.get(NAME)))
    entries, total = await env.store.size()
    assert entries == 1500
    assert 1500 * 200 < total < 1500 * 1000
    assert await env.store.purge() == 1500


async def test_an_address_that_cannot_be_used_shows_no_password(env: RedisEnv) -> None:
    with pytest.raises(ConfigurationError) as caught:
        RedisStore("http://user:s3cret@host/0", env.pool)
    assert "s3cret" not in str(caught.value)
