"""Embedded lists with arguments, against an oracle over Python dicts."""

import json
import random
from collections.abc import Iterator
from typing import Any

import pytest

import fraiseql
from fraiseql import Cache
from fraiseql.repositories import Repository
from fraiseql.serving import Request
from fraiseql.usual_hints import HINTS
from tests.integration.serving.oracle import ordered, selected
from tests.integration.serving.results.env import outcomes, respond, served_with_caches
from tests.integration.serving.served import Served, served
from tests.integration.serving.test_related_filters import (
    AUTHORS,
    FILLED,
    POSTS,
    TABLES,
    random_filter,
)


def _may(context: Any) -> bool:
    return bool(context.get("may"))


@fraiseql.type(sql_source="comment")
class Comment:
    id: int
    body: str | None = fraiseql.field(default=None, requires=_may)


@fraiseql.type(sql_source="post")
class Post:
    id: int
    title: str | None
    score: int | None
    author: "Author | None" = fraiseql.embed("author", via="author")
    comments: "list[Comment] | None" = fraiseql.embed("comment", on="post_id", max_items=9)


@fraiseql.type(sql_source="author")
class Author:
    id: int
    name: str | None
    rank: int | None
    posts: "list[Post]" = fraiseql.embed(
        "post", on="author", where="NOT hidden", order_by="-score", limit=4
    )


@fraiseql.query
async def by_python(info: fraiseql.Info, limit: int = 50) -> list[Author]:
    repository = Repository(info.context["db"], info.context)
    return await repository.find("author", where={"id": {"gte": 0}}, order_by="id", limit=limit)


@fraiseql.query
def by_hand() -> list[Post]:
    return [Post(id=1, title="a", score=1, comments=[Comment(id=1)])]


QUERIES = [
    fraiseql.find("authors", Author, order_by="id", max_limit=50),
    fraiseql.find("posts", Post, order_by="id", max_limit=50),
    fraiseql.page("author_pages", Author, order_by="id"),
    by_python,
    by_hand,
]
MAY = {"may": True}


@pytest.fixture(scope="module")
def bench(database: str) -> Iterator[Served]:
    with served(database, TABLES, queries=QUERIES) as running:
        for sql, values in FILLED:
            running.fetch(sql, *values)
        yield running


def expected(parent: dict[str, Any], name: str, arguments: dict[str, Any]) -> list[int]:
    """Return the ids of an embedded list."""
    order, limit = (["-score"], 4) if name == "posts" else ([], 9)
    rows = selected(parent[name], arguments.get("where") or {})
    rows = ordered(rows, arguments.get("orderBy") or order, "id")
    offset = arguments.get("offset") or 0
    count = arguments.get("limit")
    return [row["id"] for row in rows][offset : offset + (limit if count is None else count)]


def random_arguments(chosen: random.Random, of: str) -> dict[str, Any]:
    """Return arguments with orders in Python's form."""
    arguments: dict[str, Any] = {}
    if chosen.random() < 0.5:
        arguments["where"] = random_filter(chosen, of, 2)
    if chosen.random() < 0.5:
        name = chosen.choice(["id", "title", "score"] if of == "post" else ["id", "body"])
        arguments["orderBy"] = [chosen.choice([name, f"-{name}", f"-{name} nulls last"])]
    if chosen.random() < 0.6:
        arguments["limit"] = chosen.choice([0, 1, 2, 3, None])
    if chosen.random() < 0.4:
        arguments["offset"] = chosen.choice([0, 1, 2])
    return arguments


def as_variables(arguments: dict[str, Any]) -> dict[str, Any]:
    """Return arguments with orders in GraphQL's form."""
    terms = arguments.get("orderBy", [])
    return arguments | {"orderBy": [_term(term) for term in terms]} if terms else arguments


def _term(term: str) -> dict[str, str]:
    name, _, nulls = term.lstrip("-").partition(" ")
    direction = "DESC" if term.startswith("-") else "ASC"
    return {name: f"{direction}_{nulls.upper().replace(' ', '_')}".rstrip("_")}


HEAD = (
    "query ($w: PostWhere, $o: [PostOrderBy!], $n: Int, $s: Int,"
    " $cw: CommentWhere, $co: [CommentOrderBy!], $cn: Int, $cs: Int)"
)
POSTS_OF = "posts(where: $w, orderBy: $o, limit: $n, offset: $s)"
COMMENTS_OF = "comments(where: $cw, orderBy: $co, limit: $cn, offset: $cs)"


@pytest.mark.parametrize("root", ["authors", "byPython"])
def test_two_levels_with_variables_are_as_the_oracle_says(bench: Served, root: str) -> None:
    query = f"""{HEAD} {{ {root} {{ id posts {{ id }}
        asked: {POSTS_OF} {{ id {COMMENTS_OF} {{ id }} }} }} }}"""
    chosen, sizes = random.Random(f"3 {root}"), set()
    for _ in range(60):
        own, below = random_arguments(chosen, "post"), random_arguments(chosen, "comment")
        names = {"where": "w", "orderBy": "o", "limit": "n", "offset": "s"}
        variables = {names[name]: value for name, value in as_variables(own).items()}
        variables |= {f"c{names[name]}": value for name, value in as_variables(below).items()}
        answer = bench.data(query, variables, context=MAY)[root]
        for author, row in zip(answer, AUTHORS, strict=True):
            assert [post["id"] for post in author["posts"]] == expected(row, "posts", {})
            ids = [post["id"] for post in author["asked"]]
            assert ids == expected(row, "posts", own), (own, row)
            for post in author["asked"]:
                comments = [comment["id"] for comment in post["comments"]]
                assert comments == expected(POSTS[post["id"]], "comments", below), below
            sizes.add(len(ids))
    assert sizes == {0, 1, 2, 3}


