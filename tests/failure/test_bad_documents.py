"""Bad documents: a value of the wrong form is an error with a path, and the rest stays."""

import json
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from enum import Enum
from typing import Any

import pytest

import fraiseql
from tests.integration.serving.served import Served, served


@fraiseql.enum
class Colour(Enum):
    RED = "red"


@fraiseql.type
class Part:
    name: str
    size: int | None


@fraiseql.type(sql_source="doc", jsonb_column="data")
class Doc:
    id: int
    text: str | None
    whole: int | None
    real: float | None
    yes: bool | None
    exact: Decimal | None
    moment: datetime | None
    colour: Colour | None
    tags: list[str] | None
    part: Part | None
    parts: list[Part | None] | None
    strict: list[Part] | None
    anything: dict | None

    @fraiseql.field(needs=["moment"])
    def year(self) -> int | None:
        return self.moment.year if self.moment else None


@pytest.fixture(scope="module")
def bench(database: str) -> Iterator[Served]:
    table = "CREATE TABLE doc (id int PRIMARY KEY, data jsonb)"
    queries = [fraiseql.find("docs", Doc), fraiseql.find_one("doc", Doc, by="id")]
    with served(database, table, queries=queries) as running:
        yield running


def store(bench: Served, *documents: Any) -> None:
    bench.execute("TRUNCATE doc")
    for number, document in enumerate(documents, 1):
        bench.fetch("INSERT INTO doc VALUES ($1, $2)", number, json.dumps(document))


@pytest.mark.parametrize(
    ("name", "value", "quoted"),
    [
        ("text", ["a"], '["a"]'),
        ("text", {"a": 1}, '{"a": 1}'),
        ("whole", "ten", '"ten"'),
        ("whole", 1.5, "1.5"),
        ("whole", 1 << 31, "2147483648"),
        ("real", "much", '"much"'),
        ("yes", "true", '"true"'),
        ("exact", "1,5", '"1,5"'),
        ("moment", 7, "7"),
        ("colour", "green", '"green"'),
        ("colour", "RED", '"RED"'),
        ("tags", "a", '"a"'),
        ("part", "a", '"a"'),
        ("parts", {"name": "a"}, '{"name": "a"}'),
    ],
)
def test_a_value_of_the_wrong_form(bench: Served, name: str, value: Any, quoted: str) -> None:
    store(bench, {name: value}, {name: None})
    below = " { name }" if name.startswith("part") else ""
    answer = bench.ask(f"{{ docs {{ id {name}{below} other: id }} }}")
    assert answer["data"]["docs"] == [
        {"id": 1, name: None, "other": 1},
        {"id": 2, name: None, "other": 2},
    ]
    (error,) = answer["errors"]
    assert error["path"] == ["docs", 0, name]
    assert error["extensions"].keys() == {"code", "id"}
    assert error["extensions"]["code"] == "BAD_DOCUMENT"
    assert quoted not in error["message"]
    assert f"Doc.{name}" in error["message"]


def test_null_goes_up_to_the_nearest_place_that_may_be_null(bench: Served) -> None:
    part, bad = {"name": "ok", "size": 1}, {"size": 2}
    store(bench, {"parts": [part, bad, part], "strict": [part, bad, part], "part": bad})
    answer = bench.ask("{ docs { parts { name } strict { name } part { size name } } }")
    ok = {"name": "ok"}
    assert answer["data"]["docs"] == [{"parts": [ok, None, ok], "strict": None, "part": None}]
    assert [error["path"] for error in answer["errors"]] == [
        ["docs", 0, "parts", 1, "name"],
        ["docs", 0, "strict", 1, "name"],
        ["docs", 0, "part", "name"],
    ]


@pytest.mark.parametrize("document", [7, [], "text"])
def test_a_document_that_is_no_object(bench: Served, document: Any) -> None:
    store(bench, document, {"text": "fine"})
    answer = bench.ask("{ docs { id text } }")
    errors = answer.get("errors", [])
    assert all(error["path"][:2] == ["docs", 0] for error in errors)
    assert answer["data"] is None or answer["data"]["docs"][1] == {"id": 2, "text": "fine"}
    assert b"internal" not in bench.body("{ docs { id text } }").lower()


def test_a_column_that_is_null_answers_null(bench: Served) -> None:
    bench.execute("TRUNCATE doc; INSERT INTO doc VALUES (1, NULL), (2, 'null')")
    answer = bench.data("{ docs { id text parts { name } anything } }")
    assert answer["docs"] == [
        {"id": number, "text": None, "parts": None, "anything": None} for number in (1, 2)
    ]


def test_filters_and_orders_pass_over_values_of_another_form(bench: Served) -> None:
    values: list[Any] = [10, "x", None, {"a": 1}, 9, True, 1e2]
    store(bench, *({"whole": value, "yes": value} for value in values))
    data = bench.data("{ docs(where: { whole: { gt: 9 } }) { id } }")
    assert [row["id"] for row in data["docs"]] == [1, 7]
    # As GraphQL serves `true` where an Int is declared, it is 1 in comparisons too.
    ordered = bench.data("{ docs(orderBy: [{ whole: ASC }]) { id } }")
    assert [row["id"] for row in ordered["docs"]][:4] == [6, 5, 1, 7]
    served = bench.data("{ docs(where: { whole: { eq: 1 } }) { whole } }")
    assert served == {"docs": [{"whole": 1}]}
    yes = bench.data("{ docs(where: { yes: { eq: true } }) { id } }")
    assert [row["id"] for row in yes["docs"]] == [1, 5, 6, 7]


def test_an_instant_that_is_none_is_not_found_and_fails_where_it_is_served(bench: Served) -> None:
    store(bench, {"moment": "soon"}, {"moment": "2024-01-01T00:00:00Z"})
    data = bench.data('{ docs(where: { moment: { gt: "2023-01-01T00:00:00Z" } }) { id } }')
    assert data == {"docs": [{"id": 2}]}
    answer = bench.ask("{ docs { year } }")
    assert answer["data"] == {"docs": [{"year": None}, {"year": 2024}]}
    assert [error["path"] for error in answer["errors"]] == [["docs", 0, "year"]]


def test_large_and_deep_documents_pass(bench: Served) -> None:
    deep: Any = 1
    for _ in range(400):
        deep = {"in": deep}
    store(bench, {"text": "x" * 300_000, "anything": deep, "whole": 1})
    (data,) = bench.data("{ docs { text anything whole } }")["docs"]
    assert (len(data["text"]), data["whole"]) == (300_000, 1)
    assert data["anything"] == deep


def test_a_missing_row_is_null(bench: Served) -> None:
    assert bench.data("{ doc(id: 404) { id } }") == {"doc": None}
