"""Redis away, slow, full or read-only: told as a store's failure, soon, and over with it."""

import asyncio
import time

import pytest
from redis.asyncio import Redis

from fraiseql.caching.results.stores.base import LookupResult
from fraiseql.caching.results.stores.redis import RedisStore
from fraiseql.caching.results.stores.transient_errors import StoreUnavailable, error_kind
from tests.integration.caching.results.redis_store.env import KEY, RedisEnv, opened_alone
from tests.redis_server import RedisServer

PATIENCE = 10.0


async def failing(env: RedisEnv) -> set[str]:
    """Ask for everything that a store does and return the kinds of failure."""
    entry = env.entry(b"1", LookupResult("absent", "", 0))
    kinds = set()
    for work in (
        env.store.find(env.lookup, KEY),
        env.store.put(entry),
        led(env.store),
        env.store.purge(),
        env.store.purge(key=KEY),
        env.store.size(),
    ):
        with pytest.raises(StoreUnavailable) as caught:
            await work
        kinds.add(error_kind(caught.value))
    return kinds


async def led(store: RedisStore) -> bool:
    async with store.acquire_fill_lock(KEY) as leading:
        return leading


async def test_killed_and_started_again(redis_server: RedisServer) -> None:
    async with opened_alone(redis_server.url) as env:
        await env.store.find(env.lookup, KEY)
        await env.fill(b"1")
        assert await env.reason() == "hit"
        redis_server.kill()
        assert await failing(env) == {"redis_connection"}
        assert redis_server.start()
        assert await env.reason() == "absent"
        assert await env.fill(b"1") == "stored"
        assert await env.reason() == "hit"
        assert await led(env.store)


async def test_restarted_between_two_requests_is_no_failure(redis_server: RedisServer) -> None:
    async with opened_alone(redis_server.url) as env:
        await asyncio.gather(*(env.store.find(env.lookup, KEY) for _ in range(8)))
        redis_server.kill()
        assert redis_server.start()
        # The end of a connection is known when the loop has had a look.
        await asyncio.sleep(0)
        lookups = await asyncio.gather(*(env.store.find(env.lookup, KEY) for _ in range(8)))
        assert {lookup.reason for lookup in lookups} == {"absent"}


async def test_a_hanging_redis_delays_no_request(redis_server: RedisServer) -> None:
    async with opened_alone(redis_server.url, timeout=0.2) as env:
        redis_server.pause()
        begun = time.monotonic()
        assert await failing(env) == {"redis_timeout"}
        assert time.monotonic() - begun < 6 * 2.0
        redis_server.resume()
        assert await reason_within(env, PATIENCE) == "absent"


async def test_a_hanging_redis_does_not_delay_the_stop(redis_server: RedisServer) -> None:
    async with opened_alone(redis_server.url, timeout=0.2) as env:
        entry = env.entry(b"x" * 4_000_000, await env.store.find(env.lookup, KEY))
        redis_server.pause()
        writing = asyncio.create_task(env.store.put(entry))
        await asyncio.sleep(0.05)
        begun = time.monotonic()
        await env.store.close()
        assert time.monotonic() - begun < PATIENCE
        with pytest.raises(StoreUnavailable):
            await writing
        redis_server.resume()
        await no_client_within(redis_server, PATIENCE)


async def no_client_within(server: RedisServer, seconds: float) -> None:
    """Wait until the event loop has sent what was left, and closed the connections."""
    async with asyncio.timeout(seconds), client_of(server) as client:
        while len(await client.client_list()) > 1:
            await client.ping()


async def reason_within(env: RedisEnv, seconds: float) -> str:
    """Look up until it is told: a machine that is busy may be late once more."""
    end = time.monotonic() + seconds
    while True:
        try:
            return await env.reason()
        except StoreUnavailable:
            if time.monotonic() > end:
                raise


async def test_a_full_redis_answers_and_stores_nothing_more(redis_server: RedisServer) -> None:
    async with opened_alone(redis_server.url) as env, client_of(redis_server) as client:
        await env.store.find(env.lookup, KEY)
        assert await env.fill(b"1") == "stored"
        await client.config_set("maxmemory", "1mb")
        await client.config_set("maxmemory-policy", "noeviction")
        other = bytes(32)
        lookup_result = await env.store.find(env.lookup, other)
        assert await env.fill(b"2", lookup_result, key=other) == "full"
        assert await env.reason() == "hit"
        assert await led(env.store), "nobody waits for a value that cannot be kept"
        await client.config_set("maxmemory", "0")
        assert await env.fill(b"2", lookup_result, key=other) == "stored"


async def test_one_that_drops_entries_loses_nothing_else(redis_server: RedisServer) -> None:
    async with opened_alone(redis_server.url) as env, client_of(redis_server) as client:
        lookup_result = await env.store.find(env.lookup, KEY)
        used = (await client.info("memory"))["used_memory"]
        await client.config_set("maxmemory", str(used + 400_000))
        await client.config_set("maxmemory-policy", "allkeys-lru")
        for number in range(100):
            key = number.to_bytes(32, "big")
            assert await env.fill(b"x" * 20_000, lookup_result, key=key) == "stored"
        entries, total = await env.store.size()
        assert 0 < entries < 40
        assert total < 800_000


async def test_a_replica_is_no_store(redis_server: RedisServer) -> None:
    async with opened_alone(redis_server.url) as env, client_of(redis_server) as client:
        await env.store.find(env.lookup, KEY)
        await env.fill(b"1")
        await client.replicaof("127.0.0.1", "1")
        assert await env.reason() == "hit"
        with pytest.raises(StoreUnavailable, match="redis_response"):
            await env.fill(b"2")
        with pytest.raises(StoreUnavailable, match="redis_response"):
            await led(env.store)
        await client.replicaof("NO", "ONE")
        assert await env.fill(b"2") == "stored"


async def test_one_that_wants_a_password(redis_server: RedisServer) -> None:
    async with client_of(redis_server) as client:
        await client.config_set("requirepass", "s3cret")
        async with opened_alone(redis_server.url) as env:
            with pytest.raises(StoreUnavailable) as caught:
                await env.reason()
            assert error_kind(caught.value) in ("redis_response", "redis_connection")
        url = redis_server.url.replace("redis://", "redis://:s3cret@")
        async with opened_alone(url) as env:
            assert await env.reason() == "absent"


async def test_scripts_that_redis_lost_are_loaded_again(redis_server: RedisServer) -> None:
    async with opened_alone(redis_server.url) as env, client_of(redis_server) as client:
        await env.store.find(env.lookup, KEY)
        assert await env.fill(b"1") == "stored"
        await client.script_flush()
        assert await env.fill(b"2") == "stored"


def client_of(server: RedisServer) -> Redis:
    return Redis.from_url(server.url)
