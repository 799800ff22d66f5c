"""BigInt and Decimal as strings with all their digits."""

import json
import re
from collections.abc import Iterator
from contextlib import ExitStack
from decimal import Decimal
from typing import Any, Final

import graphql
import pytest

import fraiseql
from fraiseql import BigInt
from fraiseql.http.request import from_body
from fraiseql.schema.storage import GeneratedColumn, MaterializedView, Projection
from fraiseql.serving import Request
from tests.integration.caching.ddl.env import applied
from tests.integration.flights import at_once, run_sql
from tests.integration.serving.ledgers import OPERATIONS, QUERIES, RESET, ROOTS, TABLES, Entry
from tests.integration.serving.results.env import outcomes, respond, served_with_caches
from tests.integration.serving.served import Served, served

_AGE: Final = re.compile(rb',"extensions":.*')
"""What a response says of the age of stored documents."""


@pytest.fixture(scope="module")
def both(database: str) -> Iterator[dict[str, Served]]:
    """The same application in both forms, on one database."""
    with ExitStack() as running:
        at_once(run_sql(database, RESET, TABLES))
        yield {
            form: running.enter_context(served(database, queries=QUERIES, numbers_as=form))
            for form in ("number", "text")
        }


def digits(body: bytes) -> Any:
    """Return a response with every number as the text that it was written as."""
    return json.loads(body, parse_int=str, parse_float=str)


@pytest.mark.parametrize("query", OPERATIONS)
def test_answers_are_those_of_graphql_core_over_dicts(both: dict[str, Served], query: str) -> None:
    schema = both["text"].service.schema.graphql
    expected = graphql.graphql_sync(schema, query, ROOTS)
    actual = both["text"].ask(query)
    assert actual["data"] == expected.data
    errors = {tuple(error.path or ()) for error in expected.errors or ()}
    assert {tuple(error["path"]) for error in actual.get("errors", ())} == errors
    codes = {error["extensions"]["code"] for error in actual.get("errors", ())}
    assert codes <= {"BAD_DOCUMENT"}
    # The other form has the same digits, and no quotes.
    other = both["number"].body(query)
    assert digits(other)["data"] == digits(both["text"].body(query))["data"]
    assert json.loads(other) != actual


def rows_of(running: Served, where: dict[str, Any], root: str, type_name: str) -> list[int]:
    query = f"query ($w: {type_name}Where) {{ {root}(where: $w, limit: 99) {{ id }} }}"
    return [row["id"] for row in running.data(query, {"w": where})[root]]


@pytest.mark.parametrize(("root", "type_name"), [("ledgers", "Ledger"), ("loose", "Loose")])
def test_a_text_that_is_served_finds_its_row(
    both: dict[str, Served], root: str, type_name: str
) -> None:
    running = both["text"]
    for row in running.ask(f"{{ {root} {{ id big exact }} }}")["data"][root]:
        for name in ("big", "exact"):
            value = row[name]
            if value is None:
                continue
            assert isinstance(value, str)
            for where in ({"eq": value}, {"in": [value]}, {"gte": value, "lte": value}):
                assert row["id"] in rows_of(running, {name: where}, root, type_name), value
            assert row["id"] not in rows_of(running, {name: {"neq": value}}, root, type_name)
            # In the text of an operation it is a string or a number.
            for literal in (f'"{value}"', value):
                query = f"{{ {root}(where: {{{name}: {{eq: {literal}}}}}) {{ id }} }}"
                assert {"id": row["id"]} in running.data(query)[root]


def test_the_schema_says_how_numbers_are_written(both: dict[str, Served]) -> None:
    for name in ("BigInt", "Decimal"):
        query = f'{{ __type(name: "{name}") {{ kind description }} }}'
        said = {form: running.data(query)["__type"] for form, running in both.items()}
        assert "written as a string" in said["text"]["description"]
        assert "written as a string" not in said["number"]["description"]


