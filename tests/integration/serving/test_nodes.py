"""Global ids: every object is found by its own, of whatever type."""

import json
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from datetime import date, datetime
from enum import Enum
from typing import Any
from uuid import UUID

import pytest
from graphql import print_schema

import fraiseql
from fraiseql.errors import DeclarationError
from tests.cache_environment import apply_schema
from tests.integration.serving.served import Served, served

TABLES = """
CREATE TABLE author (id int PRIMARY KEY, name text, secret text);
INSERT INTO author VALUES (1, 'Ada', 'x'), (2, NULL, 'y');
CREATE TABLE post (id uuid PRIMARY KEY, author_id int, title text);
INSERT INTO post VALUES ('11111111-1111-1111-1111-111111111111', 1, 'One');
CREATE TABLE visit (place text, day date, note text, PRIMARY KEY (place, day));
INSERT INTO visit VALUES ('a/b+c?', '2026-01-02', 'n');
CREATE TABLE kept (id int PRIMARY KEY, name text);
INSERT INTO kept VALUES (7, 'stored'), (8, 'too');
CREATE TYPE color AS ENUM ('red', 'green');
CREATE TABLE paint (color color, price double precision, PRIMARY KEY (color, price));
INSERT INTO paint VALUES ('red', 0.1), ('green', 1e300);
CREATE TABLE era (day date, at timestamptz, PRIMARY KEY (day, at));
INSERT INTO era VALUES ('infinity', '-infinity'), ('2026-01-02', '12026-01-01T00:00Z'),
  ('0044-03-15 BC', '0044-03-15 12:00:00+00 BC');
"""


def may_read(context: Any) -> bool:
    return bool(context.get("may_read"))


@fraiseql.type(sql_source="post")
class Post:
    id: UUID
    title: str | None


@fraiseql.type(sql_source="author")
class Author:
    id: int
    name: str | None
    secret: str | None = fraiseql.field(requires=may_read)
    posts: list[Post] = fraiseql.embed("post", on="author_id")


@fraiseql.type(sql_source="visit", key=["place", "day"])
class Visit:
    place: str
    day: date
    note: str | None


@fraiseql.type(sql_source="kept", stored=fraiseql.Projection())
class Kept:
    id: int
    name: str | None


@fraiseql.enum
class Color(Enum):
    RED = "red"
    GREEN = "green"


@fraiseql.type(sql_source="paint", key=["color", "price"])
class Paint:
    color: Color
    price: float


@fraiseql.type(sql_source="era", key=["day", "at"])
class Era:
    day: date
    at: datetime


@fraiseql.type(sql_source="author", name="Guarded")
class Guarded:
    id: int = fraiseql.field(requires=may_read)
    name: str | None


QUERIES = [
    *fraiseql.nodes(Author, Post, Visit, Kept, Paint, Era, Guarded, max_ids=9),
    fraiseql.find("authors", Author, order_by="id"),
    fraiseql.find("visits", Visit),
    fraiseql.find("kept", Kept),
    fraiseql.find("paints", Paint),
    fraiseql.find("eras", Era),
]


@pytest.fixture(scope="module")
def bench(database: str) -> Iterator[Served]:
    with served(database, TABLES, queries=QUERIES) as running:
        running.run(apply_schema(database, running.service.schema))
        running.run(running.service.republish())
        yield running


def global_id(*parts: Any) -> str:
    return urlsafe_b64encode(json.dumps(parts).encode()).decode()


ALL = """query ($ids: [ID!]!) { nodes(nodeIds: $ids) { __typename nodeId
  ... on Author { name posts { nodeId title } } ... on Post { title } ... on Visit { note day }
  ... on Kept { name } } }"""


