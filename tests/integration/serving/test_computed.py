"""Computed fields: parents, arguments, batches, errors and returned objects."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

import fraiseql
from tests.integration.serving.served import Served, served

TABLES = """
CREATE TABLE shop (id int PRIMARY KEY, name text NOT NULL, rate numeric);
CREATE TABLE item (id int PRIMARY KEY, shop_id int, data jsonb NOT NULL);
INSERT INTO shop VALUES (1, 'one', 1.10), (2, 'two', NULL), (3, 'three', 3);
INSERT INTO item VALUES
    (1, 1, '{"title": "a", "price": 12345678901234567890.10, "maker": {"name": "m", "rank": 1}}'),
    (2, 1, '{"title": "b", "price": "cheap"}'), (3, 3, '{"title": "c"}');
"""
calls: list[tuple[str, list[Any]]] = []


@fraiseql.type
class Badge:
    text: str

    @fraiseql.field
    async def shout(self) -> str:
        return self.text.upper() + "!"

    @fraiseql.field
    def again(self) -> "Badge | None":
        return Badge(text=self.text + self.text) if len(self.text) < 8 else None


@fraiseql.type
class Maker:
    name: str
    rank: int | None

    @fraiseql.field(needs=["rank"])
    def grade(self) -> str:
        return "first" if self.rank == 1 else "other"

    @fraiseql.field(needs=["rank"])
    def unread(self) -> str | None:
        return self.name


@fraiseql.type(sql_source="item", jsonb_column="data")
class Item:
    id: int
    title: str
    price: Decimal | None
    maker: Maker | None

    @fraiseql.field(needs=["price"])
    def doubled(self, times: int = 2) -> Decimal | None:
        return None if self.price is None else self.price * times

    @fraiseql.field(needs=["title", "maker"])
    async def badge(self) -> Badge:
        return Badge(text=self.title + (self.maker.name if self.maker else ""))

    @fraiseql.field(needs=["id"], batch=True)
    @staticmethod
    async def ranks(parents: list["Item"], start: int = 0) -> list[int | None]:
        calls.append(("ranks", [parent.id for parent in parents]))
        return [None if parent.id == 2 else start + parent.id for parent in parents]


@fraiseql.type(sql_source="shop")
class Shop:
    id: int
    name: str
    rate: Decimal | None
    items: list[Item] = fraiseql.embed("item", on="shop_id", order_by="id")

    @fraiseql.field(needs=["id"], batch=True)
    @staticmethod
    def short(parents: list["Shop"]) -> list[int | None]:
        return [1]

    @fraiseql.field(needs=["id", "name"], batch=True)
    @staticmethod
    def partly(parents: list["Shop"]) -> list[str | None]:
        failure = fraiseql.InputError("not this one")
        return [failure if parent.id == 2 else parent.name for parent in parents]

    @fraiseql.field(needs=["id"], batch=True)
    @staticmethod
    def odd_value(parents: list["Shop"]) -> list[str | None]:
        return [object() if parent.id == 2 else "fine" for parent in parents]

    @fraiseql.field(needs=["id"], batch=True)
    @staticmethod
    def broken(parents: list["Shop"]) -> list[str | None]:
        raise RuntimeError("the secret")

    @fraiseql.field(needs=["id"])
    def sometimes(self) -> str:
        if self.id == 2:
            raise fraiseql.InputError("two is no name")
        return f"shop {self.id}"

    @fraiseql.field(needs=["rate"])
    def seen(self, info: fraiseql.Info) -> str:
        return f"{self.rate} {info.field_name} {info.context['who']}"

    @fraiseql.field
    def everything(self) -> str:
        return f"{self.id} {self.name} {self.rate}"

    @fraiseql.field(needs=["id"])
    def badges(self) -> list[Badge | None]:
        return [Badge(text="x"), None, Badge(text="y")]

    @fraiseql.field(needs=["id"])
    async def best(self, info: fraiseql.Info) -> Item | None:
        row = await info.context["db"].fetchrow("SELECT * FROM item WHERE shop_id = $1", self.id)
        return None if row is None else info.document(row, "Item")


@fraiseql.query
def built() -> Shop:
    """A shop that no table holds."""
    return Shop(id=9, name="made", rate=Decimal("1.50"), items=[])


QUERIES = [fraiseql.find("shops", Shop), fraiseql.find("items", Item), built]


@pytest.fixture(scope="module")
def bench(database: str) -> Iterator[Served]:
    with served(database, TABLES, queries=QUERIES, pool_size=4) as running:
        yield running


def shops(bench: Served, selection: str) -> list[Any]:
    return bench.data(f"{{ shops {{ {selection} }} }}", context={"who": "me"})["shops"]


def test_the_parent_has_what_the_field_needs(bench: Served) -> None:
    assert shops(bench, "seen") == [
        {"seen": "1.10 seen me"},
        {"seen": "None seen me"},
        {"seen": "3 seen me"},
    ]


def test_a_field_without_needs_has_every_stored_leaf(bench: Served) -> None:
    answer = [shop["everything"] for shop in shops(bench, "everything")]
    assert answer == ["1 one 1.10", "2 two None", "3 three 3"]


def test_arguments_of_aliases_stay_apart(bench: Served) -> None:
    query = "query ($n: Int) { items(limit: 1) { a: doubled b: doubled(times: $n) } }"
    body = bench.body(query, {"n": 3})
    assert body == (
        b'{"data":{"items":[{"a":24691357802469135780.20,"b":37037036703703703670.30}]}}'
    )
    assert b'"b":24691357802469135780.20' in bench.body(query)


def test_a_batch_is_called_once_for_all_parents(bench: Served) -> None:
    calls.clear()
    data = bench.data("{ items { ranks high: ranks(start: 10) } }")["items"]
    assert [(item["ranks"], item["high"]) for item in data] == [(1, 11), (None, None), (3, 13)]
    assert calls == [("ranks", [1, 2, 3])] * 2
    calls.clear()
    assert shops(bench, "items { ranks }")[2] == {"items": [{"ranks": 3}]}
    assert calls == [("ranks", [1, 2, 3])], "once for all lists of all shops"


def errors(bench: Served, query: str, **more: Any) -> tuple[Any, dict[str, Any]]:
    answer = bench.ask(query, **more)
    return answer["data"], {"/".join(map(str, e["path"])): e for e in answer["errors"]}


def test_one_failure_stays_in_its_place(bench: Served) -> None:
    data, reported = errors(bench, "{ shops { id partly } }")
    assert [shop["partly"] for shop in data["shops"]] == ["one", None, "three"]
    assert list(reported) == ["shops/1/partly"]
    assert reported["shops/1/partly"]["message"] == "not this one"


def test_a_value_without_a_json_form_fails_alone(bench: Served) -> None:
    data, reported = errors(bench, "{ shops { oddValue } }")
    assert [shop["oddValue"] for shop in data["shops"]] == ["fine", None, "fine"]
    assert reported["shops/1/oddValue"]["extensions"]["code"] == "BAD_DOCUMENT"


def test_a_whole_batch_that_fails(bench: Served) -> None:
    data, reported = errors(bench, "{ shops { id broken } }")
    assert data["shops"][2] == {"id": 3, "broken": None}
    assert {error["message"] for error in reported.values()} == {"Internal server error"}
    assert list(reported) == ["shops/0/broken", "shops/1/broken", "shops/2/broken"]


def test_a_batch_of_another_length(bench: Served) -> None:
    data, reported = errors(bench, "{ shops { short } }")
    assert data["shops"] == [{"short": None}] * 3
    message = reported["shops/0/short"]["message"]
    assert message == "Shop.short received 3 parents and returned 1 values."


def test_a_failure_at_a_place_that_may_not_be_null(bench: Served) -> None:
    data, reported = errors(bench, "{ shops { sometimes } }")
    assert data is None
    assert list(reported) == ["shops/1/sometimes"]
    assert bench.data("{ built { sometimes } }") == {"built": {"sometimes": "shop 9"}}


def test_a_parent_that_cannot_be_made_fails_alone(bench: Served) -> None:
    data, reported = errors(bench, "{ items { title doubled } }")
    assert [item["doubled"] is None for item in data["items"]] == [False, True, True]
    assert list(reported) == ["items/1/doubled"]
    assert "'price'" in reported["items/1/doubled"]["message"]


def test_a_field_that_was_not_read_is_an_error(bench: Served) -> None:
    _, reported = errors(bench, "{ items(limit: 1) { maker { name unread } } }")
    error = reported["items/0/maker/unread"]
    assert error["extensions"]["code"] == "FIELD_NOT_READ"
    assert error["message"] == "Maker.name was not read for this computed field."
    assert error["extensions"]["hint"] == "Name it: @fraiseql.field(needs=['name', ...])."


def test_computed_fields_of_objects_inside_documents_and_embeds(bench: Served) -> None:
    answer = shops(bench, "items { maker { grade } badge { text shout } }")
    assert answer[0]["items"] == [
        {"maker": {"grade": "first"}, "badge": {"text": "am", "shout": "AM!"}},
        {"maker": None, "badge": {"text": "b", "shout": "B!"}},
    ]


def test_computed_objects_have_computed_fields_in_turn(bench: Served) -> None:
    answer = shops(bench, "badges { shout again { shout again { again { text } } } }")
    assert answer[0]["badges"][1] is None
    assert answer[2]["badges"][2] == {
        "shout": "Y!",
        "again": {"shout": "YY!", "again": {"again": {"text": "yyyyyyyy"}}},
    }


def test_a_computed_document_of_a_type_with_a_source(bench: Served) -> None:
    answer = shops(bench, "best { id title maker { grade } badge { shout } doubled }")
    assert [shop["best"] and shop["best"]["title"] for shop in answer] == ["a", None, "c"]
    assert answer[0]["best"]["maker"] == {"grade": "first"}
    assert answer[2]["best"] == {
        "id": 3,
        "title": "c",
        "maker": None,
        "badge": {"shout": "C!"},
        "doubled": None,
    }


def test_computed_fields_of_a_python_object(bench: Served) -> None:
    query = "{ built { name everything seen badges { shout } items { id } } }"
    assert bench.data(query, context={"who": "x"}) == {
        "built": {
            "name": "made",
            "everything": "9 made 1.50",
            "seen": "1.50 seen x",
            "badges": [{"shout": "X!"}, None, {"shout": "Y!"}],
            "items": [],
        }
    }
