"""Fixtures: a store with its figures and views."""

from collections.abc import AsyncIterator

import pytest

from tests.integration.caching.results.statistics.env import shown
from tests.integration.caching.results.stores.store_fixture import StoreFixture, table_fixture


@pytest.fixture
async def fixture(database: str) -> AsyncIterator[StoreFixture]:
    """A stage over unlogged tables, with figures and views."""
    async with table_fixture(database, "unlogged") as running:
        await shown(running.db)
        yield running
