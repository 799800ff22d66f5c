"""Aggregates of groups of rows, against an oracle over Python dicts."""

import json
import random
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from enum import Enum
from typing import Any

import pytest

import fraiseql
from fraiseql import Cache
from tests.integration.serving.oracle import selected
from tests.integration.serving.results.env import outcomes, respond, served_with_caches
from tests.integration.serving.served import Served, served

TABLES = """
CREATE TABLE sale (id int PRIMARY KEY, country text, kind text NOT NULL, quantity int,
  price numeric, weight float8, sold_on date, cost int, data jsonb NOT NULL);
"""


@fraiseql.enum
class Kind(Enum):
    SHOP = "shop"
    WEB = "the web"


def _may(context: Any) -> bool:
    return bool(context.get("may"))


@fraiseql.type(sql_source="sale", jsonb_column="data")
class Sale:
    id: int
    country: str | None
    kind: Kind
    quantity: int | None
    price: Decimal | None
    weight: float | None
    sold_on: str | None
    cost: int | None = fraiseql.field(default=None, requires=_may)
    points: int | None
    tags: list[str] | None


@fraiseql.type(sql_source="sale")
class Slip:
    """Sales with numbers that a client reads as texts."""

    id: str


CHOSEN = random.Random(5)
ROWS: list[dict[str, Any]] = [
    {
        "id": n,
        "country": CHOSEN.choice(["PT", "FR", "NZ", None]),
        "kind": CHOSEN.choice(["shop", "the web"]),
        "quantity": CHOSEN.choice([1, 2, 2_000_000_000, None]),
        "price": CHOSEN.choice([Decimal("0.1"), Decimal("12345678901234567890.5"), None]),
        "weight": CHOSEN.choice([0.5, 2.0, None]),
        "sold_on": CHOSEN.choice(["2026-01-02", "2025-12-31", None]),
        "cost": CHOSEN.choice([1, 2]),
        "points": CHOSEN.choice([1, 5, None]),
    }
    for n in range(60)
]
QUERIES = [
    fraiseql.aggregate("sale_totals", Sale, max_limit=50),
    fraiseql.aggregate("shop_totals", Sale, where={"kind": "shop"}),
    fraiseql.aggregate("slip_totals", Slip),
    fraiseql.find("sales", Sale),
]
MAY = {"may": True}
NUMBERS = ("quantity", "price", "weight", "points")


@pytest.fixture(scope="module")
def bench(database: str) -> Iterator[Served]:
    with served(database, TABLES, queries=QUERIES) as running:
        for row in ROWS:
            *values, points = row.values()
            running.fetch(
                "INSERT INTO sale VALUES ($1, $2, $3, $4, $5, $6, $7::text::date, $8, $9)",
                *values,
                json.dumps({"points": points}),
            )
        yield running


def exact(body: bytes) -> Any:
    answer = json.loads(body, parse_float=Decimal)
    assert "errors" not in answer, answer["errors"]
    return answer["data"]


def values(rows: Sequence[Mapping[str, Any]], name: str) -> list[Any]:
    return [row[name] for row in rows if row[name] is not None]


def total(numbers: Sequence[Any]) -> Any:
    return sum(map(Decimal, numbers)) if numbers else None


SELECTED = """count countDistinct { country quantity price }
    sum { quantity price weight points } avg { price points }
    min { quantity soldOn country points } max { price soldOn }"""


