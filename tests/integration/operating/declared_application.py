"""Declarations of the doctor's tests, their tables, and work on them."""

from collections.abc import Callable, Coroutine
from datetime import datetime
from typing import Any

import fraiseql
from fraiseql.caching.ddl.apply import apply
from fraiseql.caching.ddl.desired_state import load_desired_state
from fraiseql.caching.strategies.materialized_view.objects import physical
from fraiseql.caching.strategies.materialized_view.refreshing import refresh_view
from fraiseql.caching.strategies.registry import load_context, load_stored_types
from fraiseql.caching.verify import repair
from fraiseql.database import Pool
from fraiseql.database.writing import open_admin
from fraiseql.schema import Schema, build_schema

Work = Callable[[Pool], Coroutine[object, object, None]]


@fraiseql.type(name="DoctorPost", sql_source="tb_post")
class Post:
    id: int
    author: int


@fraiseql.type(name="DoctorUser", sql_source="tb_user")
class User:
    id: int
    name: str
    posts: list[Post] = fraiseql.embed("tb_post", on="author", limit=5)


@fraiseql.type(
    name="DoctorName", sql_source="tb_user", stored=fraiseql.Projection(mode="async", embeds=())
)
class Queued:
    id: int
    name: str


@fraiseql.type(name="DoctorStored", sql_source="tb_post", stored=fraiseql.Projection(embeds=()))
class Stored:
    id: int
    author: int


@fraiseql.type(
    name="DoctorEvent",
    sql_source="tb_event",
    indexes=[fraiseql.RollingIndex("-at", window="30 days", step="1 day")],
)
class Event:
    id: int
    at: datetime


@fraiseql.type(name="DoctorIndexed", sql_source="tb_event", indexes=[fraiseql.Index("n")])
class Indexed:
    id: int
    n: int


@fraiseql.type(
    name="DoctorTotal",
    sql_source="mv_total",
    stored=fraiseql.MaterializedView(sql="SELECT count(*) AS n FROM tb_post", target_lag="1s"),
)
class Total:
    n: int


TABLES = (
    "CREATE TABLE tb_user (id int PRIMARY KEY, name text NOT NULL)",
    "CREATE TABLE tb_post (id int PRIMARY KEY, author int NOT NULL)",
    "CREATE INDEX tb_post_author ON tb_post (author)",
    "INSERT INTO tb_user SELECT n, 'user ' || n FROM generate_series(1, 10) AS n",
    "INSERT INTO tb_post SELECT n, n % 10 + 1 FROM generate_series(1, 1000) AS n",
    "VACUUM (ANALYZE) tb_user, tb_post",
)
CLEAN = (
    "DROP SCHEMA IF EXISTS fraiseql CASCADE",
    "DROP TABLE IF EXISTS tb_user, tb_post CASCADE",
)
TYPES = (User, Queued, Stored, Total)


def declare(*types: Any) -> Schema:
    lists = [fraiseql.find(f"all{each.__name__}", each) for each in types]
    cached = fraiseql.find("posts", Post, cache=fraiseql.Cache())
    return build_schema(queries=[*lists, cached])


def apply_declared(schema: Schema) -> Work:
    async def work(pool: Pool) -> None:
        desired = await load_desired_state(schema, pool)
        async with open_admin(pool) as writer:
            await apply(writer, desired)

    return work


def repair_stored(schema: Schema) -> Work:
    async def work(pool: Pool) -> None:
        desired = await load_desired_state(schema, pool)
        async with open_admin(pool) as writer:
            await repair(writer, desired.stored_types)

    return work


async def refresh_views(pool: Pool) -> None:
    context = await load_context(declare(*TYPES), pool)
    async with open_admin(pool) as writer:
        for each in await load_stored_types(context, pool):
            if each.stored.is_refreshed:
                await refresh_view(writer, physical(each), wait=True)
