"""Null, absent and wrong values of variables, compared with graphql-core.

The oracle is graphql-core, which executes the same schema over plain dicts.
"""

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from graphql import (
    ExecutionResult,
    GraphQLObjectType,
    GraphQLResolveInfo,
    execute_sync,
    parse,
    validate,
)

import fraiseql
from fraiseql.schema.finder import query_definition
from tests.integration.serving import oracle, positions
from tests.integration.serving.positions import POSITIONS, QUERIES, TABLES, Kind, Position
from tests.integration.serving.results.env import outcomes, respond, served_with_caches
from tests.integration.serving.served import Served, served

_PYTHON = {"scalars", "flag", "lists", "inputs", "filtered"}


@pytest.fixture(scope="module", params=[False, True], ids=["live", "cached"])
def bench(request: pytest.FixtureRequest, database: str) -> Iterator[Served]:
    """The application, and the same one with its answers in result caches."""
    if not request.param:
        with served(database, TABLES, queries=QUERIES) as running:
            yield running
        return
    queries = [
        replace(query_definition(query), cache=fraiseql.Cache(tags=("doc",)))
        if query_definition(query).function is not None
        else replace(query_definition(query), cache=fraiseql.Cache())
        for query in QUERIES
    ]
    with served_with_caches(database, queries=queries) as running:
        yield running


@pytest.fixture(scope="module")
def rows(bench: Served) -> list[dict[str, Any]]:
    return bench.fetch("SELECT * FROM doc ORDER BY tenant, id")


SCHEMA = fraiseql.create_app(queries=QUERIES).service.schema  # type: ignore[attr-defined]
for _type in SCHEMA.graphql.type_map.values():
    if isinstance(_type, GraphQLObjectType) and not _type.name.startswith("__"):
        _type.is_type_of = lambda value, _info: isinstance(value, dict)


def expected(text: str, variables: Any, rows: list[dict[str, Any]]) -> ExecutionResult:
    """What graphql-core answers."""

    def resolve(source: Any, info: GraphQLResolveInfo, **arguments: Any) -> Any:
        if info.parent_type.name == "Query":
            return _root(info.field_name, rows, arguments)
        if info.field_name == "kind":
            return Kind(source["kind"])
        if info.field_name in ("times", "each"):
            return positions.shown(id=source["id"], **_given(info.field_name, arguments))
        return source[info.field_name]

    result = execute_sync(
        SCHEMA.graphql,
        parse(text),
        root_value={},
        variable_values=variables,
        field_resolver=resolve,
    )
    assert isinstance(result, ExecutionResult)
    return result


def _given(name: str, arguments: dict[str, Any]) -> dict[str, Any]:
    defaults = {"times": {"kind": None}, "each": {"of": None}}
    return defaults[name] | arguments


def _root(name: str, rows: list[dict[str, Any]], arguments: dict[str, Any]) -> Any:
    if name in _PYTHON:
        return getattr(positions, name)(**arguments)
    if name == "doc":
        return next((row for row in rows if arguments.items() <= row.items()), None)
    return _found(rows, **arguments)


def _found(
    rows: list[dict[str, Any]],
    where: Any = None,
    order_by: Any = None,
    limit: int | None = None,
    offset: int | None = None,
    **equal: Any,
) -> list[dict[str, Any]]:
    matching = [row for row in rows if _fits(row, equal)]
    matching = oracle.selected(matching, _plain(where or {}))
    terms = list(order_by or ())
    last = "-" if terms and terms[-1].startswith("-") else ""
    matching = oracle.ordered(matching, [*terms, last + "tenant"], "id")
    if limit is None:
        limit = 100
    return matching[offset or 0 :][:limit]


def _fits(row: dict[str, Any], equal: dict[str, Any]) -> bool:
    return all(row[name] == _plain(value) for name, value in equal.items())


def _plain(value: Any) -> Any:
    """The filter with enum members as columns have them, and without what null leaves out."""
    if isinstance(value, dict):
        return {
            key: _plain(item)
            for key, item in value.items()
            if item is not None or key not in ("and", "or", "not")
        }
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value.value if isinstance(value, Kind) else value


_REFUSED_FILTERS = (
    "like of Doc",
    "contains of Doc",
    "is_null of Doc",
    "in of Doc",
    "not_in of Doc",
)
"""Null where only a value can be compared: refused before anything runs."""


def check(ours: Any, theirs: ExecutionResult, where: object) -> None:
    """Compare data, and the paths of errors."""
    if "data" not in ours and ours["errors"][0]["message"].startswith(_REFUSED_FILTERS):
        return
    assert ours.get("data") == json.loads(json.dumps(theirs.data)), where
    errors = ours.get("errors", [])
    ours_paths = sorted([error.get("path") for error in errors], key=repr)
    assert ours_paths == sorted([error.path for error in theirs.errors or ()], key=repr), where
    assert all(error["extensions"]["code"] == "BAD_USER_INPUT" for error in errors), where


def _name(position: Position) -> str:
    return f"{position.selection} {position.rest}".replace(" ", "")


@pytest.mark.parametrize("position", POSITIONS, ids=_name)
def test_a_variable_means_what_graphql_core_says(
    bench: Served, rows: list[dict[str, Any]], position: Position
) -> None:
    for text in position.operations():
        if validate(SCHEMA.graphql, parse(text)):
            ours = bench.ask(text, {"x": position.good[0]})
            assert "data" not in ours
            assert ours["errors"][0]["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"
            continue
        cases = [(values, expected(text, values, rows)) for values in position.variables()]
        # Backwards too: a plan that was made for one of them must not answer another one.
        for values, theirs in (*cases, *reversed(cases)):
            check(bench.ask(text, values), theirs, (text, values))


def test_answers_do_come_from_the_caches(bench: Served) -> None:
    query = "query ($x: Int = 1) { doc(tenant: $x, id: 7) { id } scalars(a: $x) }"
    responses = [respond(bench, query, variables={"x": 2}) for _ in range(20)]
    if responses[0].cached is not None:
        assert set(outcomes(responses[-1]).values()) == {"hit"}
    refused = respond(bench, query, variables={"x": None})
    assert json.loads(bytes(refused.body))["data"] is None
