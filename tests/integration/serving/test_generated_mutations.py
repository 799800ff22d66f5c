"""Generated mutations: what they write, answer and refuse."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID

import pytest

import fraiseql
from tests.integration.serving.served import Served, hinted, served

ROLE = "fql_generated_writer"
TABLES = """
CREATE TABLE post (
    id int PRIMARY KEY GENERATED ALWAYS AS IDENTITY, title varchar(10) NOT NULL UNIQUE,
    body text, state text NOT NULL DEFAULT 'draft', "odd ""name" numeric, at timestamptz,
    uid uuid, tags text[], extra jsonb, big int8
);
CREATE TABLE comment (
    post_id int NOT NULL REFERENCES post, place int NOT NULL, text text NOT NULL,
    PRIMARY KEY (post_id, place)
);
CREATE TABLE label (
    number int PRIMARY KEY GENERATED ALWAYS AS IDENTITY, id text, size numeric UNIQUE
);
CREATE SCHEMA other;
CREATE DOMAIN other.text AS pg_catalog.text CHECK (value <> 'captured');
"""


@fraiseql.enum
class State(Enum):
    DRAFT = "draft"
    OUT = "out"


async def may_write(context: Mapping[str, Any]) -> bool:
    return context.get("reader") is None


@fraiseql.type(
    sql_source="comment",
    key=("post_id", "place"),
    writes=fraiseql.Writes(
        create=["post_id", "place", "text"],
        update=["text"],
        upsert=[("post_id", "place")],
        delete=True,
    ),
)
class Comment:
    post_id: int
    place: int
    text: str


FIELDS = ["title", "body", "state", "price", "at", "uid", "tags", "extra", "big"]


@fraiseql.type(
    sql_source="post",
    writes=fraiseql.Writes(
        create=FIELDS,
        update=FIELDS,
        upsert=["title"],
        delete=True,
        max_affected=5,
        requires=may_write,
    ),
)
class Post:
    id: int
    title: str
    body: str | None
    state: State = State.DRAFT
    price: Decimal | None = fraiseql.field(column='odd "name')
    at: datetime | None
    uid: UUID | None
    tags: list[str] | None
    extra: dict | None
    big: fraiseql.BigInt | None
    comments: list[Comment] = fraiseql.embed("comment", on="post_id", order_by="place", limit=9)


@fraiseql.type(
    sql_source="label",
    key="number",
    writes=fraiseql.Writes(create=["number", "size"], update=["number"], upsert=["size"]),
)
class Label:
    id: int = fraiseql.field(column="number")
    number: str | None = fraiseql.field(column="id")
    size: Decimal | None


QUERIES = [
    fraiseql.find("labels", Label),
    fraiseql.find("posts", Post, order_by="id", cache=fraiseql.Cache()),
    fraiseql.find("comments", Comment),
]


@pytest.fixture(scope="module")
def blog(database: str) -> Iterator[Served]:
    with served(database, TABLES, queries=QUERIES, cache=False) as running:
        yield running


@pytest.fixture(autouse=True)
def fresh(blog: Served) -> None:
    blog.execute(
        "TRUNCATE comment, post RESTART IDENTITY; INSERT INTO post (title, body)"
        " SELECT 'post ' || n, 'b' FROM generate_series(1, 3) n; INSERT INTO comment VALUES"
        " (1, 1, 'first'), (1, 2, 'second')"
    )


def titles(blog: Served) -> list[str]:
    return [row["title"] for row in blog.fetch("SELECT title FROM post ORDER BY id")]


EVERYTHING = {
    "title": "new",
    "body": "it's",
    "state": "OUT",
    "price": "12345678901234567890.50",
    "at": "2024-05-01T12:00:00.120Z",
    "uid": "00000000-0000-0000-0000-0000000000ff",
    "tags": ["a", 'b"c', "{}"],
    "extra": {"a": [1, None, "x"]},
    "big": "9007199254740993",
}


def test_create_writes_values_of_every_type(blog: Served) -> None:
    query = (
        "mutation ($input: CreatePostInput!) {"
        " createPost(input: $input) { id title body state price at"
        " uid tags extra big comments { text } } }"
    )
    created = blog.data(query, {"input": EVERYTHING})["createPost"]
    exact = {"price": 12345678901234567890.50, "big": 9007199254740993}
    at = {"at": "2024-05-01T12:00:00.12+00:00"}
    assert created == {"id": 4, **EVERYTHING, **exact, **at, "comments": []}
    (row,) = blog.fetch('SELECT "odd ""name"::text AS price, tags FROM post WHERE id = 4')
    assert row == {"price": "12345678901234567890.50", "tags": EVERYTHING["tags"]}


def test_an_absent_field_has_its_default_and_null_is_null(blog: Served) -> None:
    created = blog.data('mutation { createPost(input: {title: "x", body: null}) { state body } }')
    assert created["createPost"] == {"state": "DRAFT", "body": None}
    error = blog.error('mutation { createPost(input: {title: "y", state: null}) { id } }')
    assert error["extensions"] == hinted("NOT_NULL_VIOLATION", ["input", "state"])


def test_create_many_writes_all_or_none(blog: Served) -> None:
    query = "mutation ($rows: [CreatePostInput!]!) { createManyPost(input: $rows) { title body } }"
    rows = [{"title": "a"}, {"title": "b", "body": "x"}, {"title": "c"}]
    answer = blog.data(query, {"rows": rows})["createManyPost"]
    assert answer == [{"body": None, **row} for row in rows]
    error = blog.error(query, {"rows": [{"title": "d"}, {"title": "a"}]})
    assert error["extensions"] == hinted("UNIQUE_VIOLATION", ["input", 1, "title"])
    assert "d" not in titles(blog)
    error = blog.error(query, {"rows": [{"title": str(n)} for n in range(6)]})
    assert error["extensions"]["code"] == "TOO_MANY_ROWS"


@pytest.mark.parametrize(
    ("rows", "code", "path"),
    [
        ([{"title": "a"}, {"title": "b"}, {"title": "a"}], "UNIQUE_VIOLATION", [2, "title"]),
        ([{"title": "a"}, {"title": "post 1"}, {"title": "a"}], "UNIQUE_VIOLATION", [1, "title"]),
        ([{"title": "a", "state": "OUT"}, {"title": "post 3"}], "UNIQUE_VIOLATION", [1, "title"]),
        ([{"title": "a"}, {"title": "b", "state": None}], "NOT_NULL_VIOLATION", [1, "state"]),
        ([{"title": "a", "state": None}], "NOT_NULL_VIOLATION", [0, "state"]),
        ([{"title": "a"}, {"title": "b", "extra": {"k": "\0"}}], "BAD_USER_INPUT", [1]),
    ],
)
def test_a_refused_row_of_many_has_its_index(
    blog: Served, rows: list[Any], code: str, path: list[Any]
) -> None:
    query = "mutation ($rows: [CreatePostInput!]!) { createManyPost(input: $rows) { id } }"
    shown = blog.error(query, {"rows": rows})["extensions"]
    assert (shown["code"], shown["input"]) == (code, ["input", *path])
    assert titles(blog) == ["post 1", "post 2", "post 3"]


def test_half_of_a_surrogate_pair_is_an_error_of_the_input(blog: Served) -> None:
    """HTTP refuses such a body as no JSON; other callers of the service may send it."""
    query = "mutation ($rows: [CreatePostInput!]!) { createManyPost(input: $rows) { id } }"
    error = blog.error(query, {"rows": [{"title": "a"}, {"title": "\ud800"}]})
    assert error["message"] == "A text contains half of a surrogate pair, which is no character."
    assert error["extensions"] == hinted("BAD_USER_INPUT")
    assert titles(blog) == ["post 1", "post 2", "post 3"]


@pytest.mark.parametrize(
    ("operation", "path"),
    [
        ('createPost(input: {title: "LONG"}) { id }', ["input", "title"]),
        ('updatePost(id: 1, set: {title: "LONG"}) { id }', ["set", "title"]),
        (
            'createManyPost(input: [{title: "a"}, {title: "LONG", body: null}]) { id }',
            ["input", 1, "title"],
        ),
        ('upsertPost(input: {title: "LONG"}, on: TITLE) { id }', ["input", "title"]),
    ],
)
def test_a_text_that_is_too_long_has_a_place(
    blog: Served, operation: str, path: list[str | int]
) -> None:
    error = blog.error(f"mutation {{ v: {operation.replace('LONG', 'x' * 11)} }}")
    assert error["message"] == "title has more than 10 characters."
    assert error["extensions"] == hinted("VALUE_TOO_LONG", path)


def test_update_leaves_absent_fields_as_they_are(blog: Served) -> None:
    changed = blog.data('mutation { updatePost(id: 1, set: {title: "x"}) { title body } }')
    assert changed["updatePost"] == {"title": "x", "body": "b"}
    changed = blog.data("mutation { updatePost(id: 1, set: {body: null}) { title body } }")
    assert changed["updatePost"] == {"title": "x", "body": None}
    assert blog.data("mutation { updatePost(id: 1, set: {}) { title } }")["updatePost"] == {
        "title": "x"
    }
    error = blog.error('mutation { updatePost(id: 9, set: {title: "y"}) { id } }')
    assert error["extensions"] == hinted("ROW_NOT_FOUND", ["id"])


def test_update_many_changes_the_rows_of_the_filter(blog: Served) -> None:
    where = '{or: [{title: {eq: "post 1"}}, {id: {gt: 2}}], comments: {none: {text: {eq: "no"}}}}'
    changed = blog.data(
        f"mutation {{ updateManyPost(where: {where}, set: {{body: null}}) {{ id }} }}"
    )
    assert changed["updateManyPost"] == [{"id": 1}, {"id": 3}]
    rows = blog.fetch("SELECT body FROM post ORDER BY id")
    assert [row["body"] for row in rows] == [None, "b", None]


def test_upsert_creates_or_changes(blog: Served) -> None:
    query = (
        "mutation ($input: CreatePostInput!) {"
        " upsertPost(input: $input, on: TITLE) { id title body } }"
    )
    changed = blog.data(query, {"input": {"title": "post 2", "body": "z"}})["upsertPost"]
    assert changed == {"id": 2, "title": "post 2", "body": "z"}
    created = blog.data(query, {"input": {"title": "post 9"}})["upsertPost"]
    assert (created["title"], created["body"]) == ("post 9", None)
    same = 'upsertComment(input: {postId: 1, place: 1, text: "new"}, on: POST_ID_PLACE) { text }'
    assert blog.data(f"mutation {{ {same} }}")["upsertComment"] == {"text": "new"}


def test_upsert_leaves_fields_that_are_not_listed(blog: Served) -> None:
    query = "mutation ($size: Decimal!) { upsertLabel(input: {size: $size}, on: SIZE) { id } }"
    first = blog.data(query, {"size": "1.0"})
    assert blog.data(query, {"size": "1.00"}) == first
    assert blog.fetch("SELECT size::text AS size FROM label") == [{"size": "1.0"}]


def test_a_field_may_have_the_name_of_a_column_of_the_key(blog: Served) -> None:
    made = blog.data('mutation { createLabel(input: {number: "x"}) { id number } }')["createLabel"]
    change = f'mutation {{ updateLabel(id: {made["id"]}, set: {{number: "y"}}) {{ id number }} }}'
    assert blog.data(change)["updateLabel"] == {"id": made["id"], "number": "y"}


def test_types_of_other_schemas_are_not_taken_for_those_of_columns(blog: Served) -> None:
    path = f"{'&' if '?' in blog.url else '?'}search_path=other,public,pg_catalog"
    with served(blog.url + path, queries=QUERIES, cache=False) as other:
        made = other.data('mutation { createPost(input: {title: "captured"}) { title } }')
    assert made["createPost"] == {"title": "captured"}


def test_the_place_of_an_error_is_not_in_the_filter(blog: Served) -> None:
    error = blog.error('mutation { updateManyPost(all: true, set: {title: "x"}) { id } }')
    assert error["extensions"] == hinted("UNIQUE_VIOLATION", ["set", "title"])


def test_delete_answers_the_row_as_it_was(blog: Served) -> None:
    gone = blog.data("mutation { deleteComment(postId: 1, place: 2) { text } }")
    assert gone["deleteComment"] == {"text": "second"}
    error = blog.error("mutation { deletePost(id: 1) { id } }")
    assert error["message"] == "Another row refers to this one by post_id."
    hint = "Delete or change the other row first."
    assert error["extensions"] == {"code": "FOREIGN_KEY_VIOLATION", "hint": hint}
    gone = blog.data(
        'mutation { deleteManyPost(where: {title: {like: "post _"}, id: {gt: 1}}) { id title } }'
    )
    assert gone["deleteManyPost"] == [{"id": 2, "title": "post 2"}, {"id": 3, "title": "post 3"}]
    assert titles(blog) == ["post 1"]


EMPTY: list[Any] = [
    None,
    {},
    {"id": {}},
    {"id": None},
    {"and": []},
    {"or": []},
    {"not": {"or": []}},
    {"and": [{}]},
    {"or": [{"id": {"eq": 1}}, {}]},
    {"not": {}},
    {"not": None},
    {"comments": {}},
    {"comments": {"some": {}}},
    {"id": {"eq": 1}, "title": {}},
]


@pytest.mark.parametrize("where", EMPTY, ids=str)
@pytest.mark.parametrize("name", ["updateManyPost", "deleteManyPost"])
def test_an_empty_filter_writes_nothing(blog: Served, name: str, where: Any) -> None:
    changes = ", set: {body: null}" if name == "updateManyPost" else ""
    query = f"mutation ($where: PostWhere) {{ {name}(where: $where{changes}) {{ id }} }}"
    error = blog.error(query, {"where": where})
    assert error["extensions"]["code"] == "WHERE_EMPTY"
    assert error["extensions"]["input"][0] == "where"
    assert len(blog.fetch("SELECT FROM post WHERE body IS NOT NULL")) == 3


def test_an_absent_variable_does_not_widen_a_filter(blog: Served) -> None:
    query = "mutation ($id: Int) { deleteManyPost(where: {id: {eq: $id}}) { id } }"
    assert blog.error(query, {})["extensions"]["code"] == "WHERE_EMPTY"
    assert blog.data(query, {"id": None})["deleteManyPost"] == []


def test_all_rows_are_written_only_when_it_is_said(blog: Served) -> None:
    blog.execute("DELETE FROM comment")
    assert len(blog.data("mutation { deleteManyPost(all: true) { id } }")["deleteManyPost"]) == 3


def test_more_rows_than_allowed_are_not_written(blog: Served) -> None:
    blog.execute("INSERT INTO post (title) SELECT 'more ' || n FROM generate_series(1, 3) n")
    error = blog.error("mutation { updateManyPost(all: true, set: {body: null}) { id } }")
    assert error["extensions"]["code"] == "TOO_MANY_ROWS"
    assert len(blog.fetch("SELECT FROM post WHERE body = 'b'")) == 3


def test_a_right_may_be_required(blog: Served) -> None:
    context = {"reader": True}
    error = blog.error('mutation { createPost(input: {title: "x"}) { id } }', context=context)
    assert error["extensions"]["code"] == "FORBIDDEN"


def test_only_listed_fields_are_in_the_inputs(blog: Served) -> None:
    types = blog.data('{ __type(name: "UpdateCommentInput") { inputFields { name } } }')
    assert types["__type"] == {"inputFields": [{"name": "text"}]}


def test_policies_hold_for_writes(blog: Served) -> None:
    blog.execute(
        f"CREATE ROLE {ROLE}; GRANT SELECT, INSERT, UPDATE, DELETE ON post, comment TO {ROLE};"
        " ALTER TABLE post ENABLE ROW LEVEL SECURITY;"
        f" CREATE POLICY own ON post TO {ROLE} USING (title = current_setting('app.title', true))"
    )
    context = {"role": ROLE, "session": {"app.title": "post 2"}}
    try:
        answer = blog.data(
            "mutation { updateManyPost(all: true, set: {body: null}) { id } }", context=context
        )
        assert answer["updateManyPost"] == [{"id": 2}]
        error = blog.error("mutation { deletePost(id: 1) { id } }", context=context)
        assert error["extensions"]["code"] == "ROW_NOT_FOUND"
        error = blog.error('mutation { createPost(input: {title: "x"}) { id } }', context=context)
        assert error["extensions"]["code"] == "DATABASE_ERROR"
    finally:
        blog.execute(
            f"DROP OWNED BY {ROLE}; DROP ROLE {ROLE}; ALTER TABLE post DISABLE ROW LEVEL SECURITY"
        )


@pytest.mark.parametrize(
    ("writes", "message"),
    [
        ({"create": ["titel"]}, "Did you mean 'title'"),
        ({"create": ["comments"]}, "not a stored field"),
        ({}, "lists nothing"),
        ({"upsert": ["title"], "delete": True}, "no create"),
        ({"create": ["title"], "upsert": [("id", "titel")]}, "Did you mean 'title'"),
        ({"create": ["title"], "upsert": ["id_title", ("id", "title")]}, "two keys"),
        ({"delete": True, "max_affected": 0}, "max_affected"),
    ],
)
def test_mistakes_in_writes_are_refused(writes: dict[str, Any], message: str) -> None:
    class Article:
        id: int
        title: str
        id_title: str
        comments: list[Comment] = fraiseql.embed("comment", on="post_id", limit=9)

    def declare() -> None:
        options = fraiseql.Writes(**writes)
        type_ = fraiseql.type(sql_source="post", writes=options)(Article)
        fraiseql.build_schema(queries=[fraiseql.find("articles", type_)])

    with pytest.raises(fraiseql.DeclarationError, match=message):
        declare()
