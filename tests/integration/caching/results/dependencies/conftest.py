"""Fixtures: a database with the ground, laid anew before each test."""

import pytest

from tests.integration.caching.results.dependencies.env import laid


@pytest.fixture
async def url(database: str) -> str:
    """Address of the module's database."""
    await laid(database)
    return database
