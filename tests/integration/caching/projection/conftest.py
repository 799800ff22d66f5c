"""Fixtures: a connection to the module's database, and its schemas."""

from collections.abc import AsyncIterator

import asyncpg
import pytest

from tests.integration.caching.projection.installation import fresh
from tests.integration.caching.projection.schemas import BLOG, OFFICE


@pytest.fixture
async def connection(database: str) -> AsyncIterator[asyncpg.Connection]:
    """One connection, closed at the end."""
    opened = await asyncpg.connect(database)
    yield opened
    await opened.close()


@pytest.fixture
async def blog(connection: asyncpg.Connection) -> asyncpg.Connection:
    """The blog with its projections, without rows."""
    await fresh(connection, BLOG)
    return connection


@pytest.fixture
async def office(connection: asyncpg.Connection) -> asyncpg.Connection:
    """The office with its projection, without rows."""
    await fresh(connection, OFFICE)
    return connection
