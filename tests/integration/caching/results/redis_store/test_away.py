"""Redis away, slow, full or read-only: told as a store's failure, soon, and over with it."""

import asyncio
import time

import pytest
from redis.asyncio import Redis

from fraiseql.caching.results.stores.base import LookupResult
from fraiseql.caching.results.stores.redis import RedisStore
from fraiseql.caching.results.stores.transient_errors import StoreUnavailable, error_kind
from tests.integration.caching.results.redis_store.place import KEY, Place, opened_alone
from tests.redis_server import RedisServer

PATIENCE = 10.0


async def failing(place: Place) -> set[str]:
    """Ask for everything that a store does and return the kinds of failure."""
    entry = place.entry(b"1", LookupResult("absent", "", 0))
    kinds = set()
    for asked in (
        place.store.find(place.lookup, KEY),
        place.store.put(entry),
        led(place.store),
        place.store.purge(),
        place.store.purge(key=KEY),
        place.store.size(),
    ):
        with pytest.raises(StoreUnavailable) as caught:
            await asked
        kinds.add(error_kind(caught.value))
    return kinds


async def led(store: RedisStore) -> bool:
    async with store.acquire_fill_lock(KEY) as leading:
        return leading


async def test_killed_and_started_again(redis_server: RedisServer) -> None:
    async with opened_alone(redis_server.url) as place:
        await place.store.find(place.lookup, KEY)
        await place.fill(b"1")
        assert await place.reason() == "hit"
        redis_server.kill()
        assert await failing(place) == {"redis_connection"}
        assert redis_server.start()
        assert await place.reason() == "absent"
        assert await place.fill(b"1") == "stored"
        assert await place.reason() == "hit"
        assert await led(place.store)


async def test_restarted_between_two_requests_is_no_failure(redis_server: RedisServer) -> None:
    async with opened_alone(redis_server.url) as place:
        await asyncio.gather(*(place.store.find(place.lookup, KEY) for _ in range(8)))
        redis_server.kill()
        assert redis_server.start()
        # The end of a connection is known when the loop has had a look.
        await asyncio.sleep(0)
        found = await asyncio.gather(*(place.store.find(place.lookup, KEY) for _ in range(8)))
        assert {one.reason for one in found} == {"absent"}


async def test_one_that_hangs_keeps_nobody_waiting(redis_server: RedisServer) -> None:
    async with opened_alone(redis_server.url, timeout=0.2) as place:
        redis_server.pause()
        begun = time.monotonic()
        assert await failing(place) == {"redis_timeout"}
        assert time.monotonic() - begun < 6 * 2.0
        redis_server.resume()
        assert await reason_within(place, PATIENCE) == "absent"


async def test_one_that_hangs_keeps_nobody_from_stopping(redis_server: RedisServer) -> None:
    async with opened_alone(redis_server.url, timeout=0.2) as place:
        entry = place.entry(b"x" * 4_000_000, await place.store.find(place.lookup, KEY))
        redis_server.pause()
        writing = asyncio.create_task(place.store.put(entry))
        await asyncio.sleep(0.05)
        begun = time.monotonic()
        await place.store.close()
        assert time.monotonic() - begun < PATIENCE
        with pytest.raises(StoreUnavailable):
            await writing
        redis_server.resume()


async def reason_within(place: Place, seconds: float) -> str:
    """Look up until it is told: a machine that is busy may be late once more."""
    end = time.monotonic() + seconds
    while True:
        try:
            return await place.reason()
        except StoreUnavailable:
            if time.monotonic() > end:
                raise


async def test_a_full_one_answers_and_keeps_nothing_more(redis_server: RedisServer) -> None:
    async with opened_alone(redis_server.url) as place, client_of(redis_server) as client:
        await place.store.find(place.lookup, KEY)
        assert await place.fill(b"1") == "stored"
        await client.config_set("maxmemory", "1mb")
        await client.config_set("maxmemory-policy", "noeviction")
        other = bytes(32)
        found = await place.store.find(place.lookup, other)
        assert await place.fill(b"2", found, key=other) == "full"
        assert await place.reason() == "hit"
        assert await led(place.store), "nobody waits for a value that cannot be kept"
        await client.config_set("maxmemory", "0")
        assert await place.fill(b"2", found, key=other) == "stored"


async def test_one_that_drops_entries_loses_nothing_else(redis_server: RedisServer) -> None:
    async with opened_alone(redis_server.url) as place, client_of(redis_server) as client:
        found = await place.store.find(place.lookup, KEY)
        used = (await client.info("memory"))["used_memory"]
        await client.config_set("maxmemory", str(used + 400_000))
        await client.config_set("maxmemory-policy", "allkeys-lru")
        for number in range(100):
            key = number.to_bytes(32, "big")
            assert await place.fill(b"x" * 20_000, found, key=key) == "stored"
        entries, total = await place.store.size()
        assert 0 < entries < 40
        assert total < 800_000


async def test_a_replica_is_no_store(redis_server: RedisServer) -> None:
    async with opened_alone(redis_server.url) as place, client_of(redis_server) as client:
        await place.store.find(place.lookup, KEY)
        await place.fill(b"1")
        await client.replicaof("127.0.0.1", "1")
        assert await place.reason() == "hit"
        with pytest.raises(StoreUnavailable, match="redis_response"):
            await place.fill(b"2")
        with pytest.raises(StoreUnavailable, match="redis_response"):
            await led(place.store)
        await client.replicaof("NO", "ONE")
        assert await place.fill(b"2") == "stored"


async def test_one_that_wants_a_password(redis_server: RedisServer) -> None:
    async with client_of(redis_server) as client:
        await client.config_set("requirepass", "s3cret")
        async with opened_alone(redis_server.url) as place:
            with pytest.raises(StoreUnavailable) as caught:
                await place.reason()
            assert error_kind(caught.value) in ("redis_response", "redis_connection")
        url = redis_server.url.replace("redis://", "redis://:s3cret@")
        async with opened_alone(url) as place:
            assert await place.reason() == "absent"


async def test_scripts_that_are_forgotten_are_told_again(redis_server: RedisServer) -> None:
    async with opened_alone(redis_server.url) as place, client_of(redis_server) as client:
        await place.store.find(place.lookup, KEY)
        assert await place.fill(b"1") == "stored"
        await client.script_flush()
        assert await place.fill(b"2") == "stored"


def client_of(server: RedisServer) -> Redis:
    return Redis.from_url(server.url)
