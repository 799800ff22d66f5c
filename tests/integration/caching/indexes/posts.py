"""A table of 60,000 posts, its type with indexes, and its service."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any

import fraiseql
from fraiseql.serving import Request, StatementReport
from tests.integration.caching.ddl.env import applied
from tests.integration.serving.served import Served, served

TABLE = """
CREATE TYPE mood AS ENUM ('calm', 'loud');
CREATE TABLE tb_post (
  id int PRIMARY KEY, author_id int NOT NULL, title text NOT NULL, active boolean, state text,
  mood mood, likes int, created_at timestamptz NOT NULL, day date, local timestamp,
  deleted_at timestamptz, data jsonb NOT NULL);
INSERT INTO tb_post
SELECT n, n % 500, 'post ' || n, CASE WHEN n % 40 = 0 THEN true WHEN n % 41 = 0 THEN NULL
    ELSE false END,
  CASE WHEN n % 50 = 0 THEN 'draft' WHEN n % 7 = 0 THEN 'closed' ELSE 'open' END,
  CASE WHEN n % 60 = 0 THEN 'loud'::mood ELSE 'calm' END, n % 3000,
  date_trunc('hour', now()) - n * interval '1 hour', now()::date - n / 24,
  date_trunc('hour', now() AT TIME ZONE 'UTC') - n * interval '1 hour',
  CASE WHEN n % 3 = 0 THEN now() END,
  jsonb_build_object('slug', 'slug-' || n % 20000, 'tier', CASE WHEN n % 80 = 0 THEN 'premium'
      ELSE 'free' END, 'rank', n % 900, 'pinned', n % 200 = 0, 'code', (n % 5000)::text,
    'padding', repeat('x', 120))
FROM generate_series(1, 60000) n;
ANALYZE tb_post;
"""


@fraiseql.enum
class Mood(Enum):
    CALM = "calm"
    LOUD = "loud"


class _Fields:
    id: int
    author_id: int
    title: str
    active: bool | None
    state: str | None
    mood: Mood | None
    likes: int | None
    created_at: datetime
    day: date | None
    local: datetime | None
    deleted_at: datetime | None
    slug: str | None
    tier: str | None
    rank: int | None
    pinned: bool | None
    code: fraiseql.ID | None
    price: Decimal | None


def post(*indexes: Any, **options: Any) -> Any:
    """The type over the table, with these indexes."""
    hints = {"__annotations__": _Fields.__annotations__, "__module__": __name__}
    chosen = {"sql_source": "tb_post", "jsonb_column": "data", **options}
    return fraiseql.type(**chosen, name="Post", indexes=indexes)(type("Post", (), hints))


@contextmanager
def posts_served(url: str, *indexes: Any, apply: bool = True) -> Iterator[Served]:
    """The type's service, after its indexes are applied."""
    posts_type = post(*indexes)
    if apply:
        asyncio.run(applied(url, posts_type))
    queries = [fraiseql.find("posts", posts_type, max_limit=100_000)]
    with served(url, queries=queries, max_complexity=10**9) as running:
        yield running


def explained(running: Served, query: str, variables: Any = None) -> StatementReport:
    """The live statement of a query of one root field."""
    result = running.run(running.service.explain(Request(query, variables=variables)))
    return result.statements[-1]
