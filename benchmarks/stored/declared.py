"""Types whose documents are stored."""

from datetime import datetime
from decimal import Decimal
from typing import Any

import fraiseql
from benchmarks.fields import CommentFields, PostFields, UserFields
from fraiseql import BigInt
from fraiseql.caching.ddl.apply import apply
from fraiseql.caching.ddl.desired_state import load_desired_state
from fraiseql.caching.verify import verify
from fraiseql.database import open_pool
from fraiseql.database.writing import open_admin
from fraiseql.schema import Schema, build_schema
from fraiseql.schema.storage import MaterializedView
from fraiseql.settings import Settings


@fraiseql.type(name="Comment", sql_source="tb_comment")
class Comment(CommentFields):
    pass


@fraiseql.type(name="Post", sql_source="tb_post")
class Post(PostFields):
    comments: list[Comment] = fraiseql.embed(
        "tb_comment", on="post_id", order_by="-created_at", limit=5
    )


def users(stored: Any) -> Schema:
    """Declare users with their ten latest posts, and these with their five latest comments."""

    @fraiseql.type(name="User", sql_source="tb_user", stored=stored)
    class User(UserFields):
        posts: list[Post] = fraiseql.embed(
            "tb_post", on="user_id", order_by="-created_at", limit=10
        )

    return _found("user", User)


def rows(stored: Any) -> Schema:
    """Declare users without their posts."""

    @fraiseql.type(name="User", sql_source="tb_user", stored=stored)
    class User(UserFields):
        pass

    return _found("user", User)


_WIDE: dict[str, tuple[Any, int]] = {
    "text": (str, 16),
    "whole": (int, 4),
    "large": (BigInt, 2),
    "exact": (Decimal, 4),
    "ratio": (float, 2),
    "at": (datetime, 6),
    "flag": (bool, 4),
}


def wide_fields() -> dict[str, Any]:
    """Return the fields of a row with a key and 39 columns, and their types."""
    numbered = {
        f"{name}_{number:02}": kind | None
        for name, (kind, count) in _WIDE.items()
        for number in range(1, count + 1)
    }
    return {"id": int, **numbered, "extra": dict | None}


def wide(stored: Any) -> Schema:
    """Declare a type of 40 columns."""
    plain = type("Wide", (), {"__annotations__": wide_fields(), "__module__": __name__})
    return _found("wide", fraiseql.type(name="Wide", sql_source="tb_wide", stored=stored)(plain))


DASHBOARD = """
SELECT u.country AS id, count(DISTINCT u.id)::integer AS users, count(p.id)::integer AS posts,
  coalesce(sum(p.views), 0)::bigint AS views, max(p.created_at) AS latest
FROM tb_user u LEFT JOIN tb_post p ON p.user_id = u.id
GROUP BY u.country
"""
AUTHORS = """
SELECT u.id, u.country, count(p.id)::integer AS posts, coalesce(sum(p.views), 0)::bigint AS views,
  max(p.created_at) AS latest
FROM tb_user u LEFT JOIN tb_post p ON p.user_id = u.id
GROUP BY u.id
"""


def dashboard(**when: Any) -> Schema:
    """Declare a dashboard, a row for each country, over all users and posts."""

    @fraiseql.type(
        name="Dashboard",
        sql_source="mv_dashboard",
        stored=MaterializedView(sql=DASHBOARD, key=("id",), **when),
    )
    class Dashboard:
        id: str
        users: int
        posts: int
        views: int
        latest: datetime | None

    return _found("dashboard", Dashboard)


def authors(**when: Any) -> Schema:
    """Declare a row for each user with sums over their posts."""

    @fraiseql.type(
        name="Author",
        sql_source="mv_author",
        stored=MaterializedView(sql=AUTHORS, key=("id",), **when),
    )
    class Author:
        id: int
        country: str
        posts: int
        views: int
        latest: datetime | None

    return _found("author", Author)


def _found(name: str, of: Any) -> Schema:
    by_id = fraiseql.find_one(name, of, by="id")
    return build_schema(queries=[by_id, fraiseql.find(f"{name}s", of, order_by="id")])


async def applied(url: str, schema: Schema) -> None:
    """Apply the declarations of ``schema``, as ``fraiseql db apply`` does."""
    pool = await open_pool(url, Settings())
    try:
        desired = await load_desired_state(schema, pool)
        if desired.refusals:
            raise RuntimeError("\n".join(map(str, desired.refusals)))
        async with open_admin(pool) as writer:
            await apply(writer, desired)
    finally:
        await pool.close()


async def differing(url: str, schema: Schema) -> int:
    """Count the stored documents that differ from the live ones (``fraiseql db verify``)."""
    pool = await open_pool(url, Settings())
    try:
        desired = await load_desired_state(schema, pool)
        async with open_admin(pool) as writer:
            return sum(result.differing for result in await verify(writer, desired.stored_types))
    finally:
        await pool.close()
