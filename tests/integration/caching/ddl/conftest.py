"""Fixtures: a database with one table, emptied before each test."""

import pytest

from tests.integration.caching.ddl.env import emptied


@pytest.fixture
async def url(database: str) -> str:
    """Address of the module's database, which holds ``tb_user`` and nothing else."""
    await emptied(database)
    return database
