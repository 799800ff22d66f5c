"""Orders by values of related rows, against an oracle over Python dicts."""

import json
import random
from collections.abc import Iterator
from typing import Any

import pytest

import fraiseql
from fraiseql import Cache
from fraiseql.repositories import Repository
from fraiseql.serving import Request
from tests.integration.serving.oracle import ordered
from tests.integration.serving.results.env import outcomes, respond, served_with_caches
from tests.integration.serving.served import Served, served
from tests.integration.serving.test_related_filters import (
    AUTHORS,
    FILLED,
    POSTS,
    TABLES,
    Author,
    Post,
)

QUERIES = [
    fraiseql.find("posts", Post, max_limit=50),
    fraiseql.find("authors", Author, max_limit=50),
    fraiseql.page("post_pages", Post),
    fraiseql.connection("post_edges", Post),
]
FLAT = [
    {
        **post,
        "rank": post["author"] and post["author"]["rank"],
        "name": post["author"] and post["author"]["name"],
        "posts": len(post["author"]["posts"]) if post["author"] else 0,
        "comments": len(post["comments"]),
    }
    for post in POSTS
]
TERMS = {
    "rank": lambda way: {"author": {"rank": way}},
    "name": lambda way: {"author": {"name": way}},
    "posts": lambda way: {"author": {"posts": {"count": way}}},
    "comments": lambda way: {"comments": {"count": way}},
    "score": lambda way: {"score": way},
}
WAYS = {
    "ASC": ("", ""),
    "DESC": ("-", ""),
    "ASC_NULLS_FIRST": ("", " nulls first"),
    "DESC_NULLS_LAST": ("-", " nulls last"),
}


@pytest.fixture(scope="module")
def bench(database: str) -> Iterator[Served]:
    with served(database, TABLES, queries=QUERIES) as running:
        for sql, values in FILLED:
            running.fetch(sql, *values)
        yield running


def random_terms(chosen: random.Random) -> tuple[list[Any], list[str]]:
    """Return an order as GraphQL and as the oracle writes it."""
    asked, terms = [], []
    for name in chosen.sample(list(TERMS), chosen.randint(1, 3)):
        way = chosen.choice(list(WAYS))
        asked.append(TERMS[name](way))
        terms.append(f"{WAYS[way][0]}{name}{WAYS[way][1]}")
    return asked, terms


def test_rows_are_in_the_order_of_the_oracle(bench: Served) -> None:
    chosen = random.Random(5)
    query = "query ($o: [PostOrderBy!]) { posts(orderBy: $o) { id }"
    query += " postPages(orderBy: $o, limit: 5, offset: 2) { items { id } } }"
    for _ in range(60):
        asked, terms = random_terms(chosen)
        expected = [row["id"] for row in ordered(FLAT, terms, "id")]
        data = bench.data(query, {"o": asked})
        assert [row["id"] for row in data["posts"]] == expected, asked
        assert [row["id"] for row in data["postPages"]["items"]] == expected[2:7], asked


def test_connections_page_by_related_values(bench: Served) -> None:
    chosen = random.Random(6)
    query = "query ($o: [PostOrderBy!], $a: String) { postEdges(orderBy: $o, first: 3, after: $a)"
    query += " { nodes { id } pageInfo { endCursor hasNextPage } totalCount } }"
    for _ in range(12):
        asked, terms = random_terms(chosen)
        ids: list[int] = []
        more, cursor = True, None
        while more:
            page = bench.data(query, {"o": asked, "a": cursor})["postEdges"]
            ids += [row["id"] for row in page["nodes"]]
            more, cursor = page["pageInfo"]["hasNextPage"], page["pageInfo"]["endCursor"]
        assert ids == [row["id"] for row in ordered(FLAT, terms, "id")], asked
        assert page["totalCount"] == len(POSTS)


def test_embedded_lists_and_resolvers_are_ordered_alike(bench: Served) -> None:
    data = bench.data(
        "{ authors(orderBy: [{posts: {count: DESC}}, {id: ASC}])"
        " { id posts(orderBy: [{author: {name: ASC}}, {comments: {count: DESC}}]) { id } } }"
    )["authors"]
    expected = sorted(AUTHORS, key=lambda row: (-len(row["posts"]), row["id"]))
    assert [row["id"] for row in data] == [row["id"] for row in expected]
    context = bench.service.context()
    repository = Repository(context["db"], context)
    rows = bench.run(
        repository.find("post", order_by=["-author.rank nulls last", "comments.count"])
    )
    terms = ["-rank nulls last", "comments"]
    assert [row["id"] for row in rows] == [row["id"] for row in ordered(FLAT, terms, "id")]


