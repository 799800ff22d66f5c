"""Fixtures: the golden application, served for the tests of one module."""

from collections.abc import Iterator

import pytest

from tests.golden.application import QUERIES, TABLES, TYPES
from tests.integration.flights import at_once
from tests.integration.serving.served import Served, execute, served
from tests.integration.serving.startup import TABLES as COMPARED


@pytest.fixture(scope="module")
def library(database: str) -> Iterator[Served]:
    """The golden application on a database of the module's own."""
    with served(database, TABLES, types=TYPES, queries=QUERIES) as running:
        yield running


@pytest.fixture(scope="module")
def compared(database: str) -> str:
    """Address of a database with a column of every type."""
    at_once(execute(database, COMPARED))
    return database
