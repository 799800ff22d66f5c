"""Fixtures: the application, served on a database of its own."""

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.cache_environment import apply_schema
from tests.clients.application import TABLES, make_app
from tests.integration.http.application import served
from tests.integration.serving.served import execute


@pytest.fixture(scope="module")
def endpoint(database: str) -> Iterator[str]:
    """Address of the endpoint that the tests of one module share."""
    app = make_app(database)

    async def prepare() -> None:
        await execute(database, TABLES)
        await apply_schema(database, app.service.schema)

    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, prepare()).result()
    with served(app) as address:
        yield f"{address}/graphql"
