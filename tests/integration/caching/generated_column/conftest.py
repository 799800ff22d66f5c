"""Fixtures: the sample table with its generated column, served live and stored."""

from collections.abc import AsyncIterator, Iterator

import asyncpg
import pytest

import fraiseql
from fraiseql.schema.storage import GeneratedColumn
from tests.integration.caching.ddl.env import applied
from tests.integration.caching.generated_column.rows import SESSIONS
from tests.integration.caching.generated_column.samples import TABLE, declared
from tests.integration.flights import at_once, run_sql
from tests.integration.serving.served import Served, served

STORED = declared(GeneratedColumn(column="kept"))


@pytest.fixture(scope="module")
def things(database: str) -> Iterator[str]:
    """Address of a database that holds the empty table with its column."""
    at_once(run_sql(database, TABLE, "CREATE SCHEMA other", "CREATE ROLE a_writer"))
    at_once(run_sql(database, "GRANT INSERT, SELECT ON thing TO a_writer"))
    at_once(applied(database, STORED))
    yield database
    at_once(run_sql(database, "DROP OWNED BY a_writer CASCADE", "DROP ROLE a_writer"))


@pytest.fixture
async def sessions(things: str) -> AsyncIterator[list[asyncpg.Connection]]:
    """Connections with every kind of settings."""
    result = []
    for settings in SESSIONS:
        result.append(await asyncpg.connect(things))
        await result[-1].execute(settings)
    yield result
    for connection in result:
        await connection.close()


@pytest.fixture(scope="module")
def live(things: str) -> Iterator[Served]:
    """The table served from its rows."""
    with served(things, queries=[_find(declared(None))]) as running:
        yield running


@pytest.fixture(scope="module")
def stored(things: str) -> Iterator[Served]:
    """The table served from its generated column."""
    with served(things, queries=[_find(STORED)]) as running:
        yield running


def _find(type_: type) -> object:
    return fraiseql.find("things", type_, default_limit=1000)
