"""Columns and fields may have the names of filters and operators."""

from collections.abc import Iterator
from typing import Any

import pytest

import fraiseql
from fraiseql.errors import DeclarationError
from fraiseql.naming import to_camel
from fraiseql.repositories import Repository
from fraiseql.schema import build_schema
from tests.integration.serving.served import Served, served

KEYWORDS = ["and", "or", "not", "in", "is"]
"""Names that no field of a Python class can have."""

WORDS = [
    *("eq", "neq", "gt", "gte", "lt", "lte", "not_in", "is_null", "like", "ilike"),
    *("contains", "icontains", "starts_with", "ends_with"),
    *("where", "order_by", "limit", "offset", "by", "first", "order", "asc", "desc", "true"),
    *("info", "source", "parents", "context", "key", "value", "name", "type", "if_", "query"),
]
UNDECLARED = ", ".join(f'"{word}" int DEFAULT 5' for word in [*KEYWORDS, *WORDS])
DECLARED = ", ".join(f'"{word}" int' for word in WORDS)
PAIRS = ", ".join(f"'{word}', n * 100 + {place}" for place, word in enumerate(WORDS))
VALUES = ", ".join(f"n * 100 + {place}" for place, _ in enumerate(WORDS))
TABLES = f"""
CREATE TABLE plain (id int PRIMARY KEY, title text, {UNDECLARED});
INSERT INTO plain (id, title) VALUES (1, 'a'), (2, 'b'), (3, NULL);
CREATE TABLE words (id int PRIMARY KEY, {DECLARED});
INSERT INTO words SELECT n, {VALUES} FROM generate_series(1, 3) AS n;
CREATE TABLE worded (id int PRIMARY KEY, data jsonb);
INSERT INTO worded SELECT n, jsonb_build_object({PAIRS}) FROM generate_series(1, 3) AS n;
CREATE TABLE swapped (id int PRIMARY KEY, title text, name text);
INSERT INTO swapped VALUES (1, 'T', 'N'), (2, 'N', 'T');
"""


@fraiseql.type(sql_source="plain")
class Plain:
    id: int
    title: str | None


def _worded(name: str, source: str, **options: Any) -> Any:
    fields = {"id": int, **dict.fromkeys(WORDS, int)}
    word_type = type(name, (), {"__annotations__": fields, "__module__": __name__})
    return fraiseql.type(sql_source=source, **options)(word_type)


Words = _worded("Words", "words")
Worded = _worded("Worded", "worded", jsonb_column="data")


@fraiseql.type(sql_source="swapped")
class Swapped:
    id: int
    title: str = fraiseql.field(name="name")
    name: str = fraiseql.field(name="title")


@fraiseql.type(sql_source="words")
class Sorted:
    id: int
    order_by: int = fraiseql.field(name="sort")
    limit: int = fraiseql.field(name="most")


@fraiseql.query
async def by_python(info: fraiseql.Info, where: fraiseql.Where[Plain] | None = None) -> list[Plain]:
    repo = Repository(info.context["db"], info.context)
    return await repo.find("plain", where=where, order_by="id")


_RESERVED = ("where", "order_by", "limit", "offset")
QUERIES = [
    fraiseql.find("plains", Plain),
    by_python,
    fraiseql.find("words", Words, by=[word for word in WORDS if word not in _RESERVED]),
    fraiseql.find("worded", Worded),
    fraiseql.find("swapped", Swapped, by=["title", "name"]),
    fraiseql.find_one("swapped_one", Swapped, by="title"),
    fraiseql.find_one("sorted", Sorted, by=["order_by", "limit"]),
    *[fraiseql.find_one(f"words_by_{word}", Words, by=word) for word in WORDS],
]


@pytest.fixture(scope="module")
def bench(database: str) -> Iterator[Served]:
    with served(database, TABLES, queries=QUERIES, max_aliases=1000) as running:
        yield running


def camel(word: str) -> str:
    return to_camel(word)


FILTERS = [
    ({"title": {"eq": "a"}}, [1]),
    ({"or": [{"title": {"eq": "a"}}, {"id": {"gt": 2}}]}, [1, 3]),
    ({"and": [{"id": {"lt": 3}}, {"not": {"title": {"eq": "a"}}}]}, [2]),
    ({"not": {"or": [{"id": {"in": [1, 2]}}]}}, [3]),
    ({"or": []}, []),
    ({"not": {"title": {"isNull": True}}}, [1, 2]),
]


@pytest.mark.parametrize(("where", "ids"), FILTERS)
def test_undeclared_columns_do_not_matter(bench: Served, where: Any, ids: list[int]) -> None:
    query = """query ($w: PlainWhere) {
      plains(where: $w, orderBy: [{ id: ASC }]) { id } byPython(where: $w) { id } }"""
    answer = bench.data(query, {"w": where})
    expected = [{"id": number} for number in ids]
    assert answer == {"plains": expected, "byPython": expected}


