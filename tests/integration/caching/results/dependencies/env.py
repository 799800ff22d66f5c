"""Ground: tables, views, policies and partitions, and what looks at them as a look-up does."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import asyncpg

import fraiseql
from fraiseql.caching.ddl.apply import find_plan
from fraiseql.caching.ddl.desired_state import DesiredState, load_desired_state
from fraiseql.caching.ddl.plan import MigrationPlan
from fraiseql.caching.dependencies.parsed import Predicate, parse_predicates
from fraiseql.caching.results.dependencies import Dependencies, load_dependencies
from fraiseql.database import Pool, open_pool
from fraiseql.database.writing import open_admin
from fraiseql.schema import Schema, build_schema
from fraiseql.settings import Settings

TABLES = """
CREATE TYPE mood AS ENUM ('glad', 'sad');
CREATE TABLE tb_user (id int PRIMARY KEY, name text NOT NULL, mood mood NOT NULL DEFAULT 'glad');
CREATE TABLE tb_post (id int PRIMARY KEY, author int NOT NULL, words int NOT NULL, slug text,
  mark uuid, doc jsonb);
CREATE TABLE tb_secret (id int PRIMARY KEY, owner text NOT NULL);
CREATE TYPE pair AS (first int, second int);
CREATE TABLE tb_grant (id int PRIMARY KEY, secret int NOT NULL, pair pair);
CREATE FUNCTION within(secret int) RETURNS boolean IMMUTABLE LANGUAGE sql AS 'SELECT secret > 0';
ALTER TABLE tb_secret ENABLE ROW LEVEL SECURITY;
CREATE POLICY granted ON tb_secret USING (within(id) AND id IN (SELECT secret FROM tb_grant));
CREATE DOMAIN brief AS text CHECK (length(value) < 99);
CREATE AGGREGATE total(int) (SFUNC = int4pl, STYPE = int, INITCOND = '0');
CREATE FUNCTION order_pair(p pair, q pair) RETURNS int IMMUTABLE LANGUAGE sql
  AS 'SELECT p.first - q.first';
CREATE OPERATOR CLASS pairs FOR TYPE pair USING btree AS FUNCTION 1 order_pair(pair, pair);
CREATE TEXT SEARCH CONFIGURATION words (COPY = pg_catalog.english);
CREATE TEXT SEARCH DICTIONARY stems (TEMPLATE = simple);
ALTER TEXT SEARCH CONFIGURATION words ALTER MAPPING FOR asciiword WITH stems;
CREATE VIEW v_kinds AS SELECT total(id) AS id, max(name)::brief AS name,
  to_tsvector('words', max(name)) AS found FROM tb_user;
CREATE TABLE tb_day (id int NOT NULL, day int NOT NULL) PARTITION BY LIST (day);
CREATE TABLE tb_day_1 PARTITION OF tb_day FOR VALUES IN (1);
CREATE FUNCTION louder(said text) RETURNS text IMMUTABLE LANGUAGE sql AS 'SELECT upper(said)';
CREATE VIEW v_inner AS SELECT id, louder(name) AS name, mood FROM tb_user;
CREATE VIEW v_outer AS SELECT id, name, mood FROM v_inner WHERE id > 0;
CREATE VIEW v_grouped AS SELECT author AS id, count(*) AS posts FROM tb_post GROUP BY author;
"""


async def laid(url: str) -> None:
    """Bring the database back to nothing but these."""
    emptied = (
        "DROP SCHEMA public CASCADE; CREATE SCHEMA public; GRANT ALL ON SCHEMA public TO PUBLIC"
    )
    await run(url, f"DROP SCHEMA IF EXISTS fraiseql CASCADE; {emptied}; {TABLES}")


async def run(url: str, *statements: str) -> Any:
    """Run each statement by itself; the rows of the last one, if it is a query."""
    connection = await asyncpg.connect(url)
    try:
        for statement in statements[:-1]:
            await connection.execute(statement)
        if statements[-1].lstrip().startswith("SELECT"):
            return await connection.fetch(statements[-1])
        return await connection.execute(statements[-1])
    finally:
        await connection.close()


def typed(source: str, *, name: str = "Thing", **options: Any) -> Any:
    """A type over a relation with an ``id``."""

    @fraiseql.type(name=name, sql_source=source, **options)
    class Thing:
        id: int

    return Thing


def cached(source: str, *, by: Sequence[str] = (), **cache: Any) -> Schema:
    """A schema with one cached list of a relation's rows."""
    query = fraiseql.find("things", typed(source), by=by, cache=fraiseql.Cache(**cache))
    return build_schema(queries=[query])


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[Pool]:
    pool = await open_pool(url, Settings())
    try:
        yield pool
    finally:
        await pool.close()


async def desired(url: str, schema: Schema) -> DesiredState:
    async with opened(url) as pool:
        return await load_desired_state(schema, pool)


async def planned(url: str, schema: Schema) -> MigrationPlan:
    async with opened(url) as pool:
        desired_state = await load_desired_state(schema, pool)
        async with open_admin(pool) as writer:
            return await find_plan(writer, desired_state)


async def depended(url: str, *relations: str, predicate: str = "true") -> Dependencies:
    """What an answer over relations of the schema public depends on."""
    async with opened(url) as pool:
        names = [f'"public"."{relation}"' for relation in relations]
        parsed = await parse_predicates(pool, [Predicate("Thing.field", names[0], predicate)])
        return await load_dependencies(pool.fetch_bytes, names, parsed.texts)


def looked(dependencies: Dependencies) -> str:
    """A statement that asks for the shape as a look-up does."""
    return f"SELECT {dependencies.fingerprint_sql} AS shape WHERE {dependencies.readable_sql}"
