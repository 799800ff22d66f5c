"""Fixtures: the application of this folder, applied and served."""

from collections.abc import Iterator

import pytest

from tests.integration.caching.results.recorded.env import CALLS, QUERIES, TABLES
from tests.integration.flights import at_once, run_sql
from tests.integration.serving.results.env import served_with_caches
from tests.integration.serving.served import Served


@pytest.fixture(scope="module")
def env(database: str) -> Iterator[Served]:
    """Serve the application on the module's database."""
    at_once(run_sql(database, TABLES))
    with served_with_caches(database, queries=QUERIES) as served:
        yield served


@pytest.fixture(autouse=True)
def _no_calls() -> None:
    CALLS.clear()
