"""Functions of the database as mutations, and errors of the client as data."""

import json
from collections.abc import Iterator
from enum import Enum
from typing import Any

import pytest

import fraiseql
from tests.integration.serving.served import Served, served

TABLES = """
CREATE SCHEMA billing;
CREATE TABLE orders (
    id int PRIMARY KEY, state text NOT NULL DEFAULT 'open',
    paid int NOT NULL DEFAULT 0 CHECK (paid < 9)
);
CREATE TABLE line (id int PRIMARY KEY, order_id int NOT NULL REFERENCES orders);
INSERT INTO orders (id) VALUES (1), (2); INSERT INTO line VALUES (7, 1);
CREATE FUNCTION billing.pay(order_id int, amount int DEFAULT 2, into_state text DEFAULT 'paid')
RETURNS orders LANGUAGE plpgsql AS $$ DECLARE changed orders; BEGIN
  IF amount < 0 THEN RAISE 'Pay something.' USING COLUMN = 'amount'; END IF;
  UPDATE orders SET paid = paid + amount, state = into_state WHERE id = order_id
    RETURNING * INTO changed;
  RETURN changed; END $$;
CREATE FUNCTION close_all() RETURNS SETOF int LANGUAGE sql
  AS 'UPDATE orders SET state = ''closed'' RETURNING id';
CREATE FUNCTION total(factor int) RETURNS int LANGUAGE sql
  AS 'SELECT sum(paid)::int * factor FROM orders';
CREATE FUNCTION show(value jsonb, states text[]) RETURNS text LANGUAGE sql
  AS 'SELECT value::text || states::text';
CREATE FUNCTION tell(value jsonb) RETURNS jsonb LANGUAGE sql AS 'SELECT value';
CREATE FUNCTION tell_twice(value jsonb) RETURNS SETOF jsonb LANGUAGE sql
  AS 'SELECT value FROM generate_series(1, 2)';
CREATE FUNCTION pay_another() RETURNS SETOF orders LANGUAGE sql
  AS 'UPDATE orders SET paid = 1 WHERE id = 1; SELECT * FROM orders WHERE id = 2';
CREATE TABLE parts (id int PRIMARY KEY) PARTITION BY RANGE (id);
CREATE TABLE first_part PARTITION OF parts FOR VALUES FROM (0) TO (9);
CREATE TABLE secret (id int PRIMARY KEY, word text);
"""


@fraiseql.enum
class State(Enum):
    OPEN = "open"
    PAID = "paid"
    CLOSED = "closed"


@fraiseql.type(
    sql_source="secret",
    writes=fraiseql.Writes(create=["id", "word"], update=["word"], delete=True),
)
class Secret:
    id: int = fraiseql.field(requires=lambda _: False)
    word: str | None


@fraiseql.type(sql_source="parts")
class Part:
    id: int


@fraiseql.type(sql_source="first_part", writes=fraiseql.Writes(create=["id"]))
class FirstPart:
    id: int


@fraiseql.type(sql_source="line")
class Line:
    id: int


@fraiseql.type(
    sql_source="orders",
    writes=fraiseql.Writes(
        create=["id", "paid"], update=["id", "paid"], delete=True, errors="union"
    ),
)
class Order:
    id: int
    state: State
    paid: int = 0
    lines: list[Line] = fraiseql.embed("line", on="order_id", order_by="id", limit=9)


@fraiseql.input
class Amounts:
    first: int
    second: int


@fraiseql.mutation(errors="union")
async def check(info: fraiseql.Info, amounts: Amounts) -> Order | None:
    """Refuse every wrong amount at once."""
    if amounts.first == amounts.second == 0:
        return None
    wrong = [name for name, value in vars(amounts).items() if value < 0]
    if len(wrong) == 1:
        raise fraiseql.Forbidden("Not you.")
    if wrong:
        places = [("amounts", name) for name in wrong]
        raise ExceptionGroup("wrong", [fraiseql.InputError("Negative.", path=p) for p in places])
    return Order(id=9, state=State.OPEN, lines=[Line(id=1)])


@fraiseql.mutation
async def check_plainly(info: fraiseql.Info, amounts: Amounts) -> Order | None:
    return await check(info, amounts)


