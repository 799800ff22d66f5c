"""Every operator on every kind of column and key, against an oracle."""

import random
from collections.abc import Iterator
from typing import Any

import pytest

import fraiseql
from fraiseql.naming import to_camel
from fraiseql.repositories import Repository
from tests.integration.serving import samples
from tests.integration.serving.oracle import Row, ordered, selected
from tests.integration.serving.samples import COLUMNS, ENUMS, FLAGS, KEYS, TEXTS, VALUES
from tests.integration.serving.served import Served, served

QUERY = """
query ($where: SampleWhere, $order: [SampleOrderBy!], $limit: Int, $offset: Int) {
  samples(where: $where, orderBy: $order, limit: $limit, offset: $offset) { id }
}
"""
INSERT = f"INSERT INTO sample (id, {', '.join(COLUMNS)}, data) VALUES ({{}})"
ROWS = samples.rows()
FILLED = [
    (INSERT.format(", ".join(f"${n + 1}" for n in range(len(COLUMNS) + 2))), samples.stored(row))
    for row in ROWS
]
QUERIES = [fraiseql.find("samples", samples.Sample, order_by="id", max_limit=50)]


@pytest.fixture(scope="module")
def bench(database: str) -> Iterator[Served]:
    with served(database, samples.TABLE, queries=QUERIES) as running:
        for sql, values in FILLED:
            running.fetch(sql, *values)
        yield running


def by_graphql(bench: Served, where: dict[str, Any], **more: Any) -> list[int]:
    data = bench.data(QUERY, {"where": as_input(where), **more})
    return [row["id"] for row in data["samples"]]


def by_repository(bench: Served, where: dict[str, Any], **more: Any) -> list[int]:
    context = bench.service.context()
    repo = Repository(context["db"], context)
    return [row["id"] for row in bench.run(repo.find("sample", where=where, **more))]


def as_input(where: dict[str, Any]) -> dict[str, Any]:
    """Turn Python's grammar into the input's: camelCase, operators, JSON values."""
    return {to_camel(key): _entry(key, value) for key, value in where.items()}


def _entry(key: str, value: Any) -> Any:
    if key in ("and", "or"):
        return [as_input(part) for part in value]
    if key == "not":
        return as_input(value)
    if value is None:
        return {"isNull": True}
    if not isinstance(value, dict):
        value = {"in" if isinstance(value, list) else "eq": value}
    return {to_camel(name): samples.sent(operand) for name, operand in value.items()}


def ids(rows: list[Row]) -> list[int]:
    return [row["id"] for row in rows]


DISTINCT = ["distinct_from", "not_distinct_from"]


def operators(name: str) -> list[str]:
    if name in FLAGS:
        return ["eq", "neq", *DISTINCT]
    if name in ENUMS:
        return ["eq", "neq", *DISTINCT, "in", "not_in"]
    compared = ["eq", "neq", *DISTINCT, "gt", "gte", "lt", "lte", "in", "not_in"]
    text = ["like", "ilike", "contains", "icontains", "starts_with", "ends_with"]
    return compared + (text if name in TEXTS else [])


PATTERNS = ["a%", "%b", "a_b", "_", "a\\%b", "%", "%\\\\%", "x", "'"]


def operands(name: str, operator: str) -> list[Any]:
    values = VALUES[name]
    if operator in ("in", "not_in"):
        return [[], values[:1], values[:2], values]
    if operator in ("like", "ilike"):
        return PATTERNS
    if name in TEXTS and operator not in ("eq", "neq", *DISTINCT):
        return [*values, "%", "_", "\\", "B"]
    return values


@pytest.mark.parametrize("name", COLUMNS + KEYS)
def test_each_operator_means_what_it_says(bench: Served, name: str) -> None:
    wrong = []
    for operator in operators(name):
        for operand in operands(name, operator):
            where = {name: {operator: operand}}
            expected = ids(selected(ROWS, where))
            for ask in (by_graphql, by_repository):
                rows = ask(bench, where)
                if rows != expected:
                    wrong.append((ask.__name__, where, rows, expected))
    assert not wrong


@pytest.mark.parametrize("name", COLUMNS + KEYS)
def test_null_is_found_and_left_out(bench: Served, name: str) -> None:
    wheres: list[dict[str, Any]] = [
        {name: None},
        {name: {"is_null": True}},
        {name: {"is_null": False}},
        {name: {"eq": None}},
        {name: {"neq": None}},
        {name: {}},
        {"not": {name: None}},
        {"not": {name: VALUES[name][0]}},
        {name: VALUES[name][0]},
    ]
    if "in" in operators(name):
        wheres.append({name: VALUES[name][:2]})
    for where in wheres:
        expected = ids(selected(ROWS, where))
        assert by_graphql(bench, where) == expected, where
        assert by_repository(bench, where) == expected, where


def test_each_value_is_among_the_rows() -> None:
    for name, values in VALUES.items():
        rows = [row[name] for row in ROWS]
        assert None in rows
        assert all(value in rows for value in values), name


