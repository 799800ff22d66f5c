"""Results of resolvers are rendered like those of SQL."""

import json
import logging
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID

import pytest
from graphql import GraphQLError

import fraiseql
import fraiseql_rs
from fraiseql.repositories import Repository
from tests.integration.serving.served import Served, served

TABLE = """
CREATE TABLE thing (
    id int PRIMARY KEY, uid uuid, price numeric, moment timestamptz, local timestamp, day date,
    clock time, colour text, ratio float8, big int8, data jsonb NOT NULL
);
INSERT INTO thing VALUES
    (1, '00000000-0000-0000-0000-0000000000ff', 10.500, '2024-05-01 12:00:00.120Z',
     '2024-05-01 12:00:00', '2024-05-01', '12:30:00.5', 'red', 0.1, 9007199254740993,
     '{"name": "Ünï \\"q\\"", "extra": {"some_key": [1, 1.50]}, "inner": {"label": "in"},
       "tags": ["a", null]}'),
    (2, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '{"name": "empty"}');
"""
east = timezone(timedelta(hours=5, minutes=30))


@fraiseql.enum
class Colour(Enum):
    RED = "red"
    BLUE = "blue"


@fraiseql.type
class Inner:
    label: str


@fraiseql.type(sql_source="thing", jsonb_column="data")
class Thing:
    id: int
    uid: UUID | None
    price: Decimal | None
    moment: datetime | None
    local: datetime | None
    day: date | None
    clock: time | None
    colour: Colour | None
    ratio: float | None
    big: fraiseql.BigInt | None
    name: str
    extra: dict | None
    inner: Inner | None
    tags: list[str | None] | None


def built() -> Thing:
    """The first row, made in Python."""
    return Thing(
        id=1,
        uid=UUID(int=255),
        price=Decimal("10.500"),
        moment=datetime(2024, 5, 1, 17, 30, 0, 120_000, tzinfo=east),
        local=datetime(2024, 5, 1, 12),  # noqa: DTZ001 - a column without a zone
        day=date(2024, 5, 1),
        clock=time(12, 30, 0, 500_000),
        colour=Colour.RED,
        ratio=0.1,
        big=fraiseql.BigInt(9007199254740993),
        name='Ünï "q"',
        extra={"some_key": [1, Decimal("1.50")]},
        inner=Inner(label="in"),
        tags=["a", None],
    )


def as_dict() -> dict[str, Any]:
    return {**vars(built()), "inner": {"label": "in"}, "colour": "red"}


class Custom(Mapping[str, Any]):
    """A mapping that is no dict."""

    def __getitem__(self, key: str) -> Any:
        return as_dict()[key]

    def __iter__(self) -> Iterator[str]:
        return iter(as_dict())

    def __len__(self) -> int:
        return len(as_dict())


SELECT = "SELECT * FROM thing WHERE id = 1"
WHOLE = "SELECT (to_jsonb(thing) - 'data' || data)::text AS j FROM thing WHERE id = 1"
FORMS = ["document", "object", "dict", "mapping", "record", "row", "row_dict", "text", "bytes"]


@fraiseql.query
async def thing(info: fraiseql.Info, form: str) -> Thing | None:
    db = info.context["db"]
    if form in ("record", "row", "row_dict"):
        row = await db.fetchrow(SELECT)
        if form == "record":
            return row
        return fraiseql_rs.transform_one(row if form == "row" else dict(row), "Thing", info)
    if form in ("text", "bytes"):
        text = await db.fetchval(WHOLE)
        return fraiseql_rs.transform_one(text if form == "text" else text.encode(), "Thing", info)
    if form == "document":
        return await Repository(db, info.context).find_one("thing", id=1)
    return {"object": built, "dict": as_dict, "mapping": Custom, "none": lambda: None}[form]()


@fraiseql.query
async def things(info: fraiseql.Info, form: str) -> list[Thing | None]:
    built_thing = await thing(info, form)
    return [built_thing, None, built_thing]


