"""The lead of a key: one among all who share a Redis, and another one when that one dies."""

import asyncio
import sys
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest
from redis.asyncio import Redis

from fraiseql.caching.results.stores.redis import RedisStore, contents
from tests.integration.caching.results.redis_store.env import KEY, PATIENT

LEASE = 0.6
NAME = contents.lock_name(KEY)


@pytest.fixture
async def two(redis_url: str, client: Redis) -> AsyncIterator[list[RedisStore]]:
    """Two stores, as of two processes."""
    nobody: Any = None
    stores = [RedisStore(redis_url, nobody, timeout=PATIENT, lease=LEASE) for _ in range(2)]
    yield stores
    for store in stores:
        await store.close()


async def led(store: RedisStore) -> bool:
    async with store.acquire_fill_lock(KEY) as leading:
        return leading


async def test_one_leads_until_it_is_done(two: list[RedisStore]) -> None:
    first, second = two
    async with first.acquire_fill_lock(KEY) as leading:
        assert leading
        assert not await led(second)
        async with second.acquire_fill_lock(bytes(32)) as other:
            assert other, "another key is another lead"
    assert await led(second)


async def test_of_many_exactly_one_leads(two: list[RedisStore]) -> None:
    entered = asyncio.Event()

    async def try_once(store: RedisStore) -> bool:
        async with store.acquire_fill_lock(KEY) as leading:
            await entered.wait()
            return leading

    tasks = [asyncio.create_task(try_once(two[number % 2])) for number in range(20)]
    await asyncio.sleep(0.1)
    entered.set()
    assert sum(await asyncio.gather(*tasks)) == 1


async def test_who_computes_for_longer_than_a_lease_goes_on_leading(
    two: list[RedisStore],
) -> None:
    first, second = two
    async with first.acquire_fill_lock(KEY) as leading:
        assert leading
        end = time.monotonic() + 3 * LEASE
        while time.monotonic() < end:
            assert not await led(second)
            await asyncio.sleep(0.05)


async def test_a_failure_ends_the_lead(two: list[RedisStore]) -> None:
    async def fail() -> None:
        async with two[0].acquire_fill_lock(KEY):
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await fail()
    assert await led(two[1])


async def test_an_expired_fill_lock_releases_no_other(two: list[RedisStore], client: Redis) -> None:
    first, second = two
    async with first.acquire_fill_lock(KEY) as leading:
        assert leading
        await client.delete(NAME)
        async with second.acquire_fill_lock(KEY) as other:
            assert other
            await asyncio.sleep(LEASE)
            held = await client.get(NAME)
            assert held
        assert not await client.exists(NAME)
        await client.set(NAME, b"a third", px=60_000)
    assert await client.get(NAME) == b"a third"


LEADING = """
import asyncio, sys
from fraiseql.caching.results.stores.redis import RedisStore

async def main():
    store = RedisStore(sys.argv[1], None, timeout=10.0, lease=float(sys.argv[2]))
    async with store.acquire_fill_lock(bytes.fromhex(sys.argv[3])) as leading:
        print(leading, flush=True)
        await asyncio.sleep(60)

asyncio.run(main())
"""


async def test_who_dies_is_replaced_within_the_lease(two: list[RedisStore], redis_url: str) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        LEADING,
        redis_url,
        str(LEASE),
        KEY.hex(),
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout
    assert await process.stdout.readline() == b"True\n"
    assert not await led(two[0])
    process.kill()
    begun = time.monotonic()
    await process.wait()
    while not await led(two[0]):
        assert time.monotonic() - begun < LEASE + PATIENT
        await asyncio.sleep(0.02)
