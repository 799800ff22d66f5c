"""Embedded connections: pages of each parent's rows, in the one statement."""

import random
from collections.abc import Iterator
from typing import Any

import pytest

import fraiseql
from fraiseql.errors import DeclarationError, SourceError
from fraiseql.events import Timings
from fraiseql.serving import Request
from fraiseql.serving.preparation.rights import ALL_RIGHTS
from tests.cache_environment import apply_schema
from tests.integration.serving.served import Served, served
from tests.integration.serving.things import TABLES, Guarded, Thing, fill, random_order

SHELVES = """
CREATE TABLE shelf (id int PRIMARY KEY, name text);
INSERT INTO shelf VALUES (0, 'a'), (1, 'b'), (2, 'c'), (3, 'empty');
"""


@fraiseql.type(sql_source="shelf")
class Shelf:
    id: int
    name: str | None
    things: list[Thing] = fraiseql.embed(
        "thing", on="code", order_by="-score", limit=3, max_items=20, connection=True
    )
    done: list[Thing] = fraiseql.embed("thing", on="code", where="done", connection=True)
    guarded: list[Guarded] = fraiseql.embed("thing", on="code", order_by="score", connection=True)


@fraiseql.type(sql_source="shelf", stored=fraiseql.Projection())
class Kept:
    id: int
    name: str | None
    things: list[Thing] = fraiseql.embed("thing", on="code", connection=True)


QUERIES = [
    fraiseql.find("shelves", Shelf, order_by="id"),
    fraiseql.connection("racks", Shelf, order_by="name"),
    fraiseql.find("kept", Kept, order_by="id"),
    fraiseql.find("listed", Thing, order_by="-score", max_limit=1000),
]
PAGE = "edges { cursor node { id } } pageInfo { hasNextPage hasPreviousPage } totalCount"


@pytest.fixture(scope="module")
def bench(database: str) -> Iterator[Served]:
    with served(database, TABLES + SHELVES, queries=QUERIES) as running:
        running.run(fill(database))
        running.run(apply_schema(database, running.service.schema))
        yield running


def test_pages_of_each_parent_are_slices_of_its_list(bench: Served) -> None:
    chosen = random.Random(13)
    for _ in range(10):
        order, size = random_order(chosen), chosen.randint(1, 9)
        lists = (
            "query ($o: [ThingOrderBy!], $s: Int) { listed(orderBy: $o, where: {code: {eq: $s}},"
        )
        lists += " limit: 999) { id } }"
        query = "query ($o: [ThingOrderBy!], $f: Int, $l: Int, $a: String) { shelves { id"
        query += f" head: things(orderBy: $o, first: $f, after: $a) {{ {PAGE} }}"
        query += f" tail: things(orderBy: $o, last: $l, before: $a) {{ {PAGE} }} }} }}"
        cursor: str | None = None
        for _ in range(2):
            variables = {"o": order, "f": size, "l": size, "a": cursor}
            shelves = bench.data(query, variables)["shelves"]
            for shelf in shelves[:3]:
                ids = [
                    row["id"] for row in bench.data(lists, {"o": order, "s": shelf["id"]})["listed"]
                ]
                if cursor is None:
                    check(shelf["head"], ids, 0, size)
                    check(shelf["tail"], ids, max(len(ids) - size, 0), len(ids))
                elif shelf["id"] == 0:
                    check(shelf["head"], ids, size, size * 2)
                    check(shelf["tail"], ids, 0, size - 1)
            check(shelves[3]["head"], [], 0, 0) if cursor is None else None
            cursor = shelves[0]["head"]["edges"][-1]["cursor"]


def check(page: dict[str, Any], ids: list[int], start: int, end: int) -> None:
    assert [edge["node"]["id"] for edge in page["edges"]] == ids[start:end]
    assert page["totalCount"] == len(ids)
    info = {"hasNextPage": end < len(ids), "hasPreviousPage": start > 0}
    assert page["pageInfo"] == info


def test_connections_nest_in_one_statement(bench: Served) -> None:
    query = "{ racks(first: 2) { edges { node { name things { nodes { id } totalCount }"
    query += " done(where: {mood: {eq: GLAD}}, first: 1) { nodes { done mood } totalCount } } } } }"
    report = bench.run(bench.service.explain(Request(query)))
    assert len(report.statements) == 1
    edges = bench.data(query)["racks"]["edges"]
    assert [edge["node"]["name"] for edge in edges] == ["a", "b"]
    for edge in edges:
        assert len(edge["node"]["things"]["nodes"]) == 3
        assert edge["node"]["things"]["totalCount"] > 3
        nodes = edge["node"]["done"]["nodes"]
        assert all(node == {"done": True, "mood": "GLAD"} for node in nodes)


