"""Entries in Redis: what is given, what is not, and what is never put over something newer."""

import asyncio
from dataclasses import replace

import pytest
from redis.asyncio import Redis

from fraiseql.caching.results.sql.objects import SECRET, common_objects
from fraiseql.caching.results.stores.redis import RedisStore, contents, encoding
from fraiseql.caching.results.stores.transient_errors import StoreUnavailable, error_kind
from fraiseql.errors import ConfigurationError
from tests.integration.caching.results.redis_store.place import (
    ALONE,
    KEY,
    Place,
    opened,
    prepare,
    without,
)

NAME = contents.entry_name(KEY)


async def test_kept_given_and_given_no_more(place: Place) -> None:
    assert await place.reason() == "absent"
    assert await place.fill(b'{"v":1}') == "stored"
    found = await place.store.find(place.lookup, KEY)
    assert (found.reason, found.hit.value, found.hit.cost_ms, found.hit.ttl) == (
        "hit",
        b'{"v":1}',
        1.5,
        None,
    )
    assert found.hit.lag_seconds == 0.0
    assert 0.0 <= found.hit.age_seconds < 60.0
    await place.write(2)
    assert await place.reason() == "changed"


async def test_a_definition_that_changes_is_noticed(place: Place) -> None:
    await place.fill(b"1")
    await place.writer.execute("ALTER TABLE app.users ADD COLUMN more int")
    assert await place.reason() == "redefined"


async def test_the_body_stays_where_the_client_has_it(place: Place) -> None:
    await place.fill(b"[1]")
    etag = bytes.fromhex((await place.store.find(place.lookup, KEY)).hit.etag)
    found = await place.store.find(place.lookup, KEY, [bytes(16), etag])
    assert (found.reason, found.hit.unchanged, found.hit.value) == ("hit", True, None)


async def test_an_older_value_is_not_put_over_a_newer_one(place: Place) -> None:
    old = await place.store.find(place.lookup, KEY)
    await place.write(2)
    new = await place.store.find(place.lookup, KEY)
    assert await place.fill(b"2", new) == "stored"
    assert await place.fill(b"1", old) == "refused"
    assert (await place.store.find(place.lookup, KEY)).hit.value == b"2"
    assert await place.fill(b"2 ", new) == "stored", "its equal may take its place"


async def test_an_older_value_is_never_taken_for_the_newest(place: Place) -> None:
    old = await place.store.find(place.lookup, KEY)
    await place.write(2)
    assert await place.fill(b"1", old) == "stored"
    assert await place.reason() == "changed"


