"""Filters of arrays and of JSON, against an oracle over Python values."""

import json
from collections.abc import Callable, Iterator
from enum import Enum
from typing import Any

import pytest

import fraiseql
from fraiseql.errors import InputError
from fraiseql.repositories import Repository
from tests.integration.serving.served import Served, served

TABLES = """
CREATE TABLE shop (id int PRIMARY KEY);
CREATE TABLE thing (id int PRIMARY KEY, shop_id int, tags text[], sizes int[], moods text[],
  extra jsonb, plain json, loose jsonb, data jsonb NOT NULL);
CREATE INDEX ON thing USING gin (tags);
INSERT INTO shop VALUES (1), (2);
"""


@fraiseql.enum
class Mood(Enum):
    GLAD = "glad"
    SO_SO = "so so"


@fraiseql.type(sql_source="thing", jsonb_column="data")
class Thing:
    id: int
    tags: list[str] | None
    sizes: list[int | None] | None
    moods: list[Mood] | None
    extra: dict[str, Any] | None
    plain: Any
    loose: list[str] | None
    inner: Any
    inside: list[str] | None


@fraiseql.type(sql_source="shop")
class Shop:
    id: int
    things: list[Thing] = fraiseql.embed("thing", on="shop_id")


DEEP = {"k": 1, "l": [1, {"m": 2}]}
FLAT = {"k": 1.0, "x": "y", "\u00e9": 0.1}
ROWS: list[dict[str, Any]] = [
    {
        "tags": ["a", "b"],
        "sizes": [1, 2, 2],
        "moods": ["glad"],
        "extra": {"k": 1, "l": [1, {"m": 2}]},
    },
    {"tags": [], "sizes": [], "moods": ["so so", "glad"], "extra": {"k": None}},
    {"tags": None, "sizes": [None], "moods": None, "extra": None},
    {
        "tags": ["b", "', NULL}"],
        "sizes": [3],
        "moods": [],
        "extra": {"k": 1.0, "x": "y", "\u00e9": 0.1},
    },
    {"tags": ["c"], "sizes": [2], "moods": None, "extra": {"big": 12345678901234567890}},
]


@fraiseql.query
async def by_python(info: fraiseql.Info, where: fraiseql.Where[Thing] | None = None) -> list[Thing]:
    repository = Repository(info.context["db"], info.context)
    return await repository.find("thing", where=where, order_by="id")


QUERIES = [by_python, fraiseql.find("things", Thing, order_by="id"), fraiseql.find("shops", Shop)]
QUERY = "query ($where: ThingWhere) { things(where: $where) { id } }"


@pytest.fixture(scope="module")
def bench(database: str) -> Iterator[Served]:
    with served(database, TABLES, queries=QUERIES) as running:
        for number, row in enumerate(ROWS):
            extra = None if row["extra"] is None else json.dumps(row["extra"])
            inner = json.dumps({"inner": row["extra"], "inside": row["tags"]})
            running.fetch(
                "INSERT INTO thing VALUES"
                " ($1, 1, $2, $3, $4, $5::text::jsonb, $5::text::json, '[]', $6)",
                number,
                row["tags"],
                row["sizes"],
                row["moods"],
                extra,
                inner,
            )
        yield running


def holding(name: str, test: Callable[[Any], bool]) -> list[int]:
    return [n for n, row in enumerate(ROWS) if row[name] is not None and test(row[name])]


def within(part: Any, whole: Any) -> bool:
    """Whether JSON contains other JSON, as PostgreSQL says."""
    if isinstance(part, dict):
        return isinstance(whole, dict) and all(
            key in whole and within(value, whole[key]) for key, value in part.items()
        )
    if isinstance(part, list):
        return isinstance(whole, list) and all(any(within(p, w) for w in whole) for p in part)
    return type(part) in (int, float) and part == whole if part != whole else True


CASES: list[tuple[dict[str, Any], list[int]]] = [
    ({"tags": {"contains": ["b"]}}, holding("tags", lambda v: "b" in v)),
    ({"tags": {"contains": []}}, holding("tags", lambda _: True)),
    ({"tags": {"containedBy": ["a", "b", "c"]}}, holding("tags", lambda v: set(v) <= set("abc"))),
    ({"tags": {"overlaps": ["c", "a"]}}, holding("tags", lambda v: bool(set(v) & {"a", "c"}))),
    ({"tags": {"has": "', NULL}"}}, [3]),
    ({"tags": {"length": {"gte": 1, "lt": 2}}}, [4]),
    ({"tags": {"isNull": True}}, [2]),
    ({"not": {"tags": {"has": "b"}}}, [1, 2, 4]),
    ({"sizes": {"contains": [2, 2]}}, holding("sizes", lambda v: 2 in v)),
    ({"sizes": {"has": 3}}, [3]),
    ({"sizes": {"length": {"eq": 0}}}, [1]),
    ({"moods": {"has": "SO_SO"}}, [1]),
    ({"moods": {"overlaps": ["GLAD"]}}, [0, 1]),
    *[
        ({"extra": {"contains": part}}, holding("extra", lambda v, p=part: within(p, v)))  # type: ignore[misc]
        for part in (
            {},
            {"k": 1},
            {"k": None},
            {"l": [{"m": 2}]},
            {"\u00e9": 0.1},
            {"big": 12345678901234567890},
            {"x": "y' OR true --"},
            {"eq": 1},
        )
    ],
    ({"extra": {"containedBy": {"k": None, "z": 1}}}, [1]),
    ({"extra": {"hasKey": "k"}}, [0, 1, 3]),
    ({"extra": {"hasAnyKey": ["l", "x"]}}, [0, 3]),
    ({"extra": {"hasAllKeys": ["k", "x"]}}, [3]),
    ({"inner": {"hasKey": "big"}}, [4]),
    ({"inner": {"contains": {"l": [1]}}}, [0]),
    ({"or": [{"extra": {"contains": {"x": "y"}}}, {"tags": {"has": "c"}}]}, [3, 4]),
]
NAMES = {
    "containedBy": "contained_by",
    "isNull": "is_null",
    "hasKey": "has_key",
    "hasAnyKey": "has_any_key",
    "hasAllKeys": "has_all_keys",
    "SO_SO": "so so",
    "GLAD": "glad",
}


