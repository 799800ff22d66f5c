"""Pages: their items, total number and end, against an oracle over Python dicts."""

import json
import random
from collections.abc import Iterator
from typing import Any

import pytest

import fraiseql
from fraiseql.errors import DeclarationError
from fraiseql.events import Timings
from fraiseql.serving import Request
from fraiseql.serving.preparation.rights import ALL_RIGHTS
from tests.integration.serving.oracle import selected
from tests.integration.serving.served import Served, served
from tests.integration.serving.test_related_filters import (
    FILLED,
    POSTS,
    TABLES,
    Author,
    Post,
    random_filter,
)


@fraiseql.type(sql_source="comment")
class Remark:
    id: int
    body: str | None

    @fraiseql.field(needs=["body"])
    def loud(self) -> str:
        return (self.body or "").upper()


QUERIES = [
    fraiseql.page("posts", Post, by="score", order_by="id", default_limit=4, max_limit=20),
    fraiseql.page("shown", Post, where={"hidden": False}, order_by="-id"),
    fraiseql.page("authors", Author, order_by="id"),
    fraiseql.page("remarks", Remark, order_by="id"),
]
PARTS = ["items { id title author { name posts { id } } }", "totalCount", "hasNextPage"]


@fraiseql.type(sql_source="comment")
class Note:
    id: int
    body: str | None = fraiseql.field(requires=lambda context: context.get("may_read", False))


@fraiseql.type(sql_source="post")
class Noted:
    id: int
    notes: list[Note] = fraiseql.embed("comment", on="post_id")


GUARDED = [fraiseql.page("noted", Noted, order_by="id"), fraiseql.page("notes", Note)]


@pytest.fixture(scope="module")
def bench(database: str) -> Iterator[Served]:
    with served(database, TABLES, queries=[*QUERIES, *GUARDED]) as running:
        for sql, values in FILLED:
            running.fetch(sql, *values)
        yield running


def expected_page(rows: list[Any], offset: int, limit: int) -> dict[str, Any]:
    return {
        "items": [row["id"] for row in rows[offset : offset + limit]],
        "totalCount": len(rows),
        "hasNextPage": len(rows) > offset + limit,
    }


def test_pages_are_those_of_the_oracle(bench: Served) -> None:
    chosen, wrong = random.Random(7), []
    for _ in range(150):
        where = random_filter(chosen, "post", 2)
        parts = chosen.sample(PARTS, chosen.choice([1, 2, 3]))
        offset, limit = chosen.choice([0, 0, 1, 5, 99]), chosen.choice([0, 1, 3, 14, 20])
        query = (
            "query ($where: PostWhere, $limit: Int, $offset: Int) { posts(where: $where,"
            f" limit: $limit, offset: $offset) {{ {' '.join(parts)} }} }}"
        )
        variables = {"where": where, "limit": limit, "offset": offset}
        page = bench.data(query, variables)["posts"]
        if "items" in page:
            page["items"] = [row["id"] for row in page["items"]]
        whole = expected_page(selected(POSTS, where), offset, limit)
        if page != {name: whole[name] for name in page}:
            wrong.append((variables, page, whole))
    assert wrong == []


def test_lists_under_two_names_have_their_own_fields(bench: Served) -> None:
    page = bench.data(
        "{ posts(limit: 2, orderBy: [{id: DESC}]) { a: items { id } more: hasNextPage"
        " b: items { n: id author { id } } __typename n: totalCount m: totalCount } }"
    )["posts"]
    last = [POSTS[-1], POSTS[-2]]
    assert page == {
        "a": [{"id": row["id"]} for row in last],
        "more": True,
        "b": [
            {"n": row["id"], "author": row["author"] and {"id": row["author"]["id"]}}
            for row in last
        ],
        "__typename": "PostPage",
        "n": len(POSTS),
        "m": len(POSTS),
    }


