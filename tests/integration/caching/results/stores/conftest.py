"""Fixtures: a stage with each kind of store."""

from collections.abc import AsyncIterator

import pytest

from tests.integration.caching.results.stores.redis_stage import redis_stage
from tests.integration.caching.results.stores.stage import Stage, table_stage

TABLES = ("unlogged", "logged")


@pytest.fixture(params=TABLES)
async def tables(request: pytest.FixtureRequest, database: str) -> AsyncIterator[Stage]:
    """A stage over a ring of tables."""
    async with table_stage(database, request.param) as made:
        yield made


@pytest.fixture(params=(*TABLES, "redis"))
async def stage(
    request: pytest.FixtureRequest, database: str, redis_url: str
) -> AsyncIterator[Stage]:
    """A stage with any store: what is asked of it holds for all."""
    if request.param == "redis":
        made = redis_stage(database, redis_url)
    else:
        made = table_stage(database, request.param)
    async with made as opened:
        yield opened
