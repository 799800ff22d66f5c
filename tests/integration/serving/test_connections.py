"""Connections: pages by cursors equal slices of the whole list, for random orders."""

import json
import os
import random
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterator
from typing import Any, Final

import orjson
import pytest

import fraiseql
from fraiseql import Cache
from fraiseql.errors import DeclarationError, SourceError
from fraiseql.events import Timings
from fraiseql.serving import Request
from fraiseql.serving.preparation.rights import ALL_RIGHTS
from tests.integration.serving.results.env import outcomes, respond, served_with_caches
from tests.integration.serving.served import Served, served
from tests.integration.serving.things import (
    COUNT,
    QUERIES,
    TABLES,
    Kept,
    Thing,
    Walk,
    fill,
    random_order,
)

WALKS: Final = int(os.environ.get("FRAISEQL_TEST_EXAMPLES", "12"))


@pytest.fixture(scope="module")
def bench(database: str) -> Iterator[Served]:
    # Sixty rows are few: whether the planner reads them by an index would depend on statistics.
    planned = f"""DO $$ BEGIN EXECUTE format(
        'ALTER DATABASE %I SET enable_seqscan = off', current_database()); END $$; {TABLES}"""
    with served(database, planned, queries=QUERIES) as running:
        running.run(fill(database))
        yield running


def test_pages_are_slices_of_the_list(bench: Served) -> None:
    chosen = random.Random(11)
    for _ in range(WALKS):
        where = chosen.choice([None, None, {"done": {"eq": True}}, {"name": {"isNull": True}}])
        walk = Walk(bench, random_order(chosen), where)
        walk.forwards(chosen.randint(4, 13))
        walk.backwards(chosen.randint(4, 13))
        walk.between(chosen, chosen.randint(1, 5))


def test_pages_of_a_view_and_of_a_declared_order(bench: Served) -> None:
    """No column of a view is known to have no nulls."""
    for field in ("viewed", "shown"):
        query = f"query ($a: String) {{ {field}(first: 7, after: $a) {{ nodes {{ id }}"
        query += " pageInfo { endCursor hasNextPage } totalCount } }"
        ids: list[int] = []
        more, cursor = True, None
        while more:
            page = bench.data(query, {"a": cursor})[field]
            ids += [node["id"] for node in page["nodes"]]
            more, cursor = page["pageInfo"]["hasNextPage"], page["pageInfo"]["endCursor"]
        assert len(ids) == len(set(ids)) == page["totalCount"]


def explained(bench: Served, query: str, **variables: Any) -> str:
    """Return PostgreSQL's plan of a query."""
    report = bench.run(bench.service.explain(Request(query, variables=variables)))
    return "\n".join(report.statements[0].plan)


@pytest.mark.parametrize(
    ("order", "conditions"),
    [
        ([{"code": "ASC"}], ["ROW(code, id) > ROW("]),
        ([{"code": "DESC"}], ["ROW(code, id) < ROW("]),
        ([{"score": "ASC"}], ["(score >= ", "(score IS NULL)"]),
        ([{"code": "ASC"}, {"id": "DESC"}], ["(code >= "]),
    ],
)
def test_a_page_is_a_range_of_an_index(
    bench: Served, order: list[dict[str, str]], conditions: list[str]
) -> None:
    query = "query ($o: [ThingOrderBy!], $a: String) { things(orderBy: $o, after: $a, first: 2)"
    query += " { edges { cursor } } }"
    edges = bench.data(query, {"o": order})["things"]["edges"]
    plan = explained(bench, query, o=order, a=edges[0]["cursor"])
    for condition in conditions:
        assert f"Index Cond: ({condition.removeprefix('(')}" in plan.replace("((", "("), plan


def test_only_the_selected_parts_are_read(bench: Served) -> None:
    plan = explained(bench, "{ things { totalCount } }")
    assert "row_number" not in plan
    assert "Sort" not in plan
    assert "WindowAgg" not in plan
    assert bench.data("{ things { pageInfo { __typename } __typename } }")["things"] == {
        "pageInfo": {"__typename": "PageInfo"},
        "__typename": "ThingConnection",
    }
    edges = bench.data("{ things(first: 1) { edges { __typename n: node { __typename } } } }")
    assert edges["things"]["edges"] == [{"__typename": "ThingEdge", "n": {"__typename": "Thing"}}]


