"""What these tests share: tables of figures in an empty database, and connections that write."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg

from fraiseql.caching.results.sql.stats import stats_objects
from fraiseql.caching.results.sql.views import view_objects
from fraiseql.database import open_pool
from fraiseql.database.writing import AdminConnection, open_admin
from fraiseql.settings import Settings


async def create_tables(url: str) -> None:
    """Make the schema and the figures' tables and functions anew."""
    connection = await asyncpg.connect(url)
    try:
        await connection.execute("DROP SCHEMA IF EXISTS fraiseql CASCADE; CREATE SCHEMA fraiseql")
        for object_ in stats_objects():
            for statement in object_.create:
                await connection.execute(statement)
    finally:
        await connection.close()


@asynccontextmanager
async def writer(url: str) -> AsyncIterator[AdminConnection]:
    """Open a connection that may write."""
    pool = await open_pool(url, Settings())
    try:
        async with open_admin(pool) as actual:
            yield actual
    finally:
        await pool.close()


async def totals(read: AdminConnection) -> dict[str, int]:
    """Return the hits of each query over all processes."""
    rows: list[Any] = await read.fetch(
        "SELECT query, sum(hits)::int AS hits FROM fraiseql.result_figures GROUP BY 1 ORDER BY 1"
    )
    return {row["query"]: row["hits"] for row in rows}


async def shown(connection: asyncpg.Connection) -> None:
    """Make figures and views beside stores that are there."""
    for object_ in (*stats_objects(), *view_objects(("unlogged", "logged"))):
        for statement in object_.create:
            await connection.execute(statement)
    await connection.execute("TRUNCATE fraiseql.result_figures, fraiseql.result_keys")
