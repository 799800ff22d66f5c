"""Filters of rows behind embeds, against an oracle over Python dicts."""

import json
import random
from collections.abc import Iterator
from typing import Any

import pytest

import fraiseql
from fraiseql import Cache
from fraiseql.repositories import Repository
from tests.integration.serving.oracle import Row, selected
from tests.integration.serving.results.env import outcomes, respond, served_with_caches
from tests.integration.serving.served import Served, served

TABLES = """
CREATE TABLE author (id int PRIMARY KEY, name text, rank int);
CREATE TABLE post (id int PRIMARY KEY, author int, title text, score int, hidden bool NOT NULL);
CREATE TABLE comment (id int PRIMARY KEY, post_id int, body text);
"""
TEXTS = ["a", "b", "ab", None]
NUMBERS = [1, 2, 3, None]
CHOSEN = random.Random(7)

AUTHORS: list[dict[str, Any]] = [
    {"id": n, "name": CHOSEN.choice(TEXTS), "rank": CHOSEN.choice(NUMBERS)} for n in range(6)
]
POSTS: list[dict[str, Any]] = [
    {
        "id": n,
        "author_id": CHOSEN.choice([0, 1, 2, 3, None, 99]),
        "title": CHOSEN.choice(TEXTS),
        "score": CHOSEN.choice(NUMBERS),
        "hidden": CHOSEN.random() < 0.3,
    }
    for n in range(14)
]
COMMENTS: list[dict[str, Any]] = [
    {"id": n, "post_id": CHOSEN.choice([*range(10), None]), "body": CHOSEN.choice(TEXTS)}
    for n in range(20)
]
for post in POSTS:
    post["author"] = next((row for row in AUTHORS if row["id"] == post["author_id"]), None)
    post["comments"] = [row for row in COMMENTS if row["post_id"] == post["id"]]
for author in AUTHORS:
    author["posts"] = [row for row in POSTS if row["author"] is author and not row["hidden"]]


@fraiseql.type(sql_source="author")
class Author:
    id: int
    name: str | None
    rank: int | None
    # The limit is of the answer; a filter tests all posts.
    posts: "list[Post]" = fraiseql.embed("post", on="author", where="NOT hidden", limit=1)


@fraiseql.type(sql_source="post")
class Post:
    id: int
    title: str | None
    score: int | None
    # A column of the same name holds the number.
    author: Author | None = fraiseql.embed("author", via="author")
    comments: "list[Comment]" = fraiseql.embed("comment", on="post_id")


@fraiseql.type(sql_source="comment")
class Comment:
    id: int
    body: str | None


QUERIES = [
    fraiseql.find("authors", Author, order_by="id", max_limit=50),
    fraiseql.find("posts", Post, order_by="id", max_limit=50),
    fraiseql.find("busy", Author, order_by="id", where={"posts": {"some": {"score": {"gt": 1}}}}),
]
TYPES: dict[str, tuple[str, list[Row]]] = {
    "authors": ("Author", AUTHORS),
    "posts": ("Post", POSTS),
}
LEAVES = {
    "author": {"id": [0, 3, 9], "name": TEXTS, "rank": NUMBERS},
    "post": {"id": [0, 3, 9], "title": TEXTS, "score": NUMBERS},
    "comment": {"id": [0, 3, 9], "body": TEXTS},
}
FILLED = [
    *(("INSERT INTO author VALUES ($1, $2, $3)", list(row.values())[:3]) for row in AUTHORS),
    *(("INSERT INTO post VALUES ($1, $2, $3, $4, $5)", list(row.values())[:5]) for row in POSTS),
    *(("INSERT INTO comment VALUES ($1, $2, $3)", list(row.values())) for row in COMMENTS),
]
OBJECTS = {"post": {"author": "author"}}
LISTS = {"author": {"posts": "post"}, "post": {"comments": "comment"}}


@pytest.fixture(scope="module")
def bench(database: str) -> Iterator[Served]:
    with served(database, TABLES, queries=QUERIES) as running:
        for sql, values in FILLED:
            running.fetch(sql, *values)
        yield running


def random_filter(chosen: random.Random, of: str, depth: int) -> dict[str, Any]:
    """Return a filter in the form that GraphQL and Python share."""
    where: dict[str, Any] = {}
    for _ in range(chosen.choice([0, 1, 1, 2])):
        kind = chosen.choice(["leaf", "leaf", "object", "list", "list", "group"])
        if kind == "leaf" or depth == 0:
            name = chosen.choice(list(LEAVES[of]))
            where[name] = _comparison(chosen, LEAVES[of][name])
        elif kind == "object" and of in OBJECTS:
            name = chosen.choice(list(OBJECTS[of]))
            inner = random_filter(chosen, OBJECTS[of][name], depth - 1)
            where[name] = chosen.choice([inner, inner, None])
        elif kind == "list" and of in LISTS:
            name = chosen.choice(list(LISTS[of]))
            where[name] = {
                quantifier: random_filter(chosen, LISTS[of][name], depth - 1)
                for quantifier in chosen.sample(["some", "every", "none"], chosen.choice([1, 1, 2]))
            }
        else:
            key = chosen.choice(["and", "or", "not"])
            parts = [random_filter(chosen, of, depth - 1) for _ in range(chosen.choice([1, 2, 3]))]
            where[key] = parts[0] if key == "not" else parts
    return where