def test_objects_are_found_by_the_ids_that_they_have(bench: Served) -> None:
    rows = bench.data("{ authors { nodeId posts { nodeId } } visits { nodeId } kept { nodeId } }")
    ids = [rows["visits"][0]["nodeId"], *[row["nodeId"] for row in rows["authors"]]]
    ids += [rows["authors"][0]["posts"][0]["nodeId"], rows["kept"][0]["nodeId"]]
    found = bench.data(ALL, {"ids": [*ids, global_id("Author", 99)]})["nodes"]
    assert [node and node["nodeId"] for node in found] == [*ids, None]
    assert [node["__typename"] for node in found[:5]] == [
        "Visit", "Author", "Author", "Post", "Kept",
    ]  # fmt: skip
    assert found[0]["note"] == "n"
    assert found[1]["posts"] == [{"nodeId": ids[3], "title": "One"}]
    assert found[4]["name"] == "stored"
    one = "query ($id: ID!) { node(nodeId: $id) { __typename ... on Author { name id } } }"
    assert bench.data(one, {"id": ids[1]})["node"] == {
        "__typename": "Author", "name": "Ada", "id": 1,
    }  # fmt: skip
    literal = bench.data(f'{{ a: node(nodeId: "{ids[0]}") {{ nodeId }} authors {{ id }} }}')
    assert literal["a"] == {"nodeId": ids[0]}


@pytest.mark.parametrize(
    ("parts", "code"),
    [
        (["Nobody", 1], "BAD_USER_INPUT"),
        (["Author", 99], None),
        (["Author"], "BAD_USER_INPUT"),
        (["Author", 1, 2], "BAD_USER_INPUT"),
        (["Author", "x"], "BAD_USER_INPUT"),
        (["Author", None], "BAD_USER_INPUT"),
        (["Author", [1]], "BAD_USER_INPUT"),
        (["Author", True], "BAD_USER_INPUT"),
        (["Post", "x"], "BAD_USER_INPUT"),
        ([1], "BAD_USER_INPUT"),
        ([], "BAD_USER_INPUT"),
    ],
)
def test_ids_that_nothing_has(bench: Served, parts: list[Any], code: str | None) -> None:
    query = "query ($id: ID!) { node(nodeId: $id) { nodeId } }"
    answer = bench.ask(query, {"id": global_id(*parts)})
    assert answer["data"] == {"node": None}
    assert [error["extensions"]["code"] for error in answer.get("errors", [])] == (
        [code] if code else []
    )


@pytest.mark.parametrize("text", ["", "%", "AAAA", "WyJBdXRob3Ii", "1"])
def test_texts_that_are_no_ids(bench: Served, text: str) -> None:
    error = bench.error("query ($id: ID!) { node(nodeId: $id) { nodeId } }", {"id": text})
    assert error["extensions"]["code"] == "BAD_USER_INPUT"


def test_limits(bench: Served) -> None:
    assert bench.data(ALL, {"ids": []}) == {"nodes": []}
    error = bench.error(ALL, {"ids": [global_id("Author", 1)] * 10})
    assert "at most 9" in error["message"]
    assert error["path"] == ["nodes"]


BAD = [
    "%",
    global_id("Author", "x"),
    global_id("Nobody", 1),
    global_id("Paint", "blue", 1),
    global_id("Guarded", 1),
]


@pytest.mark.parametrize("bad", BAD)
def test_an_id_that_fails_is_null_with_an_error_and_others_are_answered(
    bench: Served, bad: str
) -> None:
    ids = [global_id("Author", 2), bad, global_id("Author", 99), global_id("Paint", "red", 0.1)]
    answer = bench.ask(ALL, {"ids": [*ids, global_id("Author", 1)]})
    (error,) = answer["errors"]
    assert error["path"] == ["nodes", 1]
    assert error["extensions"]["code"] == ("FORBIDDEN" if bad == BAD[-1] else "BAD_USER_INPUT")
    names = [node and node["__typename"] for node in answer["data"]["nodes"]]
    assert names == ["Author", None, None, "Paint", "Author"]


def test_every_id_that_fails_has_its_own_error(bench: Served) -> None:
    answer = bench.ask(ALL, {"ids": [BAD[0], global_id("Author", 1), BAD[1], BAD[1]]})
    assert [error["path"][1] for error in answer["errors"]] == [0, 2, 3]
    assert answer["data"]["nodes"][1]["name"] == "Ada"