def test_totals_say_what_they_are(bench: Served) -> None:
    query = "query ($m: TotalCountMode!, $c: Int!) {"
    query += " things(code: 1) { totalCount(mode: $m, cap: $c) totalCountKind } }"
    (total,) = bench.fetch("SELECT count(*) AS n FROM thing WHERE code = 1")
    exact = {"totalCount": total["n"], "totalCountKind": "EXACT"}
    assert bench.data(query, {"m": "EXACT", "c": 2})["things"] == exact
    capped = {"totalCount": 2, "totalCountKind": "CAPPED"}
    assert bench.data(query, {"m": "CAPPED", "c": 2})["things"] == capped
    assert bench.data(query, {"m": "CAPPED", "c": total["n"]})["things"] == exact
    both = bench.data("{ things { a: totalCount b: totalCount(mode: CAPPED, cap: 3) } }")
    assert both["things"] == {"a": COUNT, "b": 3}
    error = bench.error("{ things { a: totalCount b: totalCount(mode: CAPPED) totalCountKind } }")
    assert error["extensions"]["code"] == "BAD_USER_INPUT"
    assert bench.error(query, {"m": "CAPPED", "c": -1})["message"].startswith("cap must be")


@pytest.mark.parametrize(
    "arguments",
    ["first: 1, last: 1", "first: -1", "last: -1", "first: 51", "last: 51"],
)
def test_limits(bench: Served, arguments: str) -> None:
    error = bench.error(f"{{ things({arguments}) {{ nodes {{ id }} }} }}")
    assert error["extensions"]["code"] == "BAD_USER_INPUT"
    assert error["path"] == ["things"]
    assert len(bench.data("{ things { nodes { id } } }")["things"]["nodes"]) == 4


def encoded(*parts: Any) -> str:
    return urlsafe_b64encode(orjson.dumps(parts)).decode().rstrip("=")


