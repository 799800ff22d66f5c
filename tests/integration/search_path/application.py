"""An application that has every strategy, store and kind of filter; its own SQL is qualified."""

from datetime import date, datetime, time
from enum import Enum
from typing import Any
from uuid import UUID

import fraiseql
from fraiseql.repositories import Repository

TABLES = """
CREATE TYPE mood AS ENUM ('glad', 'sad');
CREATE TABLE author (
  id int PRIMARY KEY, name varchar(40) NOT NULL, feeling mood, born date, large bigint,
  price numeric(30, 4), score float8, at timestamptz, active boolean, ident uuid, words text[],
  data jsonb NOT NULL, raw json NOT NULL, changed timestamptz NOT NULL);
CREATE TABLE book (
  id int PRIMARY KEY, author_id int NOT NULL REFERENCES author, title varchar(40) NOT NULL,
  pages int NOT NULL, gone timestamptz);
CREATE INDEX ON book (author_id);
INSERT INTO author SELECT n, 'name ' || n, 'glad', '2001-02-03', n, n, n, '2001-02-03 04:05Z',
  true, ('6b7d12a6-0000-4000-8000-00000000000' || n)::uuid, '{a,b}', d, d::json, now()
FROM generate_series(1, 5) n, jsonb_build_object('count', n, 'ratio', n, 'nick', 'nick', 'yes',
  true, 'code', n, 'mood', 'glad', 'day', '2001-02-03', 'hour', '04:05:06', 'moment',
  '2001-02-03T04:05:06Z', 'key', '6b7d12a6-0000-4000-8000-000000000001', 'data', 1, 'raw', 1) d;
INSERT INTO book SELECT n, 1 + n % 5, 'title ' || n, n, NULL FROM generate_series(1, 20) n;
DO $$
DECLARE
  name text;
BEGIN
  FOREACH name IN ARRAY '{kept,late,viewed,made}'::text[] LOOP
    EXECUTE format('CREATE TABLE %I (LIKE author INCLUDING ALL)', name);
    EXECUTE format('INSERT INTO %I SELECT * FROM author', name);
    EXECUTE format('ALTER TABLE %I DROP COLUMN data, DROP COLUMN raw', name);
  END LOOP;
END $$;
"""
BOOKS = "gone IS NULL AND pages OPERATOR(pg_catalog.>) 0"
TOTALS = (
    "SELECT b.author_id AS id, pg_catalog.count(*) AS books FROM public.book b GROUP BY b.author_id"
)


@fraiseql.enum
class Mood(Enum):
    GLAD = "glad"
    SAD = "sad"


@fraiseql.type(sql_source="book")
class Book:
    id: int
    title: str


def author(name: str, *, document: str | None = None, indexes: Any = (), stored: Any = None) -> Any:
    """Return a type over authors."""
    fields: dict[str, Any] = {
        "id": int,
        "name": str,
        "feeling": Mood | None,
        "born": date | None,
        "large": fraiseql.BigInt | None,
        "price": float | None,
        "score": float | None,
        "at": datetime | None,
        "active": bool | None,
        "ident": UUID | None,
        "books": list[Book],
    }
    if document is not None:
        fields |= {
            "count": int | None,
            "ratio": float | None,
            "nick": str | None,
            "yes": bool | None,
            "code": fraiseql.ID | None,
            "mood": Mood | None,
            "day": date | None,
            "hour": time | None,
            "moment": datetime | None,
            "key": UUID | None,
            document: int | None,
        }
    books = fraiseql.embed("book", on="author_id", where=BOOKS, order_by="-pages", limit=3)
    body = {"__annotations__": fields, "__module__": __name__, "books": books}
    type_ = type(name, (), body)
    table = "author" if document else name.lower()
    source = {"sql_source": table, "jsonb_column": document, "stored": stored}
    return fraiseql.type(name=name, indexes=list(indexes), **source)(type_)


Author = author(
    "Author",
    document="data",
    indexes=(
        fraiseql.Index(("nick",), where={"count": 3, "large": {"gt": 1}}),
        fraiseql.RollingIndex("changed", window="30 days"),
        fraiseql.Gin("data"),
    ),
)
Raw = author("Raw", document="raw")
StoredAuthor = author("Kept", stored=fraiseql.Projection())
Late = author("Late", stored=fraiseql.Projection(mode="async", text=True, max_bytes=10**6))
Viewed = author("Viewed", stored=fraiseql.MaterializedView(refresh="1h", when_stale="live"))


@fraiseql.type(sql_source="made", stored=fraiseql.GeneratedColumn())
class Generated:
    id: int
    name: str
    feeling: Mood | None
    score: float | None


@fraiseql.type(sql_source="mv_total", stored=fraiseql.MaterializedView(TOTALS, on_write=True))
class Total:
    id: int
    books: int


@fraiseql.query(cache=fraiseql.Cache(tags=("book.author_id={id}", "label")))
async def tagged(info: fraiseql.Info, id: int) -> int:  # noqa: A002
    rows = await info.context["db"].fetch("SELECT FROM public.book")
    return len(rows)


@fraiseql.query
async def explicit(info: fraiseql.Info) -> int:
    async def compute() -> int:
        repo = Repository(info.context["db"], info.context)
        books = await repo.find("book", where={"title": {"like": "t%"}})
        book = await repo.find_one("book", id=1)
        return len(books) + (book is not None)

    cache = fraiseql.DatabaseCache(info.context["db"])
    value = await cache.get_or_compute("key", "kind", 60, compute, tags=("label",))
    await cache.invalidate("label")
    return value + await fraiseql.cached_query("other", 60, compute)


def queries() -> list[Any]:
    """Return the queries of the application."""
    cached = [
        fraiseql.find(f"books_{store}", Book, where={"id": {"gt": 0}}, cache=cache)
        for store, cache in (
            ("unlogged", fraiseql.Cache()),
            ("logged", fraiseql.Cache(store="logged", stale="1h")),
        )
    ]
    types = {"authors": Author, "raws": Raw, "kept": StoredAuthor, "late": Late, "viewed": Viewed}
    types |= {"generated": Generated, "totals": Total}
    lookup_result = [fraiseql.find(name, type_) for name, type_ in types.items()]
    return [*cached, *lookup_result, fraiseql.find_one("author", Author, by="id"), tagged, explicit]