def test_several_ids_of_a_type_are_one_statement(bench: Served) -> None:
    ids = [global_id("Author", 1), global_id("Kept", 8), global_id("Author", 99)]
    ids += [global_id("Kept", 7), global_id("Author", 2), global_id("Author", 1)]
    texts: list[str] = []
    fetch = bench.service.pool.fetch_bytes

    async def counted(sql: str, *args: Any) -> Any:
        texts.append(sql)
        return await fetch(sql, *args)

    bench.service.pool.fetch_bytes = counted  # type: ignore[method-assign]
    try:
        found = bench.data(ALL, {"ids": ids})["nodes"]
    finally:
        bench.service.pool.fetch_bytes = fetch  # type: ignore[method-assign]
    assert [node and node.get("name") for node in found] == [
        "Ada",
        "too",
        None,
        "stored",
        None,
        "Ada",
    ]
    assert len(texts) == 2
    assert sum("tv_kept" in text or "fraiseql" in text for text in texts) == 1


@pytest.mark.parametrize("rows", ["paints", "eras"])
def test_ids_of_unusual_keys(bench: Served, rows: str) -> None:
    """Infinite dates, dates before Christ, years of five digits, enums and floats."""
    ids = [row["nodeId"] for row in bench.data(f"{{ {rows} {{ nodeId }} }}")[rows]]
    assert len(set(ids)) == {"paints": 2, "eras": 3}[rows]
    assert [node["nodeId"] for node in bench.data(ALL, {"ids": ids})["nodes"]] == ids
    for each in ids:
        one = bench.data("query ($id: ID!) { node(nodeId: $id) { nodeId } }", {"id": each})
        assert one["node"] == {"nodeId": each}


def test_rights_are_those_of_the_types(bench: Served) -> None:
    query = "query ($id: ID!) { node(nodeId: $id) { ... on Author { id secret } nodeId } }"
    answer = bench.ask(query, {"id": global_id("Author", 1)})
    assert answer["data"]["node"]["secret"] is None
    assert [error["extensions"]["code"] for error in answer["errors"]] == ["FORBIDDEN"]
    everything = bench.data(query, {"id": global_id("Author", 1)}, context={"may_read": True})
    assert everything["node"]["secret"] == "x"
    error = bench.error(query, {"id": global_id("Guarded", 1)})
    assert error["extensions"]["code"] == "FORBIDDEN"
    assert bench.data(query, {"id": global_id("Guarded", 1)}, context={"may_read": True})


def test_answers_of_nodes_are_not_cached(database: str, bench: Served) -> None:
    """A result cache knows the dependencies of a field before its ids."""
    options = {"cached_operations": {"Q": fraiseql.Cache()}}
    with served(database, queries=QUERIES, **options) as running:
        query = "query Q($id: ID!) { node(nodeId: $id) { ... on Author { name } } }"
        for name in ("one", "two"):
            running.execute(f"UPDATE author SET name = '{name}' WHERE id = 2")
            answer = running.data(query, {"id": global_id("Author", 2)}, operation_name="Q")
            assert answer == {"node": {"name": name}}


def test_the_id_can_be_called_id() -> None:
    @fraiseql.type(sql_source="author")
    class Person:
        id: int = fraiseql.field(name="rowId")

    schema = print_schema(
        fraiseql.build_schema(queries=[*fraiseql.nodes(Person, global_id="id")]).graphql
    )
    for line in ("interface Node {", "type Person implements Node {", "node(", "id: ID!", "rowId"):
        assert line in schema


def test_declarations_without_a_key() -> None:
    @fraiseql.type(sql_source="author")
    class Nameless:
        name: str

    with pytest.raises(DeclarationError, match="no stored field 'id'"):
        fraiseql.nodes(Nameless)
    with pytest.raises(DeclarationError, match="no type with a sql_source"):
        fraiseql.nodes(str)

    @fraiseql.type(sql_source="author")
    class Clashing:
        id: int

    with pytest.raises(DeclarationError, match="both have the GraphQL name 'id'"):
        fraiseql.build_schema(queries=[*fraiseql.nodes(Clashing, global_id="id")])
