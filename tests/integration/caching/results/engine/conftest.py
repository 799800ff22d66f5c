"""Fixtures: a database with a table and everything that results are kept in."""

from collections.abc import AsyncIterator

import asyncpg
import pytest

from tests.integration.caching.results.engine.cache_fixture import (
    CacheFixture,
    cache_fixture,
    prepare,
)
from tests.integration.flights import at_once


@pytest.fixture(scope="module")
def env(database: str) -> str:
    """Address of the module's database, with ``item`` and the tables of results."""
    at_once(prepare(database))
    return database


@pytest.fixture
async def admin(env: str) -> AsyncIterator[asyncpg.Connection]:
    """A plain connection of the database's owner; entries of the tests before are gone."""
    connection = await asyncpg.connect(env)
    await connection.execute(
        "TRUNCATE fraiseql.results_u0, fraiseql.results_u1, fraiseql.results_u2,"
        " fraiseql.results_u3"
    )
    yield connection
    await connection.close()


@pytest.fixture
async def fixture(env: str, admin: asyncpg.Connection) -> AsyncIterator[CacheFixture]:
    """Result caches with the usual settings, and nothing in them."""
    async with cache_fixture(env) as running:
        yield running


@pytest.fixture
async def without_memory(env: str, admin: asyncpg.Connection) -> AsyncIterator[CacheFixture]:
    """Result caches whose every hit comes from the store."""
    async with cache_fixture(env, memory_max_bytes=0) as running:
        yield running