async def test_a_reader_who_is_behind_is_not_given_what_is_ahead(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    far = await place.store.find(place.lookup, KEY)
    epoch, _, snapshot = (far.snapshot or "").rpartition(" ")
    xmin, xmax, _ = snapshot.split(":")
    ahead = replace(far, snapshot=f"{epoch} {xmin}:{int(xmax) + 1000}:")
    await place.fill(b"9", ahead)
    assert await place.reason() == "foreign"
    await place.fill(b"9", ahead)
    with without("future_snapshot", monkeypatch):
        assert await place.reason() == "hit", "nothing else refuses it"


async def test_time_ends_an_entry(place: Place) -> None:
    assert await place.fill(b"1", ttl=30.0) == "stored"
    found = await place.store.find(place.lookup, KEY)
    assert found.reason == "hit"
    assert found.hit.ttl is not None
    assert 0.0 < found.hit.ttl <= 30.0
    assert await place.fill(b"1", ttl=0.05) == "stored"
    await asyncio.sleep(0.1)
    assert await place.reason() in ("absent", "expired")
    assert await place.fill(b"1", ttl=0.001) == "refused", "computing took longer than that"


async def test_what_has_no_end_goes_away_when_nobody_has_it_anew(
    place: Place, client: Redis
) -> None:
    await place.fill(b"1")
    assert 0 < await client.pttl(NAME) <= 7 * 86_400_000


async def test_a_body_that_is_too_large_is_not_kept(database: str, redis_url: str) -> None:
    await prepare(database)
    async with opened(database, redis_url, max_entry_bytes=10) as place:
        await place.store.find(place.lookup, KEY)
        assert await place.fill(b"x" * 11) == "too_large"
        assert await place.fill(b"x" * 10) == "stored"


@pytest.mark.parametrize("spoilt", ["cut", "flipped", "foreign", "empty", "list"])
async def test_what_is_damaged_is_removed(place: Place, client: Redis, spoilt: str) -> None:
    await place.fill(b"[1, 2, 3]")
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
    assert await place.reason() == "invalid"
    assert not await client.exists(NAME)
    assert await place.reason() == "absent"
    assert await place.fill(b"[1]") == "stored"
    assert await place.reason() == "hit"


async def test_an_entry_is_of_its_key_and_of_those_who_have_the_secret(
    place: Place, client: Redis, database: str, redis_url: str
) -> None:
    await place.fill(b"[1]")
    value = await client.get(NAME)
    other = bytes(32)
    await client.set(contents.entry_name(other), value)
    found = await place.store.find(place.lookup, other)
    assert (found.reason, found.hit) == ("invalid", None)
    assert found.snapshot, "what is computed instead may be stored"
    async with opened(database, redis_url, secret=bytes(32)) as stranger:
        assert await stranger.reason() == "invalid"
        assert await stranger.fill(b"[2]") == "stored"
    assert await place.reason() == "invalid"
    assert await place.fill(b"[3]") == "stored"
    assert await place.reason() == "hit"


async def test_a_secret_that_is_changed_is_loaded_again(place: Place, client: Redis) -> None:
    await place.fill(b"1")
    old = await client.get(NAME)
    await place.writer.execute("TRUNCATE fraiseql.secret")
    await client.set(NAME, b"")
    assert await place.reason() == "invalid"
    with pytest.raises(StoreUnavailable) as caught:
        await place.reason()
    assert error_kind(caught.value) == "secret_missing"
    for statement in next(one for one in common_objects() if one.name == SECRET).create:
        await place.writer.execute(statement)
    await client.set(NAME, old)
    assert await place.reason() == "invalid"
    assert await place.fill(b"1") == "stored"
    assert await place.reason() == "hit"


async def test_put_replaces_what_is_no_frame(place: Place, client: Redis) -> None:
    found = await place.store.find(place.lookup, KEY)
    await client.lpush(NAME, "1")
    assert await place.fill(b"1", found) == "stored"
    assert await place.reason() == "hit"


async def test_what_depends_on_nothing_needs_no_database(place: Place) -> None:
    found = await place.store.find(ALONE, KEY)
    assert (found.reason, found.snapshot) == ("absent", "")
    assert await place.store.put(place.entry(b"1", found, ttl=60.0, tags=())) == "stored"
    await place.pool.close()
    found = await place.store.find(ALONE, KEY)
    assert (found.reason, found.hit.value) == ("hit", b"1")
    assert await place.store.put(place.entry(b"2", found, ttl=60.0, tags=())) == "stored"


async def test_purge_removes_ours_alone(place: Place, client: Redis) -> None:
    await client.set("fraiseql:of-somebody-else", "1")
    await client.set("another", "1")
    keys = [bytes([number]) * 32 for number in range(6)]
    for number, key in enumerate(keys):
        query = "users" if number % 2 else "posts"
        assert await place.fill(b"1", key=key, query=query) == "stored"
    assert (await place.store.size())[0] == 6
    assert (await place.store.size())[1] > 6 * encoding._START
    assert await place.store.purge(key=keys[0]) == 1
    assert await place.store.purge(key=keys[0]) == 0
    assert await place.store.purge(query="posts") == 2
    assert await place.store.purge() == 3
    assert await place.store.size() == (0, 0)
    assert await client.dbsize() == 2


async def test_many_entries_are_counted_and_removed(place: Place, client: Redis) -> None:
    await place.fill(b"x" * 100)
    names = [contents.entry_name(number.to_bytes(32, "big")) for number in range(1499)]
    await client.mset(dict.fromkeys(names, await client.get(NAME)))
    entries, total = await place.store.size()
    assert entries == 1500
    assert 1500 * 200 < total < 1500 * 1000
    assert await place.store.purge() == 1500


async def test_an_address_that_cannot_be_used_shows_no_password(place: Place) -> None:
    with pytest.raises(ConfigurationError) as caught:
        RedisStore("http://user:s3cret@host/0", place.pool)
    assert "s3cret" not in str(caught.value)
