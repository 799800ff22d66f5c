"""Databases that share a Redis: none is given what was read in another one."""

from collections.abc import AsyncIterator

import asyncpg
import pytest

import fraiseql
from tests.integration.caching.results.engine.road import Road, prepare, road, value_of

CACHES = {
    "timed": fraiseql.Cache(ttl="1m", stale="1m", store="redis"),
    "tagged": fraiseql.Cache(tags=("item",), store="redis"),
}


@pytest.fixture
async def other(ground: str) -> AsyncIterator[str]:
    """Address of a second database of the server, with other rows."""
    connection = await asyncpg.connect(ground)
    name = f"{await connection.fetchval('SELECT current_database()')}_other"
    try:
        await connection.execute(f'CREATE DATABASE "{name}"')
        url = ground.replace(f"/{name.removesuffix('_other')}", f"/{name}")
        await prepare(url)
        yield url
    finally:
        await connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        await connection.close()


async def asked(on: Road, cache: fraiseql.Cache) -> tuple[list[str], bytes | None]:
    """Ask a Python function twice: whether it was a hit, and the last value."""
    unit = on.unit(cache, function=print, relations=())
    await on.kept(unit)
    answers = [await on.kept(unit) for _ in range(2)]
    return [answered.outcome for answered in answers], value_of(answers[-1])


@pytest.mark.parametrize("kind", CACHES)
async def test_answers_of_another_database_are_not_given(
    ground: str, other: str, redis_url: str, kind: str
) -> None:
    connection = await asyncpg.connect(other)
    await connection.execute("UPDATE item SET name = 'elsewhere'")
    await connection.close()
    async with road(ground, redis_url=redis_url) as one, road(other, redis_url=redis_url) as two:
        here, there = await asked(one, CACHES[kind]), await asked(two, CACHES[kind])
    assert here[0] == there[0] == ["hit", "hit"]
    assert b"elsewhere" not in (here[1] or b"")
    assert b"elsewhere" in (there[1] or b"")
