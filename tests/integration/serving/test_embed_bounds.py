"""Limits of embedded lists: applied in SQL, counted, never cut silently."""

import random
from collections.abc import Iterator
from typing import Any

import pytest

import fraiseql
from fraiseql.serving import Request
from tests.integration.serving.served import Served, served

ALL = "{ authors(orderBy: [{ id: ASC }]) { id posts { id comments { id } } } }"
TABLES = """
CREATE TABLE author (id int PRIMARY KEY);
CREATE TABLE post (id int PRIMARY KEY, author_id int NOT NULL REFERENCES author);
CREATE TABLE comment (id int PRIMARY KEY, post_id int NOT NULL REFERENCES post);
INSERT INTO author SELECT generate_series(1, 8);
-- Author 1 has a post, author 8 has 40; post 1 has 60 comments, the others few.
INSERT INTO post SELECT row_number() OVER (), a FROM generate_series(1, 8) a,
  generate_series(1, CASE a WHEN 8 THEN 40 ELSE a END);
INSERT INTO comment SELECT row_number() OVER (), p.id FROM post p,
  generate_series(1, CASE p.id WHEN 1 THEN 60 ELSE p.id % 4 END);
CREATE INDEX ON post (author_id);
CREATE INDEX ON comment (post_id);
"""


@fraiseql.type(sql_source="comment")
class Comment:
    id: int
    post: "Post | None" = fraiseql.embed("post", via="post_id")


@fraiseql.type(sql_source="post")
class Post:
    id: int
    comments: list[Comment] | None = fraiseql.embed("comment", on="post_id", order_by="id")
    first: list[Comment] = fraiseql.embed("comment", on="post_id", order_by="id", limit=2)


@fraiseql.type(sql_source="author")
class Author:
    id: int
    posts: list[Post] | None = fraiseql.embed("post", on="author_id", order_by="id", max_items=39)
    latest: list[Post] = fraiseql.embed("post", on="author_id", order_by="-id", limit=3)


QUERIES = [
    fraiseql.find("authors", Author, default_limit=8),
    fraiseql.find_one("author", Author, by="id"),
    fraiseql.find("posts", Post),
]


@pytest.fixture(scope="module")
def bench(database: str) -> Iterator[Served]:
    with served(database, TABLES, queries=QUERIES, max_embed_items=50) as running:
        yield running


def test_a_list_that_is_too_long_is_an_error_at_its_field(bench: Served) -> None:
    answer = bench.ask(ALL)
    assert [(error["path"], error["extensions"]["code"]) for error in answer["errors"]] == [
        (["authors", 0, "posts", 0, "comments"], "LIST_TOO_LONG"),
        (["authors", 7, "posts"], "LIST_TOO_LONG"),
    ]
    assert answer["errors"][1]["message"] == "Author.posts has more than 39 items."
    authors = answer["data"]["authors"]
    assert authors[7] == {"id": 8, "posts": None}
    assert [len(author["posts"]) for author in authors[:7]] == [1, 2, 3, 4, 5, 6, 7]


def test_a_limit_leaves_rows_out(bench: Served) -> None:
    author = bench.data("{ author(id: 8) { latest { id first { id } } } }")["author"]
    assert [post["id"] for post in author["latest"]] == [68, 67, 66]
    assert all(len(post["first"]) <= 2 for post in author["latest"])


def test_no_more_rows_are_read_than_one_above_the_bound(bench: Served) -> None:
    explained = bench.run(bench.service.explain(Request(ALL)))
    assert "LIMIT 40" in str(explained)
    assert "LIMIT 51" in str(explained)


def test_a_bound_that_is_too_large_is_refused_before_it_is_read(bench: Served) -> None:
    deep = "{ authors { posts { comments { post { comments { post { id } } } } } } }"
    error = bench.error(deep)
    assert error["extensions"]["code"] == "TOO_COMPLEX"
    below = 1 + 1 + 39 * (1 + 50 * (1 + 1 + 50 * (1 + 1)))
    assert error["message"].startswith(f"The operation may answer {1 + 8 * below} values")


def selection(chance: random.Random, kind: str, depth: int) -> str:
    below = {
        "Author": [("posts", "Post"), ("latest", "Post")],
        "Post": [("comments", "Comment"), ("first", "Comment")],
        "Comment": [("post", "Post")],
    }
    parts = ["id"]
    for name, type_name in below[kind]:
        if depth and chance.random() < 0.6:
            alias = chance.choice(["", f"{name}{chance.randrange(3)}: "])
            parts.append(f"{alias}{name} {{ {selection(chance, type_name, depth - 1)} }}")
    return " ".join(dict.fromkeys(parts))


def values(data: Any) -> int:
    """Count the fields that an answer has."""
    if isinstance(data, dict):
        return sum(1 + values(below) for below in data.values())
    if isinstance(data, list):
        return sum(values(item) for item in data)
    return 0


@pytest.fixture(scope="module")
def strict(bench: Served) -> Iterator[Served]:
    """The same application, which refuses every operation with its cost."""
    with served(bench.url, queries=QUERIES, max_embed_items=50, max_complexity=0) as running:
        yield running


@pytest.mark.parametrize("seed", range(12))
def test_an_answer_has_no_more_values_than_were_counted(
    bench: Served, strict: Served, seed: int
) -> None:
    chance = random.Random(seed)
    for _ in range(20):
        field = chance.choice(["authors", "authors(limit: 3)", "author(id: 7)", "posts(limit: 70)"])
        kind = "Post" if field.startswith("posts") else "Author"
        query = f"{{ {field} {{ {selection(chance, kind, 3)} }} }}"
        counted = int(strict.error(query)["message"].split()[4])
        answer = bench.ask(query)
        assert values(answer.get("data")) <= counted, query
