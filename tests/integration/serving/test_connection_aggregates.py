"""Aggregates in connections: of all rows of the filter, whatever the page."""

from collections.abc import Iterator
from typing import Any

import pytest
from graphql import print_schema

import fraiseql
from fraiseql.errors import DeclarationError
from tests.cache_environment import apply_schema
from tests.integration.serving.served import Served, served

TABLES = """
CREATE TABLE shop (id int PRIMARY KEY, name text NOT NULL);
CREATE TABLE sale (id int PRIMARY KEY, shop_id int REFERENCES shop, country text, quantity int,
  price numeric, cost int);
INSERT INTO shop VALUES (1, 'One'), (2, 'Two'), (3, 'Empty');
INSERT INTO sale SELECT n, 1 + n % 2, (ARRAY['PT', 'FR', NULL])[1 + n % 3],
  CASE WHEN n % 4 > 0 THEN n END, n + 0.1, n FROM generate_series(1, 40) AS n;
CREATE TABLE stock (id int PRIMARY KEY, country text, quantity int);
INSERT INTO stock SELECT id, country, quantity FROM sale;
CREATE ROLE sale_reader;
GRANT SELECT ON sale, shop TO sale_reader;
ALTER TABLE sale ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON sale TO sale_reader USING (shop_id = current_setting('app.shop')::int);
"""


def may(context: Any) -> bool:
    return bool(context.get("may"))


@fraiseql.type(sql_source="sale")
class Sale:
    id: int
    country: str | None
    quantity: int | None
    price: float | None
    cost: int | None = fraiseql.field(default=None, requires=may)


@fraiseql.type(sql_source="shop")
class Shop:
    id: int
    name: str
    sales: list[Sale] = fraiseql.embed("sale", on="shop_id", connection=True, order_by="-id")


@fraiseql.type(sql_source="stock", stored=fraiseql.Projection(), name="StoredSale")
class StoredSale:
    id: int
    country: str | None
    quantity: int | None


QUERIES = [
    fraiseql.connection("sales", Sale, order_by="id", aggregates=True, max_limit=100),
    fraiseql.connection("stored_sales", StoredSale, order_by="id", aggregates=True),
    fraiseql.aggregate("totals", Sale),
    fraiseql.find("shops", Shop, order_by="id"),
    fraiseql.connection("plain_shops", Shop, order_by="id"),
]
ALL = """count countDistinct { country quantity } sum { quantity price } avg { quantity }
  min { country quantity } max { country price }"""


@pytest.fixture(scope="module")
def bench(database: str) -> Iterator[Served]:
    roles = "DROP ROLE IF EXISTS sale_reader;"
    with served(database, roles + TABLES, queries=QUERIES) as running:
        running.run(apply_schema(database, running.service.schema))
        running.run(running.service.republish())
        yield running
        running.execute("DROP OWNED BY sale_reader; DROP ROLE sale_reader")


@pytest.mark.parametrize(
    "where",
    [
        "{}",
        '{country: {eq: "PT"}}',
        "{quantity: {isNull: true}}",
        "{id: {gt: 1000}}",
        "{or: [{id: {lt: 3}}, {country: {isNull: true}}]}",
    ],
)
@pytest.mark.parametrize("page", ["first: 2", "last: 3", "first: 0"])
def test_aggregates_are_of_all_rows_of_the_filter(bench: Served, where: str, page: str) -> None:
    query = f"""{{ sales(where: {where}, {page}) {{
        totalCount nodes {{ id }} aggregate {{ {ALL} }} }}
      totals(where: {where}) {{ {ALL} }} }}"""
    answer = bench.data(query)
    assert [answer["sales"]["aggregate"]] == answer["totals"]
    assert answer["sales"]["totalCount"] == answer["sales"]["aggregate"]["count"]


def test_known_values(bench: Served) -> None:
    query = "{ sales(where: {id: {lte: 4}}, first: 1) { aggregate { count sum { quantity } } } }"
    assert bench.data(query) == {"sales": {"aggregate": {"count": 4, "sum": {"quantity": 6}}}}


def test_a_page_behind_a_cursor_has_the_same_aggregates(bench: Served) -> None:
    query = """query ($after: String) { sales(first: 7, after: $after) {
      aggregate { count sum { quantity } } pageInfo { endCursor hasNextPage } } }"""
    seen, after = [], None
    for _ in range(6):
        page = bench.data(query, {"after": after})["sales"]
        seen.append(page["aggregate"])
        after = page["pageInfo"]["endCursor"]
    assert seen == [{"count": 40, "sum": {"quantity": 600}}] * 6
    assert not page["pageInfo"]["hasNextPage"]


