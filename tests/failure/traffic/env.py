"""Environment of hostile traffic: tables, and a program that serves the application."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg

from fraiseql.cli.listen import bind_near, port_of
from tests.failure.traffic.application import TABLES
from tests.failure.traffic.clients import HOST, NOTES, exchange, request
from tests.integration.cli.program import Running, fraiseql, running
from tests.ports import FIRST_PORT

ROOT = Path(__file__).resolve().parents[3]
API = f"""
import sys

sys.path.insert(0, {str(ROOT)!r})
from tests.failure.traffic.%s import *
"""
SETTINGS = {"SEND_TIMEOUT": 3, "REQUEST_TIMEOUT": 20, "STATEMENT_TIMEOUT": 5, "POOL_SIZE": 4}


async def prepare(
    url: str, folder: Path, tables: str = TABLES, module: str = "application"
) -> None:
    """Recreate the tables, write the module to serve into the folder, and apply it."""
    async with connected(url) as connection:
        await connection.execute("DROP SCHEMA IF EXISTS fraiseql CASCADE")
        await connection.execute(f"DROP SCHEMA public CASCADE; CREATE SCHEMA public; {tables}")
    (folder / "api.py").write_text(API % module)
    words = ("db", "apply", "api:app")
    applied = await asyncio.to_thread(fraiseql, *words, cwd=folder, url=url)
    assert applied.returncode == 0, applied.stderr


@contextlib.asynccontextmanager
async def served(
    url: str, folder: Path, query: str = NOTES[0], app: str = "app"
) -> AsyncIterator[tuple[int, Running]]:
    """The port and the program, once it answers."""
    with bind_near(HOST, FIRST_PORT + 250) as bound:
        port = port_of(bound)
    words = ("serve", f"api:{app}", "--port", str(port))
    with running(*words, cwd=folder, url=url, settings=SETTINGS) as program:
        await until_ready(port, query)
        yield port, program


async def until_ready(port: int, query: str = NOTES[0]) -> None:
    """Send a query until it is answered."""
    sent = request(f'{{"query": "{query}"}}'.encode(), "t0")
    text = b""
    for _ in range(600):
        with contextlib.suppress(OSError, TimeoutError):
            status, text = await exchange(port, sent)
            if status == 200 and b"errors" not in text:
                return
        await asyncio.sleep(0.1)
    raise AssertionError(f"the program does not answer: {text[:300]!r}")


@contextlib.asynccontextmanager
async def connected(url: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(url, timeout=5)
    try:
        yield connection
    finally:
        await connection.close(timeout=5)