def test_a_page_has_defaults_and_limits(bench: Served) -> None:
    page = bench.data("{ posts { items { id } hasNextPage } }")["posts"]
    assert page == {"items": [{"id": n} for n in range(4)], "hasNextPage": True}
    for limit in ("21", "-1"):
        error = bench.error(f"{{ posts(limit: {limit}) {{ totalCount items {{ id }} }} }}")
        assert error["path"] == ["posts"]
        assert error["extensions"]["code"] == "BAD_USER_INPUT"


def test_a_declared_filter_counts(bench: Served) -> None:
    rows = [row for row in POSTS if not row["hidden"]]
    assert bench.data("{ shown { totalCount } }") == {"shown": {"totalCount": len(rows)}}
    three = [row for row in POSTS if row["score"] == 3]
    assert bench.data("{ posts(score: 3) { totalCount } }")["posts"]["totalCount"] == len(three)


def test_only_the_selected_parts_are_read(bench: Served) -> None:
    def plan(query: str) -> str:
        return json.dumps(bench.run(bench.service.explain(Request(query))), default=str)

    assert "row_number" not in plan("{ posts { totalCount } }")
    assert plan("{ posts { items { id } totalCount } }").count("count") > plan(
        "{ posts { items { id } } }"
    ).count("count")
    assert bench.data("{ posts { __typename } }") == {"posts": {"__typename": "PostPage"}}


def test_python_fields_are_computed_in_items(bench: Served) -> None:
    page = bench.data("{ remarks(limit: 3) { items { loud body } totalCount } }")["remarks"]
    assert [row["loud"] for row in page["items"]] == [
        (row["body"] or "").upper() for row in page["items"]
    ]


def test_the_cost_is_that_of_the_items(bench: Served) -> None:
    def cost(parts: str, limit: int) -> int:
        query = f"query ($limit: Int) {{ posts(limit: $limit) {{ {parts} }} }}"
        request = Request(query, variables={"limit": limit})
        serving, _, values = bench.run(bench.service._prepare(request, Timings(), ALL_RIGHTS))
        return serving.compiled.plan.cost.of(values)

    assert cost("items { id title }", 10) - cost("items { id title }", 0) == 10 * 3
    assert cost("a: items { id } b: items { id }", 5) == 2 * cost("items { id }", 5)
    assert cost("totalCount", 5) == cost("totalCount", 0)


@pytest.mark.parametrize(
    "query",
    [
        '{ noted(where: {notes: {some: {body: {eq: "a"}}}}) { totalCount } }',
        '{ noted(where: {not: {notes: {every: {or: [{body: {eq: "a"}}]}}}}) { totalCount } }',
        "{ notes(orderBy: [{body: ASC}]) { items { id } } }",
    ],
)
def test_a_denied_field_decides_no_page(bench: Served, query: str) -> None:
    error = bench.error(query)
    assert error["extensions"]["code"] == "FORBIDDEN"
    assert bench.data(query, context={"may_read": True})


def test_denied_fields_of_items_are_null(bench: Served) -> None:
    answer = bench.ask("{ notes(limit: 2) { items { id body } totalCount } }")
    assert [item["body"] for item in answer["data"]["notes"]["items"]] == [None, None]
    assert {error["extensions"]["code"] for error in answer["errors"]} == {"FORBIDDEN"}


def test_names_of_pages_are_their_own() -> None:
    @fraiseql.type(sql_source="post")
    class PostPage:
        id: int

    with pytest.raises(DeclarationError, match="PostPage"):
        fraiseql.build_schema(
            queries=[fraiseql.page("posts", Post), fraiseql.find("others", PostPage)]
        )
    with pytest.raises(DeclarationError, match=r"page\('posts'\) has max_limit=0"):
        fraiseql.page("posts", Post, max_limit=0)


def test_arguments_that_no_selected_part_needs_are_checked(bench: Served) -> None:
    query = "query ($w: PostWhere, $n: Int) { posts(where: $w, limit: $n, offset: $n)"
    for parts in ("__typename", "totalCount", "hasNextPage"):
        variables = {"w": {"title": {"contains": "a"}, "score": {"in": [1, 2]}}, "n": 1}
        assert "posts" in bench.data(f"{query} {{ {parts} }} }}", variables)
