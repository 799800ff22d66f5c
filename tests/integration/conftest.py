"""Fixtures: a database with the flights, loaded once for each server."""

from collections.abc import Callable, Iterator
from functools import cache

import pytest

from fraiseql.database.embedded import EmbeddedServer
from fraiseql.demo.gains import apply_stored
from fraiseql.demo.load import load
from fraiseql.settings import Settings
from tests.integration.flights import at_once, quiet, run_sql, with_pool


@pytest.fixture(scope="session")
def loaded(servers: Callable[[str], EmbeddedServer]) -> Iterator[Callable[[str], str]]:
    """Give the address of the flights on the server of a kind; loaded when first asked for."""
    created: list[EmbeddedServer] = []

    @cache
    def load_once(kind: str) -> str:
        server = servers(kind)
        at_once(run_sql(server.url, "CREATE DATABASE flights"))
        created.append(server)
        url = server.url_for("flights")
        assert at_once(with_pool(url, lambda pool: load(pool, quiet)))
        assert at_once(apply_stored(Settings().with_values(database_url=url), lambda _: None))
        return url

    yield load_once
    for server in created:
        at_once(run_sql(server.url, "DROP DATABASE flights WITH (FORCE)"))


@pytest.fixture(scope="session")
def flights(server_kind: str, loaded: Callable[[str], str]) -> str:
    """Address of a database with the data set and what the demo keeps of it; tests only read it."""
    return loaded(server_kind)
