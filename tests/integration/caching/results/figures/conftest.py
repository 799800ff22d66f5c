"""Fixtures: a store with its figures and views."""

from collections.abc import AsyncIterator

import pytest

from tests.integration.caching.results.figures.road import shown
from tests.integration.caching.results.stores.stage import Stage, table_stage


@pytest.fixture
async def stage(database: str) -> AsyncIterator[Stage]:
    """A stage over unlogged tables, with figures and views."""
    async with table_stage(database, "unlogged") as made:
        await shown(made.db)
        yield made
