"""Fixtures: the application of these tests, served by uvicorn on a real database."""

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from tests.integration.http.application import make_app, prepare, served


@pytest.fixture(scope="module")
def tables(database: str) -> str:
    """Address of a database with the tables."""
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, prepare(database)).result()
    return database


@pytest.fixture(scope="module")
def address(tables: str) -> Iterator[str]:
    """Address of a running server with default settings but for a small body limit."""
    with served(make_app(tables, max_body_bytes=10_000)) as running:
        yield running


@pytest.fixture(scope="module")
def client(address: str) -> Iterator[httpx.Client]:
    """A client of it."""
    with httpx.Client(base_url=address, timeout=20) as opened:
        yield opened