def test_aliases_have_their_own_selections(bench: Served) -> None:
    query = """{ sales { a: aggregate { n: count }
      b: aggregate { __typename max { id cost: quantity } }
      c: aggregate { __typename } } }"""
    assert bench.data(query)["sales"] == {
        "a": {"n": 40},
        "b": {"__typename": "SaleAggregate", "max": {"id": 40, "cost": 39}},
        "c": {"__typename": "SaleAggregate"},
    }


def test_embedded_connections_have_the_aggregates_of_their_rows(bench: Served) -> None:
    query = f"""{{ shops {{ id all: sales(first: 1) {{ aggregate {{ {ALL} }} nodes {{ id }} }}
      some: sales(where: {{country: {{eq: "FR"}}}}) {{ aggregate {{ {ALL} }} totalCount }} }} }}"""
    for shop in bench.data(query)["shops"]:
        rows = bench.fetch("SELECT * FROM sale WHERE shop_id = $1", shop["id"])
        for part, chosen in (
            (shop["all"], rows),
            (shop["some"], [row for row in rows if row["country"] == "FR"]),
        ):
            numbers = [row["quantity"] for row in chosen if row["quantity"] is not None]
            found = part["aggregate"]
            assert found["count"] == len(chosen)
            assert found["sum"]["quantity"] == (sum(numbers) if numbers else None)
            assert found["countDistinct"]["quantity"] == len(set(numbers))
            assert found["max"]["price"] == (
                max(float(row["price"]) for row in chosen) if chosen else None
            )


def test_one_field_is_one_statement(bench: Served) -> None:
    query = "{ sales(first: 2) { nodes { id } totalCount aggregate { sum { quantity } } } }"
    explained = bench.run(bench.service.explain(fraiseql.serving.Request(query), {}))
    assert len(explained.statements) == 1


def test_a_denied_field_is_not_aggregated(bench: Served) -> None:
    query = "{ sales { aggregate { count sum { cost quantity } } } }"
    answer = bench.ask(query)
    assert answer["data"]["sales"]["aggregate"]["sum"] == {"cost": None, "quantity": 600}
    (error,) = answer["errors"]
    assert error["extensions"]["code"] == "FORBIDDEN"
    assert error["path"] == ["sales", "aggregate", "sum", "cost"]
    allowed = bench.data(query, context={"may": True})
    assert allowed["sales"]["aggregate"]["sum"]["cost"] == 820


def test_rows_are_not_grouped(bench: Served) -> None:
    error = bench.error("{ sales { aggregate { key { country } } } }")
    assert "not grouped by country" in error["message"]


@pytest.mark.parametrize("shop", [1, 2])
def test_row_security_holds(bench: Served, shop: int) -> None:
    context = {"role": "sale_reader", "session": {"app.shop": str(shop)}}
    query = "{ sales { aggregate { count max { id } } } shops { sales { aggregate { count } } } }"
    answer = bench.data(query, context=context)
    assert answer["sales"]["aggregate"] == {"count": 20, "max": {"id": 40 if shop == 1 else 39}}
    counts = [each["sales"]["aggregate"]["count"] for each in answer["shops"]]
    assert counts == [20 if number == shop else 0 for number in (1, 2, 3)]


def test_stored_types_are_aggregated_live(bench: Served) -> None:
    query = "{ storedSales(first: 1) { nodes { id quantity } aggregate { sum { quantity } } } }"
    assert bench.data(query)["storedSales"] == {
        "nodes": [{"id": 1, "quantity": 1}],
        "aggregate": {"sum": {"quantity": 600}},
    }


def test_only_connections_that_ask_for_it_have_the_field(bench: Served) -> None:
    schema = print_schema(bench.service.schema.graphql)
    assert "type ShopConnection {" in schema
    assert "ShopAggregate" not in schema
    assert schema.count("aggregate: SaleAggregate!") == 1


def test_interfaces_have_no_aggregates() -> None:
    @fraiseql.interface(sql_source="sale")
    class Thing:
        id: int

    @fraiseql.type
    class Good(Thing):
        pass

    with pytest.raises(DeclarationError, match="aggregates Thing, which is no object type"):
        fraiseql.build_schema([Good], [fraiseql.connection("things", Thing, aggregates=True)])
