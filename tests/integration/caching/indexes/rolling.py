"""Shared steps of the tests of rolling indexes."""

from typing import Any

import asyncpg

import fraiseql
from fraiseql.caching.refresh.jobs import load_job_context
from fraiseql.caching.refresh.rolling import roll
from fraiseql.caching.strategies.indexes.hints import load_index_hints
from fraiseql.database import open_pool
from fraiseql.database.writing import open_admin
from fraiseql.schema import build_schema
from fraiseql.settings import Settings
from fraiseql.sources import IndexHints

INDEXES = """
SELECT c.relname AS name, i.indisvalid AS valid, pg_get_expr(i.indpred, i.indrelid) AS predicate
FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
WHERE i.indrelid = 'tb_post'::regclass AND c.relname LIKE 'ix\\_%' ORDER BY 1
"""


async def index_definitions(url: str) -> list[Any]:
    """The declared indexes that exist, whole or not."""
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetch(INDEXES)
    finally:
        await connection.close()


async def turns(url: str, type_: Any, count: int = 1) -> float:
    """Do the job so often, and return the seconds that it waits then."""
    schema = build_schema(queries=[fraiseql.find("posts", type_)])
    pool = await open_pool(url, Settings(pool_size=1))
    try:
        work = await load_job_context(schema, pool)
        async with open_admin(pool) as writer:
            look = 0.0
            for _ in range(count):
                look = await roll(work, writer)
            return look
    finally:
        await pool.close()


async def facts(url: str, type_: Any) -> IndexHints:
    """Return the facts of declared indexes that statements over the table use."""
    schema = build_schema(queries=[fraiseql.find("posts", type_)])
    pool = await open_pool(url, Settings(pool_size=1))
    try:
        work = await load_job_context(schema, pool)
        (hints,) = (await load_index_hints(work.context, pool)).values()
        return hints
    finally:
        await pool.close()