def stored_ledger(stored: Any) -> Any:
    """A type of ledgers; a generated column holds no embeds."""
    embeds: dict[str, Any] = {}
    hints: dict[str, Any] = {"id": int, "big": BigInt | None, "exact": Decimal | None}
    if not isinstance(stored, GeneratedColumn):
        hints["entries"] = list[Entry]
        embeds["entries"] = fraiseql.embed("entry", on="ledger_id", order_by="id", limit=9)
    ledger_type = type("Ledger", (), {"__annotations__": hints, **embeds})
    return fraiseql.type(sql_source="ledger", stored=stored)(ledger_type)


STRATEGIES = [
    (GeneratedColumn(column="kept"), "generated"),
    (Projection(), "projection"),
    (Projection(text=True), "projection"),
    (MaterializedView(refresh="1h"), "materialized"),
]


@pytest.mark.parametrize(("stored", "source"), STRATEGIES)
def test_documents_are_stored_in_one_form(database: str, stored: Any, source: str) -> None:
    type_ = stored_ledger(stored)
    inner = "" if isinstance(stored, GeneratedColumn) else "entries { big exact }"
    request = f"{{ ledgers {{ id big exact {inner} }} }}"
    at_once(run_sql(database, "DROP SCHEMA IF EXISTS fraiseql CASCADE", RESET, TABLES))
    answers: dict[tuple[str, str], bytes] = {}
    for form in ("number", "text"):
        queries = [fraiseql.find("ledgers", type_, order_by="id")]
        with served(database, queries=queries, numbers_as=form, worker=False) as running:
            answers[form, "live"] = _AGE.sub(b"}", running.body(request))
            at_once(applied(database, type_))
            running.run(running.service.republish())
            statements = running.run(running.service.explain(Request(request))).statements
            assert statements[0].source.split()[0] == source
            answers[form, "stored"] = _AGE.sub(b"}", running.body(request))
    for form in ("number", "text"):
        assert answers[form, "stored"] == answers[form, "live"]
    assert answers["number", "live"] != answers["text", "live"]
    assert digits(answers["number", "live"]) == digits(answers["text", "live"])


CACHE = fraiseql.Cache()


@fraiseql.query(cache=fraiseql.Cache(tags=["ledger"]))  # type: ignore[arg-type]
async def total(info: fraiseql.Info) -> Decimal:
    value: Decimal = await info.context["db"].fetchval("SELECT sum(exact) FROM ledger")
    return value


@fraiseql.query
async def remembered(info: fraiseql.Info) -> Decimal:
    async def compute() -> str:
        return "1.10"

    return Decimal(await fraiseql.cached_query("numbers", 60, compute))


def rows_by_exact(running: Served, variables: Any) -> list[int]:
    query = "query ($x: Decimal!) { entries(where: {exact: {eq: $x}}) { id } }"
    return [row["id"] for row in running.data(query, variables)["entries"]]


def test_cached_answers_of_the_two_forms_do_not_meet(database: str) -> None:
    at_once(run_sql(database, "DROP SCHEMA IF EXISTS fraiseql CASCADE", RESET, TABLES))
    queries = [fraiseql.find("entries", Entry, order_by="id", cache=CACHE), total, remembered]
    request = "{ entries { big exact } total }"
    with ExitStack() as stack:
        running = {
            form: stack.enter_context(
                served_with_caches(database, queries=queries, numbers_as=form)
            )
            for form in ("number", "text")
        }
        first = {form: respond(service, request) for form, service in running.items()}
        again = {form: respond(item, request) for form, item in running.items()}
        for text, ids in [("0.1000000000000000055", []), ("0.1", [1])] * 2:
            # A float holds the same for both.
            body = f'{{"query": "", "variables": {{"x": {text}}}}}'.encode()
            assert rows_by_exact(running["text"], from_body(body).variables) == ids
        for _ in range(2):
            assert running["text"].data("{ remembered }") == {"remembered": "1.10"}
    for form in running:
        assert outcomes(first[form]) == {"entries": "miss", "total": "miss"}
        assert outcomes(again[form]) == {"entries": "hit", "total": "hit"}
        assert bytes(again[form].body) == bytes(first[form].body)
    assert b'"big":"9007199254740993","exact":"0.10"' in bytes(again["text"].body)
    assert digits(bytes(again["text"].body)) == digits(bytes(again["number"].body))
    etags = {response.cached.etag for response in again.values() if response.cached}
    assert len(etags - {""}) == 2