VALUES: dict[str, Any] = {
    "int": 1,
    "decimal": Decimal("12345678901234567890.50"),
    "aware": datetime(2024, 5, 1, 17, 30, tzinfo=east),
    "naive": datetime(2024, 5, 1, 12, 0, 0, 100),  # noqa: DTZ001
    "utc": datetime(2024, 5, 1, 12, tzinfo=UTC),
    "day": date(1, 1, 1),
    "uid": UUID(int=1),
    "none": None,
}


@fraiseql.query
def decimal(of: str) -> Decimal | None:
    return VALUES[of]


@fraiseql.query
def moment(of: str) -> datetime | None:
    return VALUES[of]


@fraiseql.query
async def moments() -> list[datetime | None]:
    return [VALUES["aware"], None, VALUES["utc"]]


@fraiseql.query
def colours() -> list[Colour]:
    return [Colour.BLUE, Colour.RED]


@fraiseql.query
def anything(of: str) -> Any:
    sample = {"set": {1}, "nested": {"a": [built().uid, Decimal("1.0")]}, "odd": {"a": object()}}
    large = {"a": [1 << 70, -(1 << 64)], "b": frozenset({1 << 64})}
    return {**VALUES, **sample, "large": large}[of]


@fraiseql.query
def wrong(of: str) -> int | None:
    return {"text": "many", "list": [1], "dict": {"a": 1}, "object": built()}[of]


@fraiseql.query
def fails(of: str) -> int | None:
    if of == "graphql":
        raise GraphQLError("Shown as it is.", extensions={"reason": 7})
    if of == "ours":
        raise fraiseql.InputError("Shown.", hint="And the hint.")
    raise ValueError("the password is hunter2")


@fraiseql.query
async def bad_sql(info: fraiseql.Info) -> int | None:
    return await info.context["db"].fetchval("SELECT hunter2 FROM nowhere")


@fraiseql.query
def transformed(info: fraiseql.Info, of: str) -> Thing | None:
    sample: dict[str, Any] = {"list": ["a"], "number": 5, "truncated": '{"name": ', "two": "{} {}"}
    return fraiseql_rs.transform_one(sample[of], "Thing", info)


QUERIES = [thing, things, decimal, moment, moments, colours, anything, wrong, fails, bad_sql]
QUERIES += [transformed, fraiseql.find("stored", Thing)]


@pytest.fixture(scope="module")
def bench(database: str) -> Iterator[Served]:
    with served(database, TABLE, queries=QUERIES) as running:
        yield running


FIELDS = """{ __typename id uid price moment local day clock colour ratio big name extra
              inner { label } tags }"""


def first_stored(bench: Served) -> str:
    body = bench.body(f"{{ stored(limit: 1) {FIELDS} }}").decode()
    return body.removeprefix('{"data":{"stored":[').removesuffix("]}}")


@pytest.mark.parametrize("form", FORMS)
def test_every_form_of_a_row_is_answered_as_sql_answers(bench: Served, form: str) -> None:
    expected = first_stored(bench)
    assert '"price":10.500' in expected
    assert '"moment":"2024-05-01T12:00:00.12+00:00"' in expected
    if form in ("object", "dict", "mapping"):
        # JSON written by Python has no spaces; its numbers have the same digits.
        expected = expected.replace('"some_key": [1, 1.50]', '"some_key":[1,1.50]')
    query = "query ($form: String!) { thing(form: $form) " + FIELDS + " }"
    assert bench.body(query, {"form": form}).decode() == f'{{"data":{{"thing":{expected}}}}}'
    many = bench.body(query.replace("{ thing", "{ things"), {"form": form}).decode()
    assert many == f'{{"data":{{"things":[{expected},null,{expected}]}}}}'


def test_none_is_null(bench: Served) -> None:
    assert bench.data('{ thing(form: "none") { id } }') == {"thing": None}