def expected(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the aggregates of one group."""
    averages = {}
    for name in ("price", "points"):
        numbers = values(rows, name)
        averages[name] = total(numbers) / len(numbers) if numbers else None  # type: ignore[operator]
    return {
        "count": len(rows),
        "countDistinct": {
            name: len(set(values(rows, name))) for name in ("country", "quantity", "price")
        },
        "sum": {name: total(values(rows, name)) for name in NUMBERS},
        "avg": averages,
        "min": {
            "quantity": min(values(rows, "quantity"), default=None),
            "soldOn": min(values(rows, "sold_on"), default=None),
            "country": min(values(rows, "country"), default=None),
            "points": min(values(rows, "points"), default=None),
        },
        "max": {
            "price": max(values(rows, "price"), default=None),
            "soldOn": max(values(rows, "sold_on"), default=None),
        },
    }


def close(ours: Any, theirs: Any) -> bool:
    """Compare with all digits, except those that a division leaves out."""
    if isinstance(theirs, dict):
        return all(close(ours[key], value) for key, value in theirs.items())
    if isinstance(theirs, Decimal) and ours is not None:
        return abs(Decimal(ours) - theirs) <= abs(theirs) / 10**15
    return bool(ours == theirs)


@pytest.mark.parametrize("where", [{}, {"points": {"gt": 1}}, {"id": {"lt": 0}}])
def test_all_rows_are_one_group(bench: Served, where: dict[str, Any]) -> None:
    query = f"query ($w: SaleWhere) {{ saleTotals(where: $w) {{ {SELECTED} }} }}"
    (group,) = exact(bench.body(query, {"w": where}))["saleTotals"]
    whole = expected(selected(ROWS, where))
    assert close(group, whole)
    # Sums of integers and decimals have all their digits.
    assert group["sum"]["price"] == whole["sum"]["price"]
    assert group["sum"]["quantity"] == whole["sum"]["quantity"]


@pytest.mark.parametrize("where", [{}, {"id": {"lt": 0}}])
def test_all_rows_are_one_group_without_any_aggregate(bench: Served, where: dict[str, Any]) -> None:
    query = "query ($w: SaleWhere) { saleTotals(where: $w) { %s } }"
    assert bench.ask(query % "__typename", {"w": where})["data"]["saleTotals"] == [
        {"__typename": "SaleAggregate"}
    ]
    denied = bench.ask(query % "sum { cost }", {"w": where})
    assert [error["path"] for error in denied["errors"]] == [["saleTotals", 0, "sum", "cost"]]


@pytest.mark.parametrize("keys", [["country"], ["kind", "points"], ["soldOn", "country", "kind"]])
def test_groups_are_those_of_equal_values(bench: Served, keys: list[str]) -> None:
    names = {"soldOn": "sold_on"}
    kinds = {"shop": "SHOP", "the web": "WEB"}
    query = f"""query ($g: [SaleAggregateField!]) {{ saleTotals(groupBy: $g, limit: 50) {{
        key {{ {" ".join(keys)} }} {SELECTED} }} }}"""
    groups = exact(bench.body(query, {"g": keys}))["saleTotals"]
    found = {}
    for group in groups:
        found[tuple(group["key"][key] for key in keys)] = group
    by_key: dict[Any, list[Any]] = {}
    for row in ROWS:
        key = tuple(kinds.get(row[names.get(k, k)], row[names.get(k, k)]) for k in keys)
        by_key.setdefault(key, []).append(row)
    assert len(found) == len(groups) and found.keys() == by_key.keys()  # noqa: PT018
    for key, rows in by_key.items():
        assert close(found[key], expected(rows)), key


@pytest.mark.parametrize(
    ("having", "holds"),
    [
        ({"count": {"gt": 12}}, lambda group: group["count"] > 12),
        ({"count": {"in": [1, 13, 17]}}, lambda group: group["count"] in (1, 13, 17)),
        ({"sum": {"points": {"lte": 30}}}, lambda group: group["sum"]["points"] <= 30),
        ({"avg": {"points": {"gte": "2.5"}}}, lambda group: group["avg"]["points"] >= 2.5),
        ({"min": {"quantity": {"eq": 1}}}, lambda group: group["min"]["quantity"] == 1),
        ({"max": {"price": {"isNull": False}}}, lambda group: group["max"]["price"] is not None),
        ({"countDistinct": {"price": {"neq": 2}}}, lambda g: g["countDistinct"]["price"] != 2),
        ({"sum": {"price": {"eq": None}}}, lambda group: group["sum"]["price"] is None),
        ({"count": {"gt": 3}, "sum": {"points": {"lt": 40}}}, lambda g: g["sum"]["points"] < 40),
    ],
)
def test_having_tests_groups(bench: Served, having: dict[str, Any], holds: Any) -> None:
    fields = """key { country } count sum { points price } avg { points } min { quantity }
        max { price } countDistinct { price }"""
    head = "query ($h: SaleAggregateHaving)"
    query = f"{head} {{ saleTotals(groupBy: [country], having: $h) {{ {fields} }} }}"
    whole = exact(bench.body(query))["saleTotals"]
    assert exact(bench.body(query, {"h": having}))["saleTotals"] == [
        group for group in whole if holds(group)
    ]


def test_groups_are_ordered_and_paged(bench: Served) -> None:
    query = """query ($o: [SaleAggregateOrderBy!], $n: Int, $s: Int) {
        saleTotals(groupBy: [country], orderBy: $o, limit: $n, offset: $s) {
        key { country } count sum { quantity } } }"""
    groups = bench.data(query)["saleTotals"]
    assert [group["key"]["country"] for group in groups] == ["FR", "NZ", "PT", None]
    by_count = [{"count": "DESC"}, {"key": {"country": "DESC"}}]
    greatest_first = groups[::-1]
    greatest_first.sort(key=lambda group: -group["count"])
    assert bench.data(query, {"o": by_count})["saleTotals"] == greatest_first
    by_sum = [{"sum": {"quantity": "ASC"}}]
    ordered = sorted(groups, key=lambda group: group["sum"]["quantity"])
    paged = bench.data(query, {"o": by_sum, "n": 2, "s": 1})["saleTotals"]
    assert paged == ordered[1:3]
    assert bench.error(query, {"n": 51})["extensions"]["code"] == "BAD_USER_INPUT"


def test_numbers_that_are_read_as_texts_are_compared_as_numbers(bench: Served) -> None:
    (group,) = bench.ask("{ slipTotals { min { id } max { id } } }")["data"]["slipTotals"]
    assert group == {"min": {"id": "0"}, "max": {"id": "59"}}


def test_a_declared_filter_applies(bench: Served) -> None:
    assert bench.data("{ shopTotals { count __typename } }") == {
        "shopTotals": [
            {"count": len(selected(ROWS, {"kind": "shop"})), "__typename": "SaleAggregate"}
        ]
    }


@pytest.mark.parametrize(
    "query",
    [
        "{ saleTotals { sum { cost } count } }",
        "{ saleTotals { max { cost } count } }",
        "{ saleTotals(groupBy: [cost]) { count } }",
        "{ saleTotals(groupBy: [kind], having: {sum: {cost: {gt: 1}}}) { count } }",
        "{ saleTotals(groupBy: [kind], orderBy: [{avg: {cost: DESC}}]) { count } }",
        "{ saleTotals(where: {cost: {gt: 1}}) { count } }",
        "query ($g: [SaleAggregateField!] = [cost]) { saleTotals(groupBy: $g) { count } }",
    ],
)
def test_a_denied_field_is_not_aggregated(bench: Served, query: str) -> None:
    assert bench.error(query)["extensions"]["code"] == "FORBIDDEN"
    assert "errors" not in bench.ask(query, context=MAY)


@pytest.mark.parametrize(
    ("query", "part"),
    [
        ("{ saleTotals(groupBy: [kind]) { key { country } } }", "not grouped by country"),
        ("{ saleTotals(orderBy: [{key: {kind: ASC}}]) { count } }", "not grouped by kind"),
        ("{ saleTotals(having: {count: {gt: null}}) { count } }", "cannot compare with null"),
        ("{ saleTotals(having: {count: null}) { count } }", "count in having cannot be null"),
        ("{ saleTotals(having: {sum: null}) { count } }", "sum in having cannot be null"),
        ("{ saleTotals(having: {sum: {price: null}}) { count } }", "price in having cannot"),
        ("{ saleTotals { sum { kind } } }", "kind"),
        ("{ saleTotals { min { kind } } }", "kind"),
    ],
)
def test_an_impossible_request_is_an_error(bench: Served, query: str, part: str) -> None:
    error = bench.ask(query)["errors"][0]
    assert part in error["message"]


def test_a_cached_aggregate_follows_writes(database: str) -> None:
    queries = [fraiseql.aggregate("sale_totals", Sale, cache=Cache())]
    query = "query ($h: Int) { saleTotals(groupBy: [kind], having: {count: {gt: $h}}) { count } }"
    insert = "INSERT INTO sale (id, kind, data) VALUES ({}, 'shop', '{{}}')"
    with served_with_caches(database, queries=queries) as cached:
        cached.execute("DELETE FROM sale")
        for write, least, counts, outcome in (
            (insert.format(1), 0, [1], "miss"),
            ("SELECT 1", 0, [1], "hit"),
            ("SELECT 1", 1, [], "miss"),
            (insert.format(2), 1, [2], "stale"),
        ):
            cached.execute(write)
            response = respond(cached, query, variables={"h": least})
            groups = json.loads(response.body)["data"]["saleTotals"]
            assert [group["count"] for group in groups] == counts
            assert outcomes(response) == {"saleTotals": outcome}


def test_only_object_types_are_aggregated() -> None:
    @fraiseql.interface(sql_source="sale", jsonb_column="data")
    class Sold:
        id: int

    with pytest.raises(fraiseql.DeclarationError, match="which is no object type"):
        fraiseql.build_schema(queries=[fraiseql.aggregate("totals", Sold)])