@pytest.mark.parametrize("word", WORDS)
@pytest.mark.parametrize("root", ["words", "worded"])
def test_a_field_may_have_the_name_of_a_word(bench: Served, root: str, word: str) -> None:
    name, value = camel(word), 200 + WORDS.index(word)
    kind = root.capitalize()
    query = f"""query (
      $w: {kind}Where, $n: Int!, $ns: [Int!], $f: IntFilter, $o: [{kind}OrderBy!]
    ) {{
      a: {root}(where: $w) {{ {name} }} b: {root}(where: {{ {name}: {{ eq: $n }} }}) {{ {name} }}
      c: {root}(where: {{ {name}: {{ in: $ns }} }}) {{ {name} }}
      d: {root}(where: {{ or: [{{ {name}: $f }}] }}) {{ {name} }}
      e: {root}(orderBy: $o, limit: 2) {{ id }}
      f: {root}(where: {{ not: {{ {name}: {{ isNull: false }} }} }}) {{ id }} }}"""
    variables = {
        "w": {name: {"eq": value}},
        "n": value,
        "ns": [value],
        "f": {"gt": value - 1, "lte": value},
        "o": [{name: "DESC"}],
    }
    rows = [{name: value}]
    expected = {"a": rows, "b": rows, "c": rows, "d": rows, "e": [{"id": 3}, {"id": 2}], "f": []}
    assert bench.data(query, variables) == expected
    other = variables | {"w": {name: {"isNull": True}}, "o": [{name: "ASC"}]}
    assert bench.data(query, other) == expected | {"a": [], "e": [{"id": 1}, {"id": 2}]}


@pytest.mark.parametrize("word", WORDS)
def test_an_argument_may_have_the_name_of_a_word(bench: Served, word: str) -> None:
    root, name, place = camel(f"words_by_{word}"), camel(word), WORDS.index(word)
    query = f"query ($n: Int!) {{ {root}({name}: $n) {{ id }} }}"
    for row in (1, 3, 2):
        assert bench.data(query, {"n": row * 100 + place}) == {root: {"id": row}}
    assert bench.data(query, {"n": 7}) == {root: None}
    if word not in _RESERVED:
        many = f"query ($n: Int) {{ words({name}: $n) {{ id }} }}"
        assert bench.data(many, {"n": 300 + place}) == {"words": [{"id": 3}]}


def test_names_that_change_places(bench: Served) -> None:
    query = """query ($t: String!, $o: [SwappedOrderBy!]) {
      swapped(title: $t) { id title name } swappedOne(name: $t) { id }
      w: swapped(where: { title: { eq: $t } }) { id } o: swapped(orderBy: $o) { id } }"""
    assert bench.data(query, {"t": "N", "o": [{"title": "DESC"}]}) == {
        "swapped": [{"id": 1, "title": "N", "name": "T"}],
        "swappedOne": {"id": 2},
        "w": [{"id": 1}],
        "o": [{"id": 2}, {"id": 1}],
    }


def test_an_argument_with_the_python_name_of_an_order(bench: Served) -> None:
    query = "query ($s: Int!, $m: Int!) { sorted(sort: $s, most: $m) { id } }"
    order, limit = WORDS.index("order_by"), WORDS.index("limit")
    for row in (1, 2):
        values = {"s": row * 100 + order, "m": row * 100 + limit}
        assert bench.data(query, values) == {"sorted": {"id": row}}


@pytest.mark.parametrize("word", ["and", "or", "not"])
def test_a_field_that_would_hide_a_word_is_refused(word: str) -> None:
    @fraiseql.type(sql_source="plain")
    class Hiding:
        id: int
        other: int = fraiseql.field(name=word)

    with pytest.raises(DeclarationError, match=f"Hiding.other has the GraphQL name '{word}'") as it:
        build_schema(queries=[fraiseql.find("hiding", Hiding)])
    assert "another name" in it.value.hint
    assert build_schema(queries=[fraiseql.find_one("hiding", Hiding, by="id")])


@pytest.mark.parametrize(("name", "word"), [("sort", "orderBy"), ("most", "limit"), ("w", "where")])
def test_an_argument_that_would_hide_another_one_is_refused(name: str, word: str) -> None:
    word_type = type(
        "Hiding", (), {"__annotations__": {name: int}, name: fraiseql.field(name=word)}
    )
    hiding = fraiseql.type(sql_source="plain")(word_type)
    with pytest.raises(DeclarationError, match=f"both have the GraphQL name '{word}'"):
        build_schema(queries=[fraiseql.find("hiding", hiding, by=name)])
