"""Fixtures: a database with the flights, loaded once for each server."""

from collections.abc import Iterator

import pytest

from fraiseql.database.embedded import EmbeddedServer
from fraiseql.demo.keep import keep
from fraiseql.demo.load import load
from fraiseql.settings import Settings
from tests.integration.flights import at_once, quiet, run_sql, with_pool


@pytest.fixture(scope="session")
def flights(server: EmbeddedServer) -> Iterator[str]:
    """Address of a database with the data set and what the demo keeps of it; tests only read it."""
    at_once(run_sql(server.url, "CREATE DATABASE flights"))
    url = server.url_for("flights")
    assert at_once(with_pool(url, lambda pool: load(pool, quiet)))
    assert at_once(keep(Settings().with_values(database_url=url), lambda _: None))
    yield url
    at_once(run_sql(server.url, "DROP DATABASE flights WITH (FORCE)"))