def test_only_a_total_reads_no_rows(bench: Served) -> None:
    report = bench.run(bench.service.explain(Request("{ shelves { things { totalCount } } }")))
    assert "row_number" not in report.statements[0].sql
    total = bench.data("{ shelves { things { totalCount(mode: CAPPED, cap: 2) totalCountKind } } }")
    assert total["shelves"][0]["things"] == {"totalCount": 2, "totalCountKind": "CAPPED"}
    assert total["shelves"][3]["things"] == {"totalCount": 0, "totalCountKind": "EXACT"}


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ("first: 1, last: 1", "BAD_USER_INPUT"),
        ("first: 21", "BAD_USER_INPUT"),
        ("last: -1", "BAD_USER_INPUT"),
        ('after: "x"', "BAD_CURSOR"),
        ("first: 1", "BAD_USER_INPUT"),
    ],
)
def test_limits(bench: Served, arguments: str, code: str) -> None:
    total = "totalCount(mode: ESTIMATED)" if arguments == "first: 1" else "totalCount"
    error = bench.error(f"{{ shelves(limit: 1) {{ things({arguments}) {{ {total} }} }} }}")
    assert error["extensions"]["code"] == code


def test_nothing_is_paged_by_a_denied_field(bench: Served) -> None:
    query = "{ shelves(limit: 1) { guarded { totalCount } } }"
    assert bench.error(query)["extensions"]["code"] == "FORBIDDEN"
    assert bench.data(query, context={"may_read": True})
    assert bench.data(query.replace("guarded", "guarded(orderBy: [{id: ASC}])"))


def test_documents_store_no_connection(bench: Served) -> None:
    (row,) = bench.fetch("SELECT data FROM tv_shelf WHERE id = 1")
    assert "things" not in row["data"]
    before = bench.data("{ kept { name things(first: 1) { totalCount } } }")["kept"]
    bench.execute("INSERT INTO thing (id, code) VALUES (200, 3)")
    after = bench.data("{ kept { name things(first: 1) { totalCount } } }")["kept"]
    bench.execute("DELETE FROM thing WHERE id = 200")
    assert (before[3]["things"]["totalCount"], after[3]["things"]["totalCount"]) == (0, 1)


def test_rows_are_filtered_by_a_connection_as_by_a_list(bench: Served) -> None:
    query = "{ shelves(where: {things: {some: {id: {gte: 0}}}}) { id } }"
    assert [row["id"] for row in bench.data(query)["shelves"]] == [0, 1, 2]


def test_the_cost_is_that_of_the_rows(bench: Served) -> None:
    def cost(size: int) -> int:
        text = "query ($n: Int) { shelves(limit: 2) { things(first: $n) { nodes { id } } } }"
        request = Request(text, None, {"n": size})
        serving, _, values = bench.run(bench.service._prepare(request, Timings(), ALL_RIGHTS))
        return serving.compiled.plan.cost.of(values)

    assert cost(10) - cost(0) == 2 * 10 * 1


def test_declarations(bench: Served) -> None:
    with pytest.raises(DeclarationError, match="via and connection"):
        fraiseql.embed("shelf", via="code", connection=True)

    @fraiseql.type(sql_source="heap")
    class Note:
        note: str | None

    @fraiseql.type(sql_source="shelf")
    class Board:
        id: int
        notes: list[Note] = fraiseql.embed("heap", on="shelf_id", connection=True)

    bench.execute("ALTER TABLE heap ADD shelf_id int")
    boards = served(bench.url, queries=[fraiseql.find("boards", Board)])
    with pytest.raises(SourceError, match="no key identifies"), boards:
        pass


@fraiseql.type(sql_source="shelf", tag="a")
class Open:
    id: int


@fraiseql.type(sql_source="shelf", tag="b")
class Locked:
    id: int = fraiseql.field(requires=lambda context: bool(context.get("may_read")))


def test_members_of_a_union_deny_its_cursors(database: str, bench: Served) -> None:
    union: Any = fraiseql.union("Lockers", [Open, Locked], sql_source="shelf", discriminator="name")
    with served(database, queries=[fraiseql.connection("lockers", union)]) as running:
        query = "{ lockers(first: 1) { edges { cursor node { __typename } } } }"
        assert running.error(query)["extensions"]["code"] == "FORBIDDEN"
        assert running.data(query, context={"may_read": True})["lockers"]["edges"]
