"""Golden SQL: the objects that each strategy creates for a small declaration.

``pytest tests/golden --update-golden`` writes the files; read the diff.
"""

import re
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

import fraiseql
from fraiseql.caching.objects import DatabaseObject
from tests.integration.caching.ddl.env import migrating
from tests.integration.caching.projection.declared import reset_database

HERE = Path(__file__).parent
TABLES = """
CREATE TABLE tb_author (id int PRIMARY KEY, name text NOT NULL);
CREATE TABLE tb_post (id int PRIMARY KEY, author_id int REFERENCES tb_author,
  state text, at timestamptz, data jsonb);
CREATE TABLE tb_comment (post_id int, number int, body text, PRIMARY KEY (post_id, number))
  PARTITION BY RANGE (post_id);
CREATE TABLE tb_comment_all PARTITION OF tb_comment DEFAULT;
"""
COUNTS = "SELECT state, count(*) AS posts FROM tb_post GROUP BY state"


@fraiseql.type(name="Author", sql_source="tb_author")
class Author:
    id: int
    name: str


@fraiseql.type(name="Comment", sql_source="tb_comment")
class Comment:
    number: int
    body: str | None


def post(**options: Any) -> type:
    """Return a type of posts; one with indexes has a field inside of a document."""
    hints: dict[str, Any] = {"id": int, "state": str | None, "at": datetime | None}
    if "indexes" in options:
        hints["slug"] = str | None
    body = {"__annotations__": hints, "__module__": __name__}
    return fraiseql.type(name="Post", sql_source="tb_post", **options)(type("Post", (), body))


def thread(**options: Any) -> type:
    """Return a type of posts that embeds an author and comments."""
    hints = {"id": int, "author": Author | None, "comments": list[Comment]}
    body = {
        "__annotations__": hints,
        "__module__": __name__,
        "author": fraiseql.embed("tb_author", via="author_id"),
        "comments": fraiseql.embed("tb_comment", on="post_id", where="body <> ''", limit=3),
    }
    return fraiseql.type(name="Thread", sql_source="tb_post", **options)(type("Thread", (), body))


@fraiseql.type(
    name="Count",
    sql_source="mv_count",
    key="state",
    stored=fraiseql.MaterializedView(sql=COUNTS, on_write=True),
)
class Count:
    state: str
    posts: int


DECLARED = {
    "generated_column": post(stored=fraiseql.GeneratedColumn()),
    "indexes": post(
        jsonb_column="data",
        indexes=[
            fraiseql.Index("at", where="state = 'draft'"),
            fraiseql.RollingIndex("at", window="30d"),
            fraiseql.Gin("data"),
        ],
    ),
    "materialized_view": Count,
    "projection": thread(stored=fraiseql.Projection()),
    "projection_async": post(stored=fraiseql.Projection("async")),
}

DIFFERENT = {
    # What a view reads: the query has tests of its own.
    r"WITH RECURSIVE started .*?(?=\nUPDATE)": "-- …",
    # A rolling index begins at a date.
    r"\d{4}-\d\d-\d\d": "2000-01-01",
    # Partitions are known by transaction numbers of one database.
    r"(?<=partitions: )[0-9a-f]{16}": "…",
    r"(?<=inhparent = b\.oid\) <> )-?\d+": "0",
}.items()


def text(objects: Iterable[DatabaseObject]) -> str:
    """Write the statements of the objects that one declaration wants."""
    written = "\n".join(
        f"-- {obj.kind} {obj.name}\n" + "".join(f"{statement};\n" for statement in obj.create)
        for obj in objects
        if obj.owner != "fraiseql"
    )
    for pattern, plain in DIFFERENT:
        written = re.sub(pattern, plain, written, flags=re.DOTALL)
    return written


@pytest.mark.parametrize("strategy", DECLARED)
async def test_a_strategy_creates_the_objects_in_its_file(
    database: str, strategy: str, monkeypatch: pytest.MonkeyPatch, pytestconfig: pytest.Config
) -> None:
    # Releases differ in it; the tests of row triggers try both.
    whole = "fraiseql.caching.strategies.projection.inspection.transition_tables_are_whole"
    monkeypatch.setattr(whole, lambda _: True)
    await reset_database(database, TABLES)
    async with migrating(database) as (_, wishes):
        desired = await wishes(DECLARED[strategy])
    assert desired.refusals == ()
    path = HERE / f"{strategy}.sql"
    if pytestconfig.getoption("--update-golden"):
        path.write_text(text(desired.objects))
    assert text(desired.objects) == path.read_text()
