"""Fixtures: a database with two tables, emptied before each test."""

import pytest

from tests.integration.caching.materialized_view.views import emptied


@pytest.fixture
async def url(database: str) -> str:
    """Address of the module's database, which holds ``tb_user`` and ``tb_post`` alone."""
    await emptied(database)
    return database