@fraiseql.mutation
async def quietly(info: fraiseql.Info) -> bool | None:
    await info.context["db"].execute("UPDATE orders SET paid = paid")
    return True


@fraiseql.mutation(errors="union")
def crash() -> Order | None:
    raise RuntimeError("secret")


ARGUMENTS = {"order_id": int, "amount": int | None, "into_state": State | None}
OPTIONS: dict[str, Any] = {
    "queries": [fraiseql.find("orders", Order), fraiseql.find("secrets", Secret)],
    "types": [Part, FirstPart],
    "mutations": [
        fraiseql.function("pay", ARGUMENTS, returns=Order, sql="billing.pay"),
        fraiseql.function("close_all", returns=list[Order]),
        fraiseql.function("total", {"factor": int}, returns=int),
        fraiseql.function("show", {"value": dict | None, "states": list[State]}, returns=str),
        fraiseql.function("tell", {"value": dict | None}, returns=dict),
        fraiseql.function("tell_twice", {"value": dict | None}, returns=list[dict | None]),
        fraiseql.function("pay_another", returns=list[Order]),
        check,
        check_plainly,
        crash,
        quietly,
    ],
}
REFUSED = "... on WriteRefused { errors { code message input } }"


@pytest.fixture(scope="module")
def shop(database: str) -> Iterator[Served]:
    with served(database, TABLES, **OPTIONS) as running:
        yield running


@pytest.fixture(autouse=True)
def fresh(shop: Served) -> None:
    shop.execute("UPDATE orders SET state = 'open', paid = 0; DELETE FROM orders WHERE id > 2")


def test_a_function_answers_through_the_planned_selection(shop: Served) -> None:
    paid = shop.data("mutation { pay(orderId: 1) { id state paid lines { id } } }")
    assert paid["pay"] == {"id": 1, "state": "PAID", "paid": 2, "lines": [{"id": 7}]}
    paid = shop.data("mutation { pay(orderId: 1, amount: 3, intoState: OPEN) { state paid } }")
    assert paid["pay"] == {"state": "OPEN", "paid": 5}


def test_a_function_may_return_keys_or_a_value(shop: Served) -> None:
    answer = shop.data("mutation { closeAll { id state } total(factor: 2) }")
    closed = [{"id": 1, "state": "CLOSED"}, {"id": 2, "state": "CLOSED"}]
    assert answer == {"closeAll": closed, "total": 0}


def test_a_function_that_finds_nothing_is_null(shop: Served) -> None:
    assert shop.data("mutation { pay(orderId: 99) { id } }") == {"pay": None}


@pytest.mark.parametrize("value", [{"a": None}, [1, "x"], "{}", 1.5, True])
def test_arguments_are_any_json_and_lists_of_enums(shop: Served, value: Any) -> None:
    query = "mutation ($value: JSON) { show(value: $value, states: [OPEN, PAID])"
    answer = shop.data(query + " tell(value: $value) tellTwice(value: $value) }", {"value": value})
    assert json.loads(answer["show"].removesuffix("{open,paid}")) == value
    assert answer["tell"] == value
    assert answer["tellTwice"] == [value, value]


def test_a_function_refuses_with_its_own_words(shop: Served) -> None:
    error = shop.error("mutation { pay(orderId: 1, amount: -1) { id } }")
    assert error["message"] == "Pay something."
    assert error["extensions"] == {"code": "RAISE_EXCEPTION", "input": ["amount"]}


def test_refusals_are_data_where_it_is_declared(shop: Served) -> None:
    selection = f"{{ ... on Order {{ id paid lines {{ id }} }} {REFUSED} }}"
    made = shop.data(f"mutation {{ v: createOrder(input: {{id: 3, paid: 1}}) {selection} }}")
    assert made["v"] == {"id": 3, "paid": 1, "lines": []}
    again = shop.data(f"mutation {{ v: createOrder(input: {{id: 3}}) {selection} }}")
    (error,) = again["v"]["errors"]
    assert error["code"] == "UNIQUE_VIOLATION"
    assert error["input"] == ["input", "id"]
    gone = shop.data(f"mutation {{ v: updateOrder(id: 9, set: {{paid: 1}}) {selection} }}")
    assert gone["v"]["errors"][0]["code"] == "ROW_NOT_FOUND"
    assert shop.fetch("SELECT paid FROM orders WHERE id = 3") == [{"paid": 1}]


