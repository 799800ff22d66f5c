"""Queries with cached results over the base tables."""

from typing import Any

import fraiseql
from benchmarks.fields import ProfileFields
from fraiseql import Cache
from fraiseql.schema import Schema, build_schema

CHEAP = "query Cheap($x: Int!) { user(id: $x) { id firstName lastName email country } }"
COSTLY = "query Costly($x: Int!) { totals(limit: $x) { country users posts views latest } }"
TOTALS = """
CREATE VIEW v_totals AS
SELECT u.country, count(DISTINCT u.id)::integer AS users, count(p.id)::integer AS posts,
  coalesce(sum(p.views), 0)::bigint AS views, max(p.created_at)::text AS latest
FROM tb_user u LEFT JOIN tb_post p ON p.user_id = u.id
WHERE u.id <= 2000
GROUP BY u.country
"""
"""A tenth of the users, so that live requests finish in time."""


@fraiseql.type(name="User", sql_source="tb_user")
class User(ProfileFields):
    pass


@fraiseql.type(name="Totals", sql_source="v_totals")
class Totals:
    country: str
    users: int
    posts: int
    views: fraiseql.BigInt
    latest: str | None


def queries(cache: Cache | None, suffix: str = "") -> list[Any]:
    """Return a user by key, which is cheap, and totals of all countries, which are not."""
    return [
        fraiseql.find_one(f"user{suffix}", User, by="id", cache=cache),
        fraiseql.find(f"totals{suffix}", Totals, order_by="country", cache=cache),
    ]


def posts(tables: list[str]) -> Schema:
    """Declare a cached query over each of ``tables``, which have the columns of posts."""
    return build_schema(queries=[_post(table) for table in tables])


def _post(table: str) -> Any:
    plain = type("Post", (), {"__annotations__": {"id": int, "title": str}, "__module__": __name__})
    of: Any = fraiseql.type(name=f"Post_{table}", sql_source=table)(plain)
    return fraiseql.find(f"of_{table}", of, cache=Cache())