def _comparison(chosen: random.Random, values: list[Any]) -> dict[str, Any]:
    operator = chosen.choice(["eq", "neq", "gt", "lte", "in"])
    known = [value for value in values if value is not None]
    if operator == "in":
        return {"in": chosen.sample(known, 2)}
    return {operator: chosen.choice(values if operator in ("eq", "neq") else known)}


@pytest.mark.parametrize("root", TYPES)
def test_related_rows_are_tested_as_the_oracle_does(bench: Served, root: str) -> None:
    type_name, rows = TYPES[root]
    query = f"query ($where: {type_name}Where) {{ {root}(where: $where) {{ id }} }}"
    chosen, wrong, sizes = random.Random(f"7 {root}"), [], set()
    for _ in range(250):
        where = random_filter(chosen, root.removesuffix("s"), 3)
        expected = [row["id"] for row in selected(rows, where)]
        answered = [row["id"] for row in bench.data(query, {"where": where})[root]]
        if answered != expected:
            wrong.append((where, answered, expected))
        sizes.add(len(expected))
    assert wrong == []
    assert len(sizes) > 5, "filters that match some rows, not all or none"


def test_a_repository_takes_the_same_filter(bench: Served) -> None:
    context = bench.service.context()
    repository, chosen = Repository(context["db"], context), random.Random(8)
    for _ in range(60):
        where = random_filter(chosen, "author", 3)
        rows = bench.run(repository.find("author", where=where, order_by="id"))
        assert [row["id"] for row in rows] == [row["id"] for row in selected(AUTHORS, where)]
        assert bench.run(repository.count("author", where=where)) == len(rows)


def test_a_column_with_the_name_of_an_embed_is_compared_with_values(bench: Served) -> None:
    context = bench.service.context()
    repository = Repository(context["db"], context)
    expected = [row["id"] for row in POSTS if row["author_id"] == 1]
    for value in (1, [1]):
        rows = bench.run(repository.find("post", where={"author": value}, order_by="id"))
        assert [row["id"] for row in rows] == expected


def test_a_declared_filter_tests_related_rows(bench: Served) -> None:
    expected = selected(AUTHORS, {"posts": {"some": {"score": {"gt": 1}}}})
    assert bench.data("{ busy { id } }") == {"busy": [{"id": row["id"]} for row in expected]}


@pytest.mark.parametrize(
    ("where", "message"),
    [
        ("{posts: null}", "Author.posts is a list, which cannot be null."),
        ("{posts: {some: null}}", "some of Author.posts takes a filter, not None."),
    ],
)
def test_null_is_no_filter_of_a_list(bench: Served, where: str, message: str) -> None:
    error = bench.error(f"{{ authors(where: {where}) {{ id }} }}")
    assert (error["message"], error["extensions"]["code"]) == (message, "BAD_USER_INPUT")


def test_a_filter_that_is_not_sent_is_no_condition(bench: Served) -> None:
    query = "query ($w: PostWhere) { authors(where: {posts: {some: $w}}) { id } }"
    assert len(bench.data(query)["authors"]) == len(AUTHORS)


def test_relation_filters_are_bounded(bench: Served) -> None:
    where: dict[str, Any] = {"id": {"eq": 1}}
    for _ in range(20):
        where = {"author": {"posts": {"some": where}}}
    error = bench.error(
        "query ($where: PostWhere) { posts(where: $where) { id } }", {"where": where}
    )
    assert error["extensions"]["code"] == "DOCUMENT_TOO_DEEP"


def test_many_tests_of_related_rows_are_refused(bench: Served) -> None:
    query = "query ($where: PostWhere) { posts(where: $where) { id } }"
    for number, refused in ((10, False), (60, True)):
        tests = [{"author": {"id": {"eq": n}}} for n in range(number)]
        answer = bench.ask(query, {"where": {"or": tests}})
        assert ("errors" in answer) is refused
        if refused:
            assert answer["errors"][0]["extensions"]["code"] == "TOO_COMPLEX"


def test_a_cached_answer_depends_on_the_rows_that_were_tested(database: str) -> None:
    queries = [fraiseql.find("authors", Author, cache=Cache())]
    query = "{ authors(where: {posts: {some: {comments: {none: {}}}}}) { id } }"
    with served_with_caches(database, queries=queries) as cached:
        cached.execute("DELETE FROM comment; DELETE FROM post; DELETE FROM author")
        cached.execute("INSERT INTO author VALUES (1)")
        cached.execute("INSERT INTO post (id, author, hidden) VALUES (1, 1, false)")
        for write, expected in (
            ("SELECT 1", [1]),
            ("INSERT INTO comment VALUES (1, 1)", []),
            ("UPDATE comment SET post_id = 2", [1]),
            ("UPDATE post SET hidden = true", []),
        ):
            cached.execute(write)
            for outcome in ("miss" if write == "SELECT 1" else "stale", "hit"):
                response = respond(cached, query)
                ids = [row["id"] for row in json.loads(response.body)["data"]["authors"]]
                assert (ids, outcomes(response)) == (expected, {"authors": outcome}), write