@pytest.mark.parametrize(
    ("query", "answer"),
    [
        ('{ decimal(of: "decimal") }', "12345678901234567890.50"),
        ('{ decimal(of: "int") }', "1"),
        ('{ decimal(of: "none") }', "null"),
        ('{ moment(of: "aware") }', '"2024-05-01T12:00:00+00:00"'),
        ('{ moment(of: "utc") }', '"2024-05-01T12:00:00+00:00"'),
        ('{ moment(of: "naive") }', '"2024-05-01T12:00:00.0001"'),
        ("{ moments }", '["2024-05-01T12:00:00+00:00",null,"2024-05-01T12:00:00+00:00"]'),
        ("{ colours }", '["BLUE","RED"]'),
        ('{ anything(of: "day") }', '"0001-01-01"'),
        ('{ anything(of: "set") }', "[1]"),
        (
            '{ anything(of: "large") }',
            '{"a":[1180591620717411303424,-18446744073709551616],"b":[18446744073709551616]}',
        ),
        ('{ anything(of: "uid") }', '"00000000-0000-0000-0000-000000000001"'),
        ('{ anything(of: "nested") }', '{"a":["00000000-0000-0000-0000-0000000000ff",1.0]}'),
    ],
)
def test_scalars(bench: Served, query: str, answer: str) -> None:
    name = re.findall(r"\w+", query)[0]
    assert bench.body(query).decode() == f'{{"data":{{"{name}":{answer}}}}}'


@pytest.mark.parametrize(
    ("of", "message"),
    [
        ("text", "Int cannot represent the value of Query.wrong, a string."),
        ("list", "Int cannot represent the value of Query.wrong, a list."),
        ("dict", "Int cannot represent the value of Query.wrong, an object."),
    ],
)
def test_a_value_of_the_wrong_form(bench: Served, of: str, message: str) -> None:
    error = bench.error("query ($of: String!) { wrong(of: $of) }", {"of": of})
    assert (error["message"], error["path"]) == (message, ["wrong"])
    assert error["extensions"]["code"] == "BAD_DOCUMENT"


def test_a_value_that_has_no_json_form(bench: Served) -> None:
    error = bench.error('{ anything(of: "odd") }')
    assert error["extensions"]["code"] == "BAD_DOCUMENT"
    assert "has no JSON form" in error["message"]


@pytest.mark.parametrize(
    ("of", "text"),
    [
        ("list", "A document of Thing cannot be made of list."),
        ("number", "A document of Thing cannot be made of int."),
        ("truncated", "The document is not JSON"),
        ("two", "The document is not JSON"),
    ],
)
def test_what_is_no_document_is_said(bench: Served, of: str, text: str) -> None:
    error = bench.error("query ($of: String!) { transformed(of: $of) { id } }", {"of": of})
    assert text in error["message"]
    assert (error["path"], error["extensions"]["code"]) == (["transformed"], "BAD_DOCUMENT")


def test_errors_on_purpose_are_shown(bench: Served) -> None:
    shown = bench.error('{ fails(of: "graphql") }')
    assert shown["message"] == "Shown as it is."
    assert shown["extensions"] == {"code": "RESOLVER_ERROR", "reason": 7}
    ours = bench.error('{ fails(of: "ours") }')
    assert ours["extensions"] == {"code": "BAD_USER_INPUT", "hint": "And the hint."}
    assert ours["locations"] == [{"line": 1, "column": 3}]


def test_other_errors_are_masked_and_logged(
    bench: Served, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR, "fraiseql"):
        body = bench.body('{ fails(of: "secretly") }')
    assert b"hunter2" not in body
    error = json.loads(body)["errors"][0]
    assert (error["message"], error["path"]) == ("Internal server error", ["fails"])
    assert error["extensions"]["code"] == "INTERNAL_ERROR"
    assert error["extensions"]["id"] in caplog.text
    assert "hunter2" in caplog.text


def test_no_sql_reaches_the_client(bench: Served) -> None:
    body = bench.body("{ bad_sql }".replace("bad_sql", "badSql"))
    assert b"hunter2" not in body
    assert b"nowhere" not in body
    assert json.loads(body)["errors"][0]["message"] == "Internal server error"
