"""Databases that share a Redis: none is given what was read in another one."""

from collections.abc import AsyncIterator

import asyncpg
import pytest

import fraiseql
from tests.integration.caching.results.engine.cache_fixture import (
    CacheFixture,
    cache_fixture,
    prepare,
    value_of,
)

CACHES = {
    "timed": fraiseql.Cache(ttl="1m", stale="1m", store="redis"),
    "tagged": fraiseql.Cache(tags=("item",), store="redis"),
}


@pytest.fixture
async def other(env: str) -> AsyncIterator[str]:
    """Address of a second database of the server, with other rows."""
    connection = await asyncpg.connect(env)
    name = f"{await connection.fetchval('SELECT current_database()')}_other"
    try:
        await connection.execute(f'CREATE DATABASE "{name}"')
        url = env.replace(f"/{name.removesuffix('_other')}", f"/{name}")
        await prepare(url)
        yield url
    finally:
        await connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        await connection.close()


async def answered(on: CacheFixture, cache: fraiseql.Cache) -> tuple[list[str], bytes | None]:
    """Ask a Python function twice: whether it was a hit, and the last value."""
    cached = on.cached(cache, function=print, relations=())
    # The first computation of a function without tags teaches its reads.
    for _ in range(2):
        await on.answer_and_store(cached)
    answers = [await on.answer_and_store(cached) for _ in range(2)]
    return [answered.outcome for answered in answers], value_of(answers[-1])


@pytest.mark.parametrize("kind", CACHES)
async def test_answers_of_another_database_are_not_returned(
    env: str, other: str, redis_url: str, kind: str
) -> None:
    connection = await asyncpg.connect(other)
    await connection.execute("UPDATE item SET name = 'elsewhere'")
    await connection.close()
    async with (
        cache_fixture(env, redis_url=redis_url) as fixture,
        cache_fixture(other, redis_url=redis_url) as two,
    ):
        here, present = await answered(fixture, CACHES[kind]), await answered(two, CACHES[kind])
    assert here[0] == present[0] == ["hit", "hit"]
    assert b"elsewhere" not in (here[1] or b"")
    assert b"elsewhere" in (present[1] or b"")
