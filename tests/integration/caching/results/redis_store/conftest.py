"""Fixtures: a prepared database, and a store over it whose Redis is empty."""

from collections.abc import AsyncIterator

import pytest
from redis.asyncio import Redis

from tests.integration.caching.results.redis_store.env import RedisEnv, opened, prepare


@pytest.fixture
async def client(redis_url: str) -> AsyncIterator[Redis]:
    """A client of the shared Redis, of which nothing is left before the test."""
    async with Redis.from_url(redis_url) as connection:
        await connection.flushall()
        yield connection


@pytest.fixture
async def env(database: str, redis_url: str, client: Redis) -> AsyncIterator[RedisEnv]:
    """A store over a prepared database; nothing is kept yet."""
    await prepare(database)
    async with opened(database, redis_url) as opened_env:
        yield opened_env
