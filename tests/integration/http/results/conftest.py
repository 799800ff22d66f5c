"""Fixtures: an application over HTTP with cached root fields in a dict."""

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from typing import Any

import httpx
import pytest

import fraiseql
from fraiseql.http import Application
from fraiseql.serving import Service
from tests.integration.http.application import User, agent, prepare, served, visitor
from tests.integration.serving.results.fake_caches import FakeCaches

CACHE = fraiseql.Cache()


@fraiseql.query(cache=CACHE)
def fails() -> int:
    raise fraiseql.FraiseQLError("It fails.")


QUERIES = [
    fraiseql.find_one("user", User, by="id", cache=CACHE),
    fraiseql.find("users", User, order_by="id", cache=CACHE),
    fraiseql.find("live", User, order_by="id"),
    agent,
    visitor,
    fails,
]


@pytest.fixture(scope="module")
def tables(database: str) -> str:
    """Address of a database with the tables."""
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, prepare(database)).result()
    return database


@pytest.fixture
def results() -> FakeCaches:
    return FakeCaches()


Serve = Callable[..., httpx.Client]


@pytest.fixture
def serve(tables: str, results: FakeCaches) -> Iterator[Serve]:
    """Serves the application with options, and returns a client of it."""
    with ExitStack() as stack:

        def start(*, context: Any = None, caches: Any = results, **options: Any) -> httpx.Client:
            queries = options.pop("queries", QUERIES)
            application = fraiseql.create_app(
                queries=queries, database_url=tables, worker=False, **options
            )
            service = Service(application.service.schema, application.settings, results=caches)  # type: ignore[attr-defined]
            app = Application(service, application.settings, context=context)
            address = stack.enter_context(served(app))
            return stack.enter_context(closing(httpx.Client(base_url=address, timeout=20)))

        yield start


@pytest.fixture
def client(serve: Serve) -> httpx.Client:
    return serve()