def random_where(chance: random.Random, depth: int) -> dict[str, Any]:
    where: dict[str, Any] = {}
    for _ in range(chance.randint(0, 2)):
        name = chance.choice(COLUMNS + KEYS)
        operator = chance.choice(operators(name))
        where[name] = {operator: chance.choice(operands(name, operator))}
    if depth:
        for joiner in chance.sample(["and", "or", "not"], chance.randint(0, 2)):
            parts = [random_where(chance, depth - 1) for _ in range(chance.randint(0, 3))]
            where[joiner] = random_where(chance, depth - 1) if joiner == "not" else parts
    return where


def test_nested_conditions_of_any_form(bench: Served) -> None:
    chance = random.Random(7)
    outcomes = set()
    for _ in range(150):
        where = random_where(chance, 3)
        expected = ids(selected(ROWS, where))
        outcomes.add(len(expected))
        assert by_graphql(bench, where) == expected, where
        assert by_repository(bench, where) == expected, where
    assert len(outcomes) > 5, "the conditions must tell rows apart"


def test_an_empty_and_is_true_and_an_empty_or_is_false(bench: Served) -> None:
    everything = ids(ROWS)
    for where, expected in [
        ({}, everything),
        ({"and": []}, everything),
        ({"or": []}, []),
        ({"not": {}}, []),
        ({"not": {"or": []}}, everything),
        ({"or": [{}]}, everything),
    ]:
        assert by_graphql(bench, where) == expected, where
        assert by_repository(bench, where) == expected, where


ENUM_ORDER = {member: place for place, member in enumerate(("red", "dark green", "blue"))}


def sortable(row: Row) -> dict[str, Any]:
    """A column's enum is ordered as declared, a document's as text."""
    copied = dict(row)
    if row["colour"] is not None:
        copied["colour"] = ENUM_ORDER[row["colour"].value]
    if row["d_colour"] is not None:
        copied["d_colour"] = row["d_colour"].value
    return copied


def test_every_order_with_nulls_and_ties(bench: Served) -> None:
    rows = [sortable(row) for row in ROWS]
    chance = random.Random(3)
    names = COLUMNS + KEYS
    cases = [[sign + name] for name in names for sign in ("", "-")]
    cases += [
        [chance.choice(["", "-"]) + name for name in chance.sample(names, 3)] for _ in range(30)
    ]
    cases += [[f"{term} nulls {place}"] for [term] in cases[:12] for place in ("first", "last")]
    cases += [[f"-{names[0]} nulls last", f"{names[1]} nulls first"]]
    for terms in cases:
        expected = ids(ordered(rows, terms, "id"))
        order = [_direction(term) for term in terms]
        assert by_graphql(bench, {}, order=order) == expected, terms
        assert by_repository(bench, {}, order_by=terms) == expected, terms


def _direction(term: str) -> dict[str, str]:
    name, _, nulls = term.lstrip("-").partition(" nulls ")
    suffix = f"_NULLS_{nulls.upper()}" if nulls else ""
    return {to_camel(name): ("DESC" if term[0] == "-" else "ASC") + suffix}


@pytest.mark.parametrize(("limit", "offset"), [(0, 0), (3, 0), (3, 12), (5, 99), (50, 1)])
def test_a_page_is_a_slice(bench: Served, limit: int, offset: int) -> None:
    expected = ids(ROWS)[offset : offset + limit]
    assert by_graphql(bench, {}, limit=limit, offset=offset) == expected
    assert by_repository(bench, {}, limit=limit, offset=offset) == expected
    written = bench.data(f"{{ samples(limit: {limit}, offset: {offset}) {{ id }} }}")
    assert [row["id"] for row in written["samples"]] == expected


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("limit: 51", "limit must be a whole number from 0 to 50, not 51."),
        ("limit: -1", "limit must be a whole number from 0 to 50, not -1."),
        ("offset: -1", "offset must be a whole number"),
    ],
)
def test_a_bad_page_is_refused(bench: Served, arguments: str, message: str) -> None:
    name, number = arguments.split(": ")
    by_variable = bench.error(QUERY, {name: int(number)})
    written = bench.error(f"{{ samples({arguments}) {{ id }} }}")
    for error in (by_variable, written):
        assert error["message"].startswith(message)
        assert error["extensions"]["code"] == "BAD_USER_INPUT"
        assert error["path"] == ["samples"]


@fraiseql.type(sql_source="folded")
class Folded:
    id: int
    name: str


def test_text_without_regard_to_case_is_compared_so(bench: Served) -> None:
    if not bench.fetch("SELECT FROM pg_available_extensions WHERE name = 'citext'"):
        pytest.skip("the server has no citext")
    table = """
        CREATE EXTENSION citext; CREATE DOMAIN nick AS citext;
        CREATE TABLE folded (id int PRIMARY KEY, name nick);
        INSERT INTO folded VALUES (1, 'Ada'), (2, 'ADA'), (3, 'Bob')
    """
    query = "query ($w: FoldedWhere) { folded(where: $w) { id } }"
    with served(bench.url, table, queries=[fraiseql.find("folded", Folded)]) as running:
        for where, expected in [
            ({"eq": "ada"}, [1, 2]),
            ({"in": ["aDa", "BOB"]}, [1, 2, 3]),
            ({"startsWith": "ad"}, [1, 2]),
            ({"gt": "b"}, [3]),
            ({"neq": "ada"}, [3]),
        ]:
            data = running.data(query, {"w": {"name": where}})
            assert [row["id"] for row in data["folded"]] == expected, where