def test_what_is_no_cursor_is_an_error(bench: Served) -> None:
    query = "query ($a: String) { things(orderBy: [{mood: ASC}], after: $a) { nodes { id } } }"
    cursor = bench.data("{ things(orderBy: [{mood: ASC}]) { pageInfo { endCursor } } }")
    text = cursor["things"]["pageInfo"]["endCursor"]
    version, digest, values = orjson.loads(urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    assert bench.data(query, {"a": text})
    bad = [
        "", "%", "AAAA", text[:-2], text + "A", encoded(2, digest, values),
        encoded(version, "00000000", values), encoded(version, digest, values[:1]),
        encoded(version, digest, [*values, "1"]), encoded(version, digest, ["sad", None]),
        encoded(version, digest, ["sad", 1]), encoded(version, digest, ["angry", "1"]),
        encoded(version, digest, ["sad", "x"]), encoded(version, digest, ["sad", "1" * 30]),
        encoded(version, digest, ["\0", "1"]), encoded(version, digest, {"0": 1}),
        encoded(), urlsafe_b64encode(b"[" * 9000).decode().rstrip("="),
    ]  # fmt: skip
    for wrong in bad:
        error = bench.error(query, {"a": wrong})
        assert error["extensions"]["code"] == "BAD_CURSOR", (wrong, error)
    literal = bench.error('{ things(before: "x") { nodes { id } } }')
    assert literal["extensions"]["code"] == "BAD_CURSOR"
    other = bench.error(query.replace("mood: ASC", "mood: DESC"), {"a": text})
    assert "another order" in other["message"]


def test_a_cursor_outlives_its_row(bench: Served) -> None:
    bench.execute("INSERT INTO thing (id, code) VALUES (100, 7), (101, 7), (102, 7)")
    query = "query ($a: String) { things(code: 7, first: 1, after: $a)"
    query += " { nodes { id } pageInfo { endCursor hasPreviousPage } } }"
    page = bench.data(query)["things"]
    bench.execute("DELETE FROM thing WHERE id = 100")
    following = bench.data(query, {"a": page["pageInfo"]["endCursor"]})["things"]
    assert following["nodes"] == [{"id": 101}]
    assert following["pageInfo"]["hasPreviousPage"] is False
    bench.execute("DELETE FROM thing WHERE id > 99")


def test_the_cost_is_that_of_the_rows(bench: Served) -> None:
    def cost(parts: str, size: int) -> int:
        request = Request(
            f"query ($n: Int) {{ things(last: $n) {{ {parts} }} }}", None, {"n": size}
        )
        serving, _, values = bench.run(bench.service._prepare(request, Timings(), ALL_RIGHTS))
        return serving.compiled.plan.cost.of(values)

    assert cost("nodes { id code }", 10) - cost("nodes { id code }", 0) == 10 * 3
    assert cost("edges { node { id } }", 10) - cost("edges { node { id } }", 0) == 10 * 3
    assert cost("totalCount", 5) == cost("totalCount", 0)


@pytest.mark.parametrize(
    "query",
    [
        "{ guarded(orderBy: [{score: ASC}]) { totalCount } }",
        "{ byScore { nodes { id } } }",
        "{ byGrade { pageInfo { endCursor } } }",
        '{ byScore(after: "x") { nodes { id } } }',
    ],
)
def test_nothing_is_paged_by_a_denied_field(bench: Served, query: str) -> None:
    error = bench.error(query)
    assert error["extensions"]["code"] == "FORBIDDEN"
    assert "grade" not in error["message"]
    if "after" not in query:
        assert bench.data(query, context={"may_read": True})
    assert bench.data("{ guarded { nodes { id } } byScore(orderBy: [{id: ASC}]) { totalCount } }")


def test_a_cached_page_is_the_page_after_a_write(database: str) -> None:
    queries = [fraiseql.connection("pages", Kept, order_by="-code", cache=Cache(), max_limit=500)]
    query = "query ($a: String) { pages(first: 2, after: $a) { edges { cursor node { id name } }"
    query += " totalCount pageInfo { hasNextPage } } }"
    with served_with_caches(database, queries=queries) as cached:
        first = json.loads(respond(cached, query).body)["data"]["pages"]
        answers = []
        for cursor in (None, first["edges"][1]["cursor"]):
            for name in ("one", "two"):
                cached.execute(f"UPDATE thing SET name = '{name}'")
                for outcome in ("stale" if answers else "miss", "hit"):
                    response = respond(cached, query, variables={"a": cursor})
                    page = json.loads(response.body)["data"]["pages"]
                    assert {edge["node"]["name"] for edge in page["edges"]} == {name}
                    assert outcomes(response)["pages"] in (outcome, "miss")
                answers.append(page)
    assert len({json.dumps(answer) for answer in answers}) == 4


def test_declarations_that_cannot_page(bench: Served) -> None:
    @fraiseql.type(sql_source="heap")
    class Heap:
        note: str | None

    heaps = served(bench.url, queries=[fraiseql.connection("heaps", Heap)])
    with pytest.raises(SourceError, match="no key identifies") as caught, heaps:
        pass
    assert caught.value.code == "NO_KEY"

    @fraiseql.type(sql_source="thing")
    class ThingEdge:
        id: int
        first: int

    with pytest.raises(DeclarationError, match="ThingEdge"):
        fraiseql.build_schema(types=[ThingEdge], queries=[fraiseql.connection("things", Thing)])
    with pytest.raises(DeclarationError, match="argument of every connection"):
        fraiseql.build_schema(queries=[fraiseql.connection("edges", ThingEdge, by="first")])


def test_an_estimate_is_that_of_the_planner(bench: Served) -> None:
    bench.execute("ANALYZE thing")
    query = "query ($n: Int!) { things(where: {code: {eq: $n}}, first: 1) { nodes { code }"
    query += " totalCount(mode: ESTIMATED) totalCountKind } }"
    (plan,) = bench.fetch("EXPLAIN (FORMAT JSON) SELECT FROM thing WHERE code = 1")
    (root,) = json.loads(plan["QUERY PLAN"])
    page = bench.data(query, {"n": 1})["things"]
    assert page["totalCount"] == root["Plan"]["Plan Rows"] > 1
    assert (page["totalCountKind"], page["nodes"]) == ("ESTIMATED", [{"code": 1}])
    both = bench.data("{ things { a: totalCount b: totalCount(mode: ESTIMATED) } }")["things"]
    assert both == {"a": COUNT, "b": COUNT}
    assert len(bench.run(bench.service.explain(Request(query, None, {"n": 1}))).statements) == 1


@pytest.mark.parametrize("parts", ["__typename", "totalCount", "pageInfo { __typename }"])
def test_arguments_that_no_selected_part_needs_are_checked(bench: Served, parts: str) -> None:
    query = "query ($w: ThingWhere, $n: Int, $a: String) {"
    query += f" things(where: $w, first: $n, after: $a) {{ {parts} }} }}"
    cursor = bench.data("{ things { pageInfo { endCursor } } }")["things"]["pageInfo"]["endCursor"]
    where = {"name": {"contains": "a"}, "id": {"in": [1, 2]}, "at": {"lt": "2030-01-01T00:00:00Z"}}
    where |= {"weight": {"gt": 0.1}, "mood": {"eq": "GLAD"}, "done": {"eq": True}}
    assert "things" in bench.data(query, {"w": where, "n": 2, "a": cursor})
    assert bench.error(query, {"n": -1})["extensions"]["code"] == "BAD_USER_INPUT"
    assert bench.error(query, {"n": 2, "a": "x"})["extensions"]["code"] == "BAD_CURSOR"


def test_values_in_cursors_have_the_names_of_their_fields(bench: Served) -> None:
    """The trace knows by them which values are private."""
    request = Request("query ($a: String) { shown(after: $a) { totalCount } }", None, {"a": "x"})
    serving, _, _ = bench.run(bench.service._prepare(request, Timings(), ALL_RIGHTS))
    (root,) = serving.compiled.sql
    names = [each.name for each in root.query.parameters if each.cursor is not None]
    assert names == ["score", "name", "id"]