def test_two_aliases_are_two_lists_in_one_statement(bench: Served) -> None:
    query = """{ authors { id first: posts(limit: 1) { id } same: posts(limit: 1) { title }
        second: posts(limit: 1, offset: 1) { id } posts { id }
        titled: posts(where: {title: {isNull: false}}) { id } } }"""
    for author, row in zip(bench.data(query)["authors"], AUTHORS, strict=True):
        whole = expected(row, "posts", {})
        assert [[post["id"] for post in author[key]] for key in ("first", "second", "posts")] == [
            whole[:1],
            expected(row, "posts", {"offset": 1, "limit": 1}),
            whole,
        ]
        assert [post["title"] for post in author["same"]] == [
            POSTS[number]["title"] for number in whole[:1]
        ]
    (report,) = bench.run(bench.service.explain(Request(query))).statements
    # Equal arguments are read once.
    assert report.sql.count('FROM "public"."post" AS') == 4


def test_a_page_has_lists_with_arguments(bench: Served) -> None:
    query = "query ($n: Int) { authorPages { items { id posts(limit: $n) { id } } totalCount } }"
    page = bench.data(query, {"n": 2})["authorPages"]
    assert [[post["id"] for post in author["posts"]] for author in page["items"]] == [
        expected(row, "posts", {"limit": 2}) for row in AUTHORS
    ]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("limit: 5", "limit must be a whole number from 0 to 4, not 5."),
        ("limit: -1", "limit must be a whole number from 0 to 4, not -1."),
        ("offset: -1", "offset must be a whole number of 0 or more, not -1."),
        ("where: {id: {in: [null]}}", None),
        ("where: {comments: null}", "Post.comments is a list, which cannot be null."),
    ],
)
def test_an_argument_that_is_not_valid_is_an_error(
    bench: Served, arguments: str, message: str | None
) -> None:
    error = bench.ask(f"{{ authors {{ id posts({arguments}) {{ id }} }} }}")["errors"][0]
    if message is not None:
        assert (error["message"], error["path"]) == (message, ["authors", 0, "posts"])
        assert error["extensions"]["code"] == "BAD_USER_INPUT"


def test_a_variable_out_of_range_is_an_error(bench: Served) -> None:
    query = "query ($n: Int) { authors { posts(limit: $n) { id } } }"
    for number in (5, -1):
        error = bench.error(query, {"n": number})
        assert error["message"] == f"limit must be a whole number from 0 to 4, not {number}."


@pytest.mark.parametrize(
    "arguments", ['where: {body: {eq: "a"}}', "orderBy: [{body: ASC}]", "where: $w"]
)
def test_a_denied_field_cannot_be_compared_in_a_nested_list(bench: Served, arguments: str) -> None:
    head = "query ($w: CommentWhere = {body: {eq: null}})" if "$w" in arguments else "query"
    query = f"{head} {{ posts(limit: 1) {{ id comments({arguments}) {{ id }} }} }}"
    answer = bench.ask(query)
    assert answer["data"]["posts"] == [{"id": 0, "comments": None}]
    (error,) = answer["errors"]
    assert (error["path"], error["extensions"]["code"]) == (["posts", 0, "comments"], "FORBIDDEN")
    assert "errors" not in bench.ask(query, context=MAY)


def test_arguments_of_what_python_made_are_an_error(bench: Served) -> None:
    assert bench.data("{ byHand { comments { id } } }") == {"byHand": [{"comments": [{"id": 1}]}]}
    error = bench.error("{ byHand { comments(limit: 1) { id } } }")
    assert error["path"] == ["byHand", 0, "comments"]
    assert error["message"].startswith("Post.comments takes no arguments here")


def test_a_limit_is_what_counts(bench: Served, database: str) -> None:
    """A tree of few rows is not refused because its lists could be long."""
    deep = "author { posts(limit: 1) { author { posts(limit: $n) { id } } } }"
    query = f"query ($n: Int) {{ posts(limit: 1) {{ {deep} }} }}"
    with served(database, queries=QUERIES, max_complexity=30) as strict:
        strict.data(query, {"n": 2})
        # 1 + 1 + 1 + 1 * (1 + 1 + 1 + 4), of one root.
        assert strict.error(query.replace("limit: 1", "limit: 4"), {"n": 4})["extensions"] == {
            "code": "TOO_COMPLEX",
            "hint": HINTS["TOO_COMPLEX"],
        }


def test_a_cached_answer_depends_on_the_arguments(database: str) -> None:
    queries = [fraiseql.find("authors", Author, cache=Cache())]
    query = "query ($n: Int, $w: PostWhere) { authors { posts(limit: $n, where: $w) { id } } }"
    some = {"comments": {"some": {}}}
    with served_with_caches(database, queries=queries) as cached:
        cached.execute("DELETE FROM comment; DELETE FROM post; DELETE FROM author")
        cached.execute("INSERT INTO author VALUES (1)")
        cached.execute("INSERT INTO post (id, author, hidden) VALUES (1, 1, false), (2, 1, false)")
        for write, variables, ids, outcome in (
            ("SELECT 1", {"n": 1}, [2], "miss"),
            ("SELECT 1", {"n": 2}, [2, 1], "miss"),
            ("SELECT 1", {"n": 1}, [2], "hit"),
            ("SELECT 1", {"w": some}, [], "miss"),
            ("INSERT INTO comment VALUES (1, 1)", {"w": some}, [1], "stale"),
        ):
            cached.execute(write)
            response = respond(cached, query, variables=variables)
            posts = json.loads(response.body)["data"]["authors"][0]["posts"]
            assert [post["id"] for post in posts] == ids
            assert outcomes(response) == {"authors": outcome}, variables
