"""Broken entries: whatever a store has under a key, the answer is right and nothing fails."""

import random
from collections.abc import AsyncIterator

import asyncpg
import pytest
from redis.asyncio import Redis

import fraiseql
from fraiseql.caching.results.stores.redis.encoding import MAGIC
from tests.integration.caching.results.engine.cache_fixture import (
    CacheFixture,
    cache_fixture,
    value_of,
)

ROWS = {
    "body = '\\x00'": "invalid",
    "body = ''": "invalid",
    "etag = ''": "invalid",
    "cost = 'NaN'": "invalid",
    "cost = 'Infinity'": "invalid",
    "cost = -1": "invalid",
    "made = '-infinity'": "invalid",
    "made = 'infinity'": "invalid",
    "made = 'infinity', expires = 'infinity'": "expired",
    "made = '4713-01-01 BC'": "",
    "expires = 'infinity'": "",
    "expires = '-infinity'": "expired",
    "expires = '294276-12-31'": "",
    "tags = ARRAY[NULL]::text[]": "",
    "tags = '{}'": "",
}
"""What is done to a row, and why it is no hit then."""

SEGMENTS = [f"fraiseql.results_u{number}" for number in range(4)]


@pytest.fixture
async def client(redis_url: str) -> AsyncIterator[Redis]:
    """A client of the Redis, of which nothing is left before the test."""
    async with Redis.from_url(redis_url) as first:
        await first.flushall()
        yield first


def counted(fixture: CacheFixture, reason: str) -> int:
    tally = fixture.caches.counters.queries["items"]
    return tally.reasons.get(reason, 0)


def logged(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.name == "fraiseql"]


@pytest.mark.parametrize("cache", [fraiseql.Cache(), fraiseql.Cache(stale="1h")])
async def test_a_row_that_is_broken_fails_no_request(
    fixture: CacheFixture,
    admin: asyncpg.Connection,
    cache: fraiseql.Cache,
    caplog: pytest.LogCaptureFixture,
) -> None:
    cached = fixture.cached(cache)
    right = (await fixture.read()).value
    for change, reason in ROWS.items():
        assert value_of(await fixture.answer_and_store(cached)) == right
        fixture.caches.runtime.memory.clear()
        before = counted(fixture, reason)
        for table in SEGMENTS:
            await admin.execute(f"UPDATE {table} SET {change}")
        answered = await fixture.answer_and_store(cached)
        assert value_of(answered) == right, change
        assert (answered.outcome == "hit") is not bool(reason), change
        assert counted(fixture, reason) == before + bool(reason), change
        assert answered.ttl is None or int(answered.ttl) > 0
        fixture.caches.runtime.memory.clear()
        await admin.execute(f"TRUNCATE {', '.join(SEGMENTS)}")
    assert not [kind for kind in fixture.events() if kind.startswith("store_error")]
    assert len(logged(caplog)) == 1


async def test_what_others_put_into_redis_fails_no_request(
    env: str, redis_url: str, client: Redis, caplog: pytest.LogCaptureFixture
) -> None:
    chance = random.Random(8)
    async with cache_fixture(env, redis_url=redis_url, memory_max_bytes=0) as fixture:
        cached = fixture.cached(fraiseql.Cache(store="redis"))
        right = value_of(await fixture.answer_and_store(cached))
        assert (await fixture.answer_and_store(cached)).outcome == "hit"
        (name,) = [item for item in await client.keys() if len(item) == len("fraiseql:") + 64]
        mine = await client.get(name)
        for turn in range(40):
            spoilt = bytearray(mine)
            for _ in range(chance.randint(1, 8)):
                spoilt[chance.randrange(len(mine))] ^= chance.randint(1, 255)
            cut = chance.randrange(len(mine))
            value = [bytes(spoilt), mine[:cut], MAGIC + chance.randbytes(cut), b""][turn % 4]
            await client.set(name, value)
            answered = await fixture.answer_and_store(cached)
            assert (value_of(answered), answered.outcome) == (right, "miss")
        assert fixture.events()["invalid"] == 40
        assert (await fixture.answer_and_store(cached)).outcome == "hit"
        assert not [kind for kind in fixture.events() if kind.startswith("store_error")]
    assert len(logged(caplog)) == 1
