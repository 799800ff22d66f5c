"""Shared by tests of migrations: declarations, a connection that applies, dumps."""

import re
import subprocess
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import asyncpg

import fraiseql
from fraiseql.caching.ddl.apply import LockRetry, apply, find_plan
from fraiseql.caching.ddl.desired_state import DesiredState, in_order, load_desired_state
from fraiseql.caching.ddl.plan import MigrationPlan
from fraiseql.caching.objects import DatabaseObject
from fraiseql.database import open_pool
from fraiseql.database.writing import AdminConnection, open_admin
from fraiseql.schema import Schema, build_schema
from fraiseql.schema.storage import GeneratedColumn
from fraiseql.settings import Settings

TABLE = """
CREATE TABLE tb_user (id int PRIMARY KEY, name text NOT NULL, nick text, born timestamptz);
INSERT INTO tb_user
SELECT n, 'name ' || n, NULL, '2001-02-03 04:05:06+07' FROM generate_series(1, 50) n;
"""


@fraiseql.type(name="User", sql_source="tb_user", stored=GeneratedColumn())
class User:
    id: int
    name: str


@fraiseql.type(name="User", sql_source="tb_user", stored=GeneratedColumn())
class Longer:
    id: int
    name: str
    nick: str | None


@fraiseql.type(name="User", sql_source="tb_user")
class Live:
    id: int
    name: str


def schema_of(*types: Any) -> Schema:
    return build_schema(queries=[fraiseql.find(f"all{t.__name__}", t) for t in types])


@asynccontextmanager
async def migrating(url: str) -> AsyncIterator[tuple[AdminConnection, Callable[..., Any]]]:
    """An administrative connection, and a function that loads the desired state of types."""
    pool = await open_pool(url, Settings())
    try:

        async def wishes(*types: Any) -> DesiredState:
            return await load_desired_state(schema_of(*types), pool)

        async with open_admin(pool) as writer:
            yield writer, wishes
    finally:
        await pool.close()


async def applied(url: str, *types: Any, **options: Any) -> MigrationPlan:
    """Apply types and return the plan."""
    async with migrating(url) as (writer, wishes):
        return await apply(writer, await wishes(*types), **options)


async def planned(url: str, *types: Any) -> MigrationPlan:
    async with migrating(url) as (writer, wishes):
        return await find_plan(writer, await wishes(*types))


async def created(url: str, objects: Sequence[DatabaseObject], **options: Any) -> MigrationPlan:
    """Apply objects without a declaration."""
    async with migrating(url) as (writer, _):
        return await apply(writer, DesiredState(in_order(list(objects))), **options)


async def sql(url: str, text: str) -> Any:
    connection = await asyncpg.connect(url)
    try:
        return (
            await connection.fetch(text)
            if text.startswith("SELECT")
            else await connection.execute(text)
        )
    finally:
        await connection.close()


async def emptied(url: str) -> None:
    """Bring the database back to nothing but the table."""
    emptied = (
        "DROP SCHEMA public CASCADE; CREATE SCHEMA public; GRANT USAGE ON SCHEMA public TO PUBLIC"
    )
    await sql(url, f"DROP SCHEMA IF EXISTS fraiseql CASCADE; {emptied}; {TABLE}")


def dump(binaries: Path, url: str) -> str:
    """The output of ``pg_dump -s``, without the parts that differ in each run."""
    done = subprocess.run(
        [binaries / "pg_dump", "-s", "-d", url], check=True, capture_output=True, text=True
    )
    return re.sub(r"(?m)^\\(?:un)?restrict .*$", "", done.stdout)


QUICK = LockRetry(lock_timeout=0.1, attempts=2, pause=0.1, turn=20.0)
