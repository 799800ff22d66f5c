"""Fixtures: a table of posts with realistic numbers of rows, analysed once for each module."""

from collections.abc import Iterator

import pytest

from tests.integration.caching.indexes.posts import TABLE
from tests.integration.flights import at_once, run_sql


@pytest.fixture(scope="module")
def posts(database: str) -> Iterator[str]:
    """Address of a database with 60,000 posts and no index but the key's."""
    at_once(run_sql(database, TABLE))
    return database
