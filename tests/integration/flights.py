"""Pieces of work on databases, for tests of the demo and of the command line."""

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import asyncpg

from fraiseql.database import Pool, open_pool
from fraiseql.settings import Settings

T = TypeVar("T")


def quiet(_what: str, _share: float) -> None:
    """Take a report of progress and say nothing."""


async def with_pool(url: str, work: Callable[[Pool], Awaitable[T]]) -> T:
    """Open a pool for one piece of work."""
    pool = await open_pool(url, Settings())
    try:
        return await work(pool)
    finally:
        await pool.close()


async def run_sql(url: str, *statements: str) -> None:
    """Run statements on a connection of their own, each by itself."""
    connection = await asyncpg.connect(url)
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()


def at_once(work: Awaitable[T]) -> T:
    """Run in a thread: the loops of pytest-asyncio in this one stay as they are."""

    async def run() -> T:
        return await work

    with ThreadPoolExecutor(1) as thread:
        return thread.submit(lambda: asyncio.run(run())).result()