def python(value: Any, *, own: bool = True) -> Any:
    """Return a filter with Python's names; JSON that is compared with stays as it is."""
    if isinstance(value, list):
        return [python(item) for item in value]
    if not isinstance(value, dict):
        return NAMES.get(value, value) if isinstance(value, str) else value
    return {
        NAMES.get(key, key): part
        if own and key in ("contains", "containedBy") and isinstance(part, dict)
        else python(part)
        for key, part in value.items()
    }


@pytest.mark.parametrize(("where", "ids"), CASES)
def test_lists_and_json_are_compared(bench: Served, where: dict[str, Any], ids: list[int]) -> None:
    assert [row["id"] for row in bench.data(QUERY, {"where": where})["things"]] == ids
    passed_on = QUERY.replace("things(", "byPython(")
    assert [row["id"] for row in bench.data(passed_on, {"where": where})["byPython"]] == ids
    context = bench.service.context()
    repository = Repository(context["db"], context)
    rows = bench.run(repository.find("thing", where=python(where), order_by="id"))
    assert [row["id"] for row in rows] == ids
    shops = "query ($where: ThingWhere) { shops(where: {things: {some: $where}}) { id } }"
    assert len(bench.data(shops, {"where": where})["shops"]) == bool(ids)
    related = {"things": {"some": python(where)}}
    assert len(bench.run(repository.find("shop", where=related))) == bool(ids)


def test_json_may_be_a_literal_or_a_variable(bench: Served) -> None:
    literal = "{ things(where: {extra: {contains: {l: [{m: 2}]}}}) { id } }"
    assert bench.data(literal) == {"things": [{"id": 0}]}
    variable = "query ($j: JSON) { things(where: {extra: {contains: $j}}) { id } }"
    for part, ids in (({"x": "y"}, [3]), ({"k": 1}, [0, 3]), ({"l": []}, [0])):
        rows = bench.data(variable, {"j": part})["things"]
        assert [row["id"] for row in rows] == ids


def test_a_variable_inside_of_json_is_an_error(bench: Served) -> None:
    """Left out, it would let every row pass."""
    for inside in ("{x: $v}", "{l: [$v]}", "[$v]"):
        query = f"query ($v: JSON) {{ things(where: {{extra: {{contains: {inside}}}}}) {{ id }} }}"
        error = bench.error(query, {"v": "y"})
        assert "cannot contain variables" in error["message"]
        assert error["extensions"]["code"] == "BAD_USER_INPUT"


def test_only_what_postgresql_compares_is_in_the_schema(bench: Served) -> None:
    fields: Any = bench.service.schema.graphql.type_map["ThingWhere"]
    assert set(fields.fields) == {
        "id", "tags", "sizes", "moods", "extra", "inner", "and", "or", "not",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("where", "part"),
    [
        ({"tags": {"eq": ["a"]}}, "which has no 'eq'"),
        ({"tags": {"has": ["a"]}}, "takes one value"),
        ({"tags": {"contains": "a"}}, "takes a list"),
        ({"tags": {"contains": None}}, "cannot compare with null"),
        ({"tags": {"length": 3}}, "takes comparisons"),
        ({"tags": {"length": {"in": [1]}}}, "is compared by"),
        ({"tags": ["a"]}, "which has no 'in'"),
        ({"extra": {"like": "a"}}, "which has no 'like'"),
        ({"extra": {"has_any_key": "a"}}, "takes a list"),
        ({"id": {"list.has": 1}}, "cannot be compared by"),
    ],
)
def test_a_wrong_operand_is_an_error(bench: Served, where: dict[str, Any], part: str) -> None:
    context = bench.service.context()
    repository = Repository(context["db"], context)
    with pytest.raises(InputError) as caught:
        bench.run(repository.find("thing", where=where))
    assert part in caught.value.message


def test_lists_and_json_give_no_order(bench: Served) -> None:
    context = bench.service.context()
    repository = Repository(context["db"], context)
    for name in ("tags", "extra"):
        with pytest.raises(InputError, match="gives no order"):
            bench.run(repository.find("thing", order_by=name))