def test_all_errors_of_the_input_are_returned_at_once(shop: Served) -> None:
    query = "mutation ($a: Amounts!) { v: check(amounts: $a) { __typename ... on Order { id"
    query += f" state lines {{ id }} }} {REFUSED} }} }}"
    both = shop.data(query, {"a": {"first": -1, "second": -1}})["v"]
    assert [error["input"] for error in both["errors"]] == [
        ["amounts", "first"],
        ["amounts", "second"],
    ]
    assert both["__typename"] == "WriteRefused"
    one = shop.data(query, {"a": {"first": -1, "second": 1}})["v"]
    assert one["errors"] == [{"code": "FORBIDDEN", "message": "Not you.", "input": []}]
    right = shop.data(query, {"a": {"first": 1, "second": 1}})["v"]
    assert right == {"__typename": "Order", "id": 9, "state": "OPEN", "lines": [{"id": 1}]}
    assert shop.data(query, {"a": {"first": 0, "second": 0}})["v"] is None
    plain = "mutation { checkPlainly(amounts: {first: -1, second: -1}) { id } }"
    assert [error["extensions"]["input"] for error in shop.ask(plain)["errors"]] == [
        ["amounts", "first"],
        ["amounts", "second"],
    ]


def test_internal_errors_are_never_data(shop: Served) -> None:
    error = shop.error("mutation { crash { __typename } }")
    assert (error["message"], error["path"]) == ("Internal server error", ["crash"])


def test_written_types_are_reported_where_it_is_asked_for(shop: Served) -> None:
    with served(shop.url, **OPTIONS, changed_types=True) as telling:
        created = telling.ask(
            "mutation { a: createOrder(input: {id: 3}) { __typename }"
            " b: createOrder(input: {id: 4}) { __typename } c: total(factor: 1)"
            " d: deleteOrder(id: 77) { __typename } }"
        )
        keys = [{"id": 3}, {"id": 4}]
        assert created["extensions"] == {"fraiseql": {"changed": [{"type": "Order", "keys": keys}]}}
        closed = telling.ask("mutation { a: pay(orderId: 1) { id } quietly }")
        assert closed["extensions"]["fraiseql"]["changed"] == [{"type": "Order", "keys": None}]
        assert "extensions" not in telling.ask("mutation { a: pay(orderId: 1, amount: -1) { id } }")
        assert "extensions" not in telling.ask("{ orders { id } }")
        made = telling.ask("mutation { createFirstPart(input: {id: 1}) { id } }")
        assert made["extensions"]["fraiseql"]["changed"] == [
            {"type": "FirstPart", "keys": [{"id": 1}]},
            {"type": "Part", "keys": None},
        ]
    assert "extensions" not in shop.ask("mutation { pay(orderId: 1) { id } }")


@pytest.mark.parametrize(
    ("operation", "type_name"),
    [
        ("payAnother { id }", "Order"),  # a function may return other rows than it wrote
        ("updateOrder(id: 3, set: {id: 4}) { __typename }", "Order"),  # clients have the old key
        ("createSecret(input: {id: 9}) { word }", "Secret"),
        ('updateManySecret(all: true, set: {word: "x"}) { word }', "Secret"),
    ],
)
def test_keys_are_reported_only_if_they_are_known_and_readable(
    shop: Served, operation: str, type_name: str
) -> None:
    shop.execute(
        "INSERT INTO orders (id) VALUES (3); TRUNCATE secret; INSERT INTO secret VALUES (1)"
    )
    with served(shop.url, **OPTIONS, changed_types=True) as telling:
        answer = telling.ask(f"mutation {{ v: {operation} }}")
    assert "errors" not in answer
    assert answer["extensions"]["fraiseql"]["changed"] == [{"type": type_name, "keys": None}]


def test_a_union_needs_an_object_type() -> None:
    @fraiseql.mutation(errors="union")
    def count() -> int:
        return 1

    with pytest.raises(fraiseql.DeclarationError, match="errors='union'"):
        fraiseql.build_schema(queries=OPTIONS["queries"], mutations=[count])
