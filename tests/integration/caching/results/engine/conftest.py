"""Fixtures: a database with a table and everything that results are kept in."""

from collections.abc import AsyncIterator

import asyncpg
import pytest

from tests.integration.caching.results.engine.road import Road, prepare, road
from tests.integration.flights import at_once


@pytest.fixture(scope="module")
def ground(database: str) -> str:
    """Address of the module's database, with ``item`` and the tables of results."""
    at_once(prepare(database))
    return database


@pytest.fixture
async def admin(ground: str) -> AsyncIterator[asyncpg.Connection]:
    """A plain connection of the database's owner; entries of the tests before are gone."""
    connection = await asyncpg.connect(ground)
    await connection.execute(
        "TRUNCATE fraiseql.results_u0, fraiseql.results_u1, fraiseql.results_u2,"
        " fraiseql.results_u3"
    )
    yield connection
    await connection.close()


@pytest.fixture
async def on_road(ground: str, admin: asyncpg.Connection) -> AsyncIterator[Road]:
    """Result caches with the usual settings, and nothing in them."""
    async with road(ground) as made:
        yield made
