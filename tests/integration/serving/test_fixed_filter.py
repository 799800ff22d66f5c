"""Filters of ``find`` and ``find_one`` always hold."""

import enum
from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest

import fraiseql
from fraiseql.errors import DeclarationError
from tests.integration.serving.served import Served, served

TABLES = """
CREATE TYPE mood AS ENUM ('glad', 'sad');
CREATE TABLE post (id int PRIMARY KEY, title text NOT NULL, state text NOT NULL, feeling mood,
  views int NOT NULL, deleted_at date, doc jsonb NOT NULL);
INSERT INTO post VALUES
  (1, 'one', 'published', 'glad', 5, NULL, '{"rank": 1}'),
  (2, 'two', 'draft', 'sad', 50, NULL, '{"rank": 2}'),
  (3, 'three', 'published', 'sad', 500, '2020-01-01', '{"rank": 3}'),
  (4, 'o''; DROP TABLE post; --', 'published', NULL, 5000, NULL, '{"rank": 4}');
"""


@fraiseql.enum
class State(enum.Enum):
    PUBLISHED = "published"
    DRAFT = "draft"


@fraiseql.type(sql_source="post", jsonb_column="doc")
class Post:
    id: int
    title: str
    state: State
    views: int
    rank: int


FILTERS: dict[str, tuple[Any, list[int]]] = {
    "constant": ({"state": "published"}, [1, 3, 4]),
    "member": ({"state": State.DRAFT}, [2]),
    "none": ({"deleted_at": None}, [1, 2, 4]),
    "not_declared": ({"feeling": "glad"}, [1]),
    "operator": ({"views": {"gte": 50, "lt": 5000}}, [2, 3]),
    "items": ({"id": [1, 2]}, [1, 2]),
    "items_of_enum": ({"state": {State.PUBLISHED}}, [1, 3, 4]),
    "of_pg_enum": ({"feeling": {"in": ["glad", "sad"]}}, [1, 2, 3]),
    "moment": ({"deleted_at": date(2020, 1, 1)}, [3]),
    "document": ({"rank": {"gt": 2}}, [3, 4]),
    "either": ({"or": [{"id": 1}, {"views": {"gt": 1000}}]}, [1, 4]),
    "negated": ({"not": {"state": State.PUBLISHED}}, [2]),
    "quoted": ({"title": "o'; DROP TABLE post; --"}, [4]),
    "several": ({"state": "published", "deleted_at": {"is_null": True}}, [1, 4]),
    "pattern": ({"title": {"starts_with": "t"}}, [2, 3]),
}


QUERIES = [
    *[
        fraiseql.find(name, Post, by="state", order_by="id", where=where)
        for name, (where, _) in FILTERS.items()
    ],
    fraiseql.find_one("live", Post, by="id", where={"deleted_at": None}),
    fraiseql.find_one("first", Post, by=None, where={"state": "draft"}),
]


@pytest.fixture(scope="module")
def running(database: str) -> Iterator[Served]:
    with served(database, TABLES, queries=QUERIES) as application:
        yield application


def ids(running: Served, name: str, arguments: str = "", **more: Any) -> list[int]:
    field = fraiseql.find(name, Post).graphql_name
    return [row["id"] for row in running.data(f"{{ {field}{arguments} {{ id }} }}", **more)[field]]


@pytest.mark.parametrize("name", FILTERS)
def test_only_rows_that_fit_are_answered(running: Served, name: str) -> None:
    expected = FILTERS[name][1]
    assert ids(running, name) == expected
    assert ids(running, name, "(limit: 1)") == expected[:1]


@pytest.mark.parametrize("name", FILTERS)
@pytest.mark.parametrize(
    "where",
    [
        "{id: {gte: 1}}",
        "{or: [{id: {gte: 1}}, {id: {lt: 1}}]}",
        "{not: {id: {eq: 99}}}",
        "{not: {not: {id: {gte: 1}}}}",
        "{views: {isNull: false}}",
    ],
)
def test_a_client_cannot_ask_for_more(running: Served, name: str, where: str) -> None:
    assert ids(running, name, f"(where: {where})") == FILTERS[name][1]


@pytest.mark.parametrize("name", FILTERS)
def test_a_client_may_ask_for_less(running: Served, name: str) -> None:
    expected = FILTERS[name][1]
    assert ids(running, name, "(where: {id: {lte: 2}})") == [
        row_id for row_id in expected if row_id <= 2
    ]
    assert set(ids(running, name, "(state: DRAFT)")) <= {2}


def test_one_row_is_found_only_if_it_fits(running: Served) -> None:
    query = "query ($id: Int!) { live(id: $id) { title } }"
    assert running.data(query, {"id": 1}) == {"live": {"title": "one"}}
    assert running.data(query, {"id": 3}) == {"live": None}
    assert running.data("{ first { id } }") == {"first": {"id": 2}}


MISTAKES: dict[str, tuple[Any, str]] = {
    "unknown": ({"stat": "draft"}, "no field 'stat' to compare or order by. Did you mean 'state'"),
    "operator": ({"views": {"above": 3}}, "cannot be compared by 'above'"),
    "value": ({"views": "many"}, "'many' cannot be compared with views"),
    "item": ({"id": [1, "x"]}, "cannot be compared with id"),
    "label": ({"feeling": "happy"}, 'invalid input value for enum mood: "happy"'),
    "date": ({"deleted_at": "yesterday"}, "cannot be compared with deleted_at"),
    "inside": ({"or": [{"id": 1}, {"vews": 1}]}, "Did you mean 'views'?"),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_said_at_the_start(running: Served, name: str) -> None:
    where, said = MISTAKES[name]
    queries = [fraiseql.find("posts", Post, where=where)]
    with pytest.raises(DeclarationError) as caught, served(running.url, queries=queries):
        pass
    assert "find('posts') has where=" in str(caught.value)
    assert said in str(caught.value)


@pytest.mark.parametrize("where", [{}, "state = 'draft'", [("a", 1)], {1: 2}, 5])
def test_anything_but_a_mapping_is_refused_where_it_is_written(where: Any) -> None:
    for declare in (fraiseql.find, fraiseql.find_one):
        with pytest.raises(DeclarationError, match="no mapping of fields"):
            declare("posts", Post, by="id", where=where)
