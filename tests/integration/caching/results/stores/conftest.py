"""Fixtures: a stage with each kind of store."""

from collections.abc import AsyncIterator

import pytest

from tests.integration.caching.results.stores.redis_fixture import redis_fixture
from tests.integration.caching.results.stores.store_fixture import StoreFixture, table_fixture

TABLES = ("unlogged", "logged")


@pytest.fixture(params=TABLES)
async def tables(request: pytest.FixtureRequest, database: str) -> AsyncIterator[StoreFixture]:
    """A stage over a ring of tables."""
    async with table_fixture(database, request.param) as running:
        yield running


@pytest.fixture(params=(*TABLES, "redis"))
async def fixture(
    request: pytest.FixtureRequest, database: str, redis_url: str
) -> AsyncIterator[StoreFixture]:
    """A stage with any store: what is asked of it holds for all."""
    if request.param == "redis":
        running = redis_fixture(database, redis_url)
    else:
        running = table_fixture(database, request.param)
    async with running as opened:
        yield opened
