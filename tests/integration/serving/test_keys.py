"""Rows by one of several unique keys."""

from collections.abc import Iterator
from typing import Any

import pytest

import fraiseql
from fraiseql.errors import DeclarationError
from fraiseql.schema.storage import Projection
from tests.cache_environment import apply_schema
from tests.integration.serving.served import Served, served

TABLES = """
CREATE TABLE account (id int PRIMARY KEY, email text UNIQUE NOT NULL, country text NOT NULL,
  number int NOT NULL, note text, UNIQUE (country, number));
INSERT INTO account VALUES
  (1, 'a@x', 'PT', 1, NULL), (2, 'b@x', 'PT', 2, 'n'), (3, 'c@x', 'FR', 1, NULL);
"""


def _may(context: Any) -> bool:
    return bool(context.get("may"))


@fraiseql.type(sql_source="account", stored=Projection())
class Account:
    id: int
    email: str = fraiseql.field(requires=_may)
    country: str
    number: int
    note: str | None


KEYS = ["id", "email", ("country", "number")]
QUERIES = [fraiseql.find_one("account", Account, keys=KEYS)]
MAY = {"may": True}
BY = "query ($by: AccountBy!) { account(by: $by) { id } }"


@pytest.fixture(scope="module")
def bench(database: str) -> Iterator[Served]:
    with served(database, TABLES, queries=QUERIES, worker=False) as running:
        running.run(apply_schema(database, running.service.schema))
        running.run(running.service.republish())
        yield running


@pytest.mark.parametrize(
    ("by", "found"),
    [
        ({"id": 2}, 2),
        ({"email": "b@x"}, 2),
        ({"countryAndNumber": {"country": "FR", "number": 1}}, 3),
        ({"countryAndNumber": {"country": "FR", "number": 2}}, None),
        ({"id": 9}, None),
    ],
)
def test_each_key_finds_its_row(bench: Served, by: dict[str, Any], found: int | None) -> None:
    expected = {"account": None if found is None else {"id": found}}
    assert bench.data(BY, {"by": by}, context=MAY) == expected
    literal = str(by).replace("'", '"')
    for name in ("id", "email", "countryAndNumber", "country", "number"):
        literal = literal.replace(f'"{name}":', f"{name}:")
    assert bench.data(f"{{ account(by: {literal}) {{ id }} }}", context=MAY) == expected


@pytest.mark.parametrize(
    "by",
    [
        {},
        {"id": None},
        {"id": 1, "email": "a@x"},
        {"countryAndNumber": {"country": "FR"}},
        {"countryAndNumber": {"country": "FR", "number": None}},
        {"note": "n"},
        None,
    ],
)
def test_anything_but_one_whole_key_is_refused(bench: Served, by: Any) -> None:
    answer = bench.ask(BY, {"by": by}, context=MAY)
    assert answer.get("data") is None
    assert answer["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"


@pytest.mark.parametrize("values", [{"id": 1}, {"id": None}, {}])
def test_a_variable_that_may_be_null_is_no_key(bench: Served, values: dict[str, Any]) -> None:
    """The specification of September 2025 refuses the operation, whatever the value is."""
    query = "query ($id: Int%s) { account(by: {id: $id}) { id } }"
    for default in ("", " = 2"):
        answer = bench.ask(query % default, values, context=MAY)
        assert "data" not in answer
        (error,) = answer["errors"]
        assert error["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"
        assert "must be non-nullable" in error["message"]


def test_a_denied_field_is_no_key(bench: Served) -> None:
    assert bench.error(BY, {"by": {"email": "a@x"}})["extensions"]["code"] == "FORBIDDEN"
    assert bench.data(BY, {"by": {"id": 1}}) == {"account": {"id": 1}}


def test_a_hidden_field_is_no_key_in_the_schema(database: str, bench: Served) -> None:
    @fraiseql.type(sql_source="account", name="Account")
    class Hidden:
        id: int
        email: str = fraiseql.field(requires=_may, hide=True)

    queries = [
        fraiseql.find_one("account", Hidden, keys=["id", "email"]),
        fraiseql.find_one("by_email", Hidden, keys=["email"]),
    ]
    fields = """{ __type(name: "AccountBy") { inputFields { name } }
        __schema { queryType { fields { name } } } }"""
    with served(database, queries=queries) as running:
        for context, keys, roots in ((MAY, ["id", "email"], 2), ({}, ["id"], 1)):
            data = running.data(fields, context=context)
            assert [field["name"] for field in data["__type"]["inputFields"]] == keys
            assert len(data["__schema"]["queryType"]["fields"]) == roots


@pytest.mark.parametrize(
    ("options", "part"),
    [
        ({"keys": "id"}, "keys='id'"),
        ({"keys": ["id"], "by": "id"}, "and by too"),
        ({"keys": ["id"], "by": None}, "and by too"),
        ({"keys": [()]}, "an empty key"),
        ({}, "an empty by"),
        ({"keys": ["nothing"]}, "nothing"),
    ],
)
def test_a_mistake_in_keys_is_named(options: dict[str, Any], part: str) -> None:
    with pytest.raises(DeclarationError, match=part):
        fraiseql.build_schema(queries=[fraiseql.find_one("account", Account, **options)])
