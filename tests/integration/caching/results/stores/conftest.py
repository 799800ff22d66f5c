"""Fixtures: a stage with each kind of store."""

from collections.abc import AsyncIterator

import pytest

from tests.integration.caching.results.stores.stage import Stage, table_stage

TABLES = ("unlogged", "logged")


@pytest.fixture(params=TABLES)
async def tables(request: pytest.FixtureRequest, database: str) -> AsyncIterator[Stage]:
    """A stage over a ring of tables."""
    async with table_stage(database, request.param) as made:
        yield made


@pytest.fixture(params=TABLES)
async def stage(request: pytest.FixtureRequest, database: str) -> AsyncIterator[Stage]:
    """A stage with any store: what is asked of it holds for all."""
    async with table_stage(database, request.param) as made:
        yield made
