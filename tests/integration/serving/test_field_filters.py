"""Operators that single fields declare: regular expressions, search, lists of names, indexes."""

from collections.abc import Iterator
from typing import Any

import graphql
import pytest

import fraiseql
from fraiseql import Filter
from fraiseql.errors import DeclarationError, InputError
from fraiseql.repositories import Repository
from fraiseql.serving import Request
from tests.integration.serving.served import Served, served

TABLES = """
CREATE TABLE book (id int PRIMARY KEY, title text, body text, words tsvector, code text, shelf int,
  place int, note text, data jsonb);
INSERT INTO book (id, title, body, code, shelf, data) VALUES
  (1, 'Cats', 'Running cats', 'ab-12', 1, '{"tale": "the running dog"}'),
  (2, 'Dogs', 'A dog runs over two cats', 'ab12', 2, '{"tale": 5}'),
  (3, NULL, NULL, NULL, NULL, NULL);
UPDATE book SET words = to_tsvector('english', body);
CREATE INDEX ON book (to_tsvector('english'::regconfig, body));
CREATE INDEX ON book (shelf, place);
CREATE INDEX ON book (note) WHERE note IS NOT NULL;
"""


@fraiseql.type(sql_source="book", jsonb_column="data")
class Book:
    id: int
    title: str | None = fraiseql.field(default=None, filter=["eq", "distinct_from"])
    body: str | None = fraiseql.field(default=None, filter=Filter(search="english"))
    words: str | None = fraiseql.field(default=None, filter=Filter([], search="english"))
    code: str | None = fraiseql.field(default=None, filter=Filter(regex=True))
    shelf: int | None = fraiseql.field(default=None, filter="indexed")
    place: int | None = fraiseql.field(default=None, filter="indexed")
    note: str | None = fraiseql.field(default=None, filter=Filter(indexed=True))
    tale: str | None = fraiseql.field(default=None, filter=Filter(["eq"], search="english"))
    data: Any = None


@pytest.fixture(scope="module")
def bench(database: str) -> Iterator[Served]:
    queries = [fraiseql.find("books", Book, order_by="id")]
    with served(database, TABLES, queries=queries) as running:
        yield running


@pytest.mark.parametrize(
    ("where", "ids"),
    [
        ({"body": {"search": "run"}}, [1, 2]),
        ({"body": {"search": '"running cats" -dog'}}, [1]),
        ({"body": {"search": ""}}, []),
        ({"body": {"search": "') OR true --"}}, []),
        ({"not": {"body": {"search": "dog"}}}, [1, 3]),
        ({"words": {"search": "dogs or none"}}, [2]),
        ({"tale": {"search": "run"}}, [1]),
        ({"code": {"regex": "^[a-z]+-?12$"}}, [1, 2]),
        ({"code": {"regex": "-"}}, [1]),
        ({"title": {"distinctFrom": "Cats"}}, [2, 3]),
        ({"title": {"distinctFrom": None}}, [1, 2]),
        ({"not": {"title": {"distinctFrom": None}}}, [3]),
        ({"shelf": {"notDistinctFrom": None}}, [3]),
        ({"shelf": {"notDistinctFrom": 2}}, [2]),
    ],
)
def test_a_field_has_the_operators_it_declares(
    bench: Served, where: dict[str, Any], ids: list[int]
) -> None:
    query = "query ($where: BookWhere) { books(where: $where) { id } }"
    assert [row["id"] for row in bench.data(query, {"where": where})["books"]] == ids
    context = bench.service.context()
    repository = Repository(context["db"], context)
    names = {"distinctFrom": "distinct_from", "notDistinctFrom": "not_distinct_from"}

    def python(part: Any) -> Any:
        return (
            {names.get(key, key): python(value) for key, value in part.items()}
            if isinstance(part, dict)
            else part
        )

    rows = bench.run(repository.find("book", where=python(where), order_by="id"))
    assert [row["id"] for row in rows] == ids


def test_other_operators_are_not_in_the_schema(bench: Served) -> None:
    inputs: Any = bench.service.schema.graphql.type_map
    fields = {name: list(inputs[f"Book{name}Filter"].fields) for name in ("Title", "Words", "Tale")}
    assert fields == {
        "Title": ["eq", "distinctFrom"],
        "Words": ["search"],
        "Tale": ["eq", "search"],
    }
    assert "regex" in inputs["BookCodeFilter"].fields
    assert {"regex", "search"}.isdisjoint(inputs["IntFilter"].fields)
    # An index begins with the column, has it later, or has not all rows.
    assert {"shelf", "place", "note"} & inputs["BookWhere"].fields.keys() == {"shelf"}


def test_an_index_of_the_same_expression_serves_a_search(bench: Served) -> None:
    query = '{ books(where: {body: {search: "cat"}}) { id } }'
    (report,) = bench.run(bench.service.explain(Request(query))).statements
    assert "pg_catalog.to_tsvector('english'::pg_catalog.regconfig, t0.\"body\")" in report.sql


def test_an_invalid_pattern_is_bad_input(bench: Served) -> None:
    error = bench.error('{ books(where: {code: {regex: "("}}) { id } }')
    assert error["extensions"]["code"] == "BAD_USER_INPUT"


def test_python_cannot_use_what_is_not_declared(bench: Served) -> None:
    context = bench.service.context()
    repository = Repository(context["db"], context)
    for where in ({"title": {"regex": "a"}}, {"code": {"search": "a"}}, {"id": {"regex": "1"}}):
        with pytest.raises(InputError) as caught:
            bench.run(repository.find("book", where=where))
        assert caught.value.code == "UNKNOWN_OPERATOR"


@pytest.mark.parametrize(
    ("value", "part"),
    [
        ("some", "filter='some'"),
        (["equals"], "no operator"),
        (5, "filter=5"),
        (Filter("eq"), "filter='eq'"),
        (Filter(search=""), "search=''"),
    ],
)
def test_a_mistake_in_the_option_is_named(value: Any, part: str) -> None:
    with pytest.raises(DeclarationError) as caught:
        fraiseql.field(filter=value)
    assert part in caught.value.message


def test_an_operator_of_another_type_is_refused() -> None:
    @fraiseql.type(sql_source="book", name="Other")
    class Other:
        id: int = fraiseql.field(filter=["eq", "like"])

    with pytest.raises(DeclarationError, match="with like, which cannot compare"):
        graphql.print_schema(fraiseql.build_schema(queries=[fraiseql.find("books", Other)]).graphql)