def test_objects_are_joined(bench: Served) -> None:
    query = "{ posts(orderBy: [{author: {name: ASC}}, {author: {rank: ASC}}]) { id } }"
    sql = bench.run(bench.service.explain(Request(query))).statements[0].sql
    assert sql.count("LEFT JOIN") == 1
    assert "SELECT t0o1" not in sql


@pytest.mark.parametrize(
    ("term", "code"),
    [
        ("authr.name", "UNKNOWN_FIELD"),
        ("author.nam", "UNKNOWN_FIELD"),
        ("comments.body", "BAD_USER_INPUT"),
        ("comments.count.count", "BAD_USER_INPUT"),
        ("author.author.author.author.author.author.id", "DOCUMENT_TOO_DEEP"),
    ],
)
def test_terms_that_lead_nowhere(bench: Served, term: str, code: str) -> None:
    context = bench.service.context()
    repository = Repository(context["db"], context)
    with pytest.raises(fraiseql.InputError) as caught:
        bench.run(repository.find("post", order_by=[term]))
    assert caught.value.code == code


def test_many_terms_of_related_rows_are_refused(bench: Served) -> None:
    query = "query ($o: [PostOrderBy!]) { posts(orderBy: $o) { id } }"
    for number, refused in ((5, False), (60, True)):
        answer = bench.ask(query, {"o": [{"comments": {"count": "ASC"}}] * number})
        assert ("errors" in answer) is refused
        if refused:
            assert answer["errors"][0]["extensions"]["code"] == "TOO_COMPLEX"


def test_a_cached_order_depends_on_the_rows_that_it_reads(database: str) -> None:
    queries = [fraiseql.find("posts", Post, cache=Cache())]
    query = "{ posts(orderBy: [{author: {name: ASC}}, {comments: {count: DESC}}]) { id } }"
    with served_with_caches(database, queries=queries) as cached:
        cached.execute("DELETE FROM comment; DELETE FROM post; DELETE FROM author")
        cached.execute("INSERT INTO author VALUES (1, 'a'), (2, 'b')")
        cached.execute("INSERT INTO post (id, author, hidden) VALUES (1, 1, false), (2, 2, false)")
        for write, expected in (
            ("SELECT 1", [1, 2]),
            ("UPDATE author SET name = 'c' WHERE id = 1", [2, 1]),
            ("UPDATE author SET name = 'd' WHERE id = 2", [1, 2]),
            ("UPDATE author SET name = 'c'", [2, 1]),
            ("INSERT INTO comment VALUES (1, 1)", [1, 2]),
        ):
            cached.execute(write)
            for outcome in ("miss" if write == "SELECT 1" else "stale", "hit"):
                response = respond(cached, query)
                ids = [row["id"] for row in json.loads(response.body)["data"]["posts"]]
                assert (ids, outcomes(response)) == (expected, {"posts": outcome}), write


def may_read(context: Any) -> bool:
    return bool(context.get("may_read"))


@fraiseql.type(sql_source="author")
class Secretive:
    id: int
    name: str | None = fraiseql.field(requires=may_read)


@fraiseql.type(sql_source="comment")
class Note:
    id: int


@fraiseql.type(sql_source="post")
class Signed:
    id: int
    author: Secretive | None = fraiseql.embed("author", via="author")
    notes: list[Note] = fraiseql.embed("comment", on="post_id", requires=may_read)


@pytest.mark.parametrize("order", ["{author: {name: ASC}}", "{notes: {count: DESC}}"])
def test_nothing_is_ordered_by_a_denied_field(database: str, bench: Served, order: str) -> None:
    with served(database, queries=[fraiseql.find("signed", Signed)]) as running:
        query = f"{{ signed(orderBy: [{order}]) {{ id }} }}"
        assert running.error(query)["extensions"]["code"] == "FORBIDDEN"
        variables = "query ($o: [SignedOrderBy!]) { signed(orderBy: $o) { id } }"
        name = "author" if "author" in order else "notes"
        value = {"author": {"name": "ASC"}, "notes": {"count": "DESC"}}[name]
        assert running.error(variables, {"o": [{name: value}]})["extensions"]["code"] == "FORBIDDEN"
        assert "signed" in running.data(query, context={"may_read": True})
        assert "signed" in running.data("{ signed(orderBy: [{author: {id: ASC}}]) { id } }")
