"""Tables, declarations and readers shared by the tests of materialized views."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import fraiseql
from fraiseql.caching.ddl.desired_state import DesiredState, load_desired_state
from fraiseql.caching.read_sources import read_sources
from fraiseql.caching.strategies.materialized_view.objects import physical
from fraiseql.catalog.load import load_catalog
from fraiseql.database import Pool, open_pool
from fraiseql.database.writing import AdminConnection, open_admin
from fraiseql.settings import Settings
from fraiseql.sources import StoredSource, declared_relations, map_sources
from tests.integration.caching.ddl.env import schema_of, sql

TABLES = """
CREATE TABLE tb_user (id int PRIMARY KEY, name text NOT NULL);
CREATE TABLE tb_post (id int PRIMARY KEY, author int REFERENCES tb_user, words int NOT NULL);
INSERT INTO tb_user SELECT n, 'user ' || n FROM generate_series(1, 20) n;
INSERT INTO tb_post SELECT n, n % 20 + 1, n * 10 FROM generate_series(1, 100) n;
"""

COUNTS = """
SELECT (SELECT count(*) FROM tb_user) AS users, (SELECT count(*) FROM tb_post) AS posts,
  (SELECT sum(words) FROM tb_post) AS words
"""

BY_AUTHOR = """
SELECT u.id, u.name, count(p.id) AS posts, coalesce(sum(p.words), 0) AS words
FROM tb_user u LEFT JOIN tb_post p ON p.author = u.id GROUP BY u.id
"""


def view(query: str | None = COUNTS, **options: Any) -> fraiseql.MaterializedView:
    return fraiseql.MaterializedView(sql=query, **({"on_write": True} | options))


def counts_type(query: str = COUNTS, **options: Any) -> Any:
    """A dashboard of one row."""

    @fraiseql.type(name="Counts", sql_source="mv_counts", stored=view(query, **options))
    class Counts:
        users: int
        posts: int
        words: int | None

    return Counts


def authors_type(query: str = BY_AUTHOR, **options: Any) -> Any:
    """Many rows with a key."""

    @fraiseql.type(name="Author", sql_source="mv_author", stored=view(query, **options))
    class Author:
        id: int
        name: str
        posts: int
        words: int

    return Author


async def emptied(url: str) -> None:
    """Bring the database back to nothing but the tables."""
    emptied = (
        "DROP SCHEMA public CASCADE; CREATE SCHEMA public; GRANT ALL ON SCHEMA public TO PUBLIC"
    )
    await sql(url, f"DROP SCHEMA IF EXISTS fraiseql CASCADE; {emptied}; {TABLES}")


async def published(url: str, *types: Any) -> list[StoredSource | None]:
    """What an application would read of each type."""
    schema = schema_of(*types)
    pool = await open_pool(url, Settings())
    try:
        catalog = await load_catalog(pool, declared_relations(schema))
        result = await read_sources(schema, catalog, pool, map_sources(schema, catalog))
        return [result.sources[name].stored for name in schema.objects]
    finally:
        await pool.close()


@asynccontextmanager
async def opened(
    url: str, *types: Any
) -> AsyncIterator[tuple[AdminConnection, DesiredState, Pool]]:
    """Yield a connection and the desired state of the types."""
    pool = await open_pool(url, Settings())
    try:
        desired = await load_desired_state(schema_of(*types), pool)
        async with open_admin(pool) as writer:
            yield writer, desired, pool
    finally:
        await pool.close()


async def view_of(url: str, type_: Any) -> str:
    """The materialized view of a type, as it is called in SQL."""
    async with opened(url, type_) as (_, desired, _):
        return physical(desired.stored_types[0])
