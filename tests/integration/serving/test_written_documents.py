"""Answers of generated mutations are the stored documents, which have the write."""

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import asyncpg
import pytest

import fraiseql
from fraiseql.schema.storage import Projection
from tests.cache_environment import apply_schema
from tests.integration.serving.served import Served, served

ROWS = """
INSERT INTO author VALUES (1, 'Ada'), (2, 'Bob');
INSERT INTO post VALUES (1, 1, 'One'), (2, 2, 'Two');
"""
TABLES = """
DROP SCHEMA IF EXISTS fraiseql CASCADE; DROP SCHEMA public CASCADE; CREATE SCHEMA public;
CREATE TABLE author (id int PRIMARY KEY, name text NOT NULL);
CREATE TABLE post (id int PRIMARY KEY, author_id int NOT NULL REFERENCES author, title text);
CREATE INDEX ON post (author_id);
"""
ROW = "{ id name posts { id title } }"


@fraiseql.type(sql_source="post", writes=fraiseql.Writes(create=["id", "author_id", "title"]))
class Post:
    id: int
    author_id: int
    title: str | None


@fraiseql.type(
    sql_source="author",
    stored=Projection(),
    writes=fraiseql.Writes(
        create=["id", "name"], update=["name"], upsert=["id"], delete=True, many=True
    ),
)
class Author:
    id: int
    name: str
    posts: list[Post] = fraiseql.embed("post", on="author_id", order_by="id", limit=50)


OPTIONS: dict[str, Any] = {"queries": [fraiseql.find("authors", Author, order_by="id")]}
STEPS = [
    'createAuthor(input: {id: 3, name: "Cy"})',
    'createManyAuthor(input: [{id: 4, name: "Di"}, {id: 5, name: "Ed"}])',
    'updateAuthor(id: 1, set: {name: "Ann"})',
    'updateManyAuthor(where: {id: {in: [1, 2]}}, set: {name: "Eve"})',
    'upsertAuthor(input: {id: 2, name: "Fay"}, on: ID)',
    'upsertAuthor(input: {id: 9, name: "Gil"}, on: ID)',
]


class Statements:
    """The reads that a transaction of a mutation ran."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.texts: list[str] = []
        read = fraiseql.database.WriteTransaction.read

        async def noted(db: Any, sql: str, *args: Any) -> Any:
            self.texts.append(sql)
            return await read(db, sql, *args)

        monkeypatch.setattr(fraiseql.database.WriteTransaction, "read", noted)

    def take(self) -> list[bool]:
        """Return whether each read since the last call was of stored documents."""
        stored = ["must_be_unchanged" in text or '"fraiseql"' in text for text in self.texts]
        self.texts.clear()
        return stored


@pytest.fixture(scope="module", params=["field", "operation"])
def application(request: pytest.FixtureRequest, database: str) -> Iterator[Served]:
    with served(database, TABLES, **OPTIONS, mutation_transaction=request.param) as running:
        running.run(apply_schema(database, running.service.schema))
        running.run(running.service.republish())
        yield running


@pytest.fixture
def bench(application: Served) -> Served:
    application.execute(f"DELETE FROM post; DELETE FROM author; {ROWS}")
    return application


def stored(bench: Served) -> list[Any]:
    explained = bench.run(
        bench.service.explain(fraiseql.serving.Request(f"{{ authors {ROW} }}"), {})
    )
    assert any("projection" in each.source for each in explained.statements)
    rows: list[Any] = bench.data(f"{{ authors {ROW} }}")["authors"]
    return rows


def test_an_answer_is_the_document_that_is_read_after_it(
    bench: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = Statements(monkeypatch)
    for step in STEPS:
        answer = bench.data(f"mutation {{ v: {step} {ROW} }}")["v"]
        rows = answer if isinstance(answer, list) else [answer]
        assert rows
        assert all(row in stored(bench) for row in rows), step
        assert log.take() == [True], step


def test_a_deleted_row_is_read_live(bench: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    bench.data('mutation { createAuthor(input: {id: 3, name: "Cy"}) { id } }')
    log = Statements(monkeypatch)
    answer = bench.data(f"mutation {{ deleteAuthor(id: 3) {ROW} }}")
    assert answer == {"deleteAuthor": {"id": 3, "name": "Cy", "posts": []}}
    assert log.take() == [False]
    assert [row["id"] for row in stored(bench)] == [1, 2]


def test_several_root_fields(bench: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    """In one transaction, writes follow the first answer: it is read live."""
    log = Statements(monkeypatch)
    query = f"""mutation {{ a: updateAuthor(id: 1, set: {{name: "A"}}) {ROW}
      b: updateAuthor(id: 2, set: {{name: "B"}}) {ROW} }}"""
    answer = bench.data(query)
    assert [answer["a"], answer["b"]] == stored(bench)
    together = bench.service.settings.mutation_transaction == "operation"
    assert log.take() == [not together, not together]


def test_what_cannot_be_read_is_answered_live(
    bench: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = "SELECT viewname AS name FROM pg_views WHERE viewname LIKE 'stored_tv_author%'"
    (view,) = bench.fetch(names)
    bench.execute(f'ALTER VIEW fraiseql."{view["name"]}" RENAME TO elsewhere')
    log = Statements(monkeypatch)
    answer = bench.data(f'mutation {{ updateAuthor(id: 1, set: {{name: "New"}}) {ROW} }}')
    assert answer["updateAuthor"]["name"] == "New"
    assert log.take() == [True, False]
    assert bench.fetch("SELECT name FROM author WHERE id = 1") == [{"name": "New"}]
    (row,) = bench.fetch("SELECT data->>'name' AS name FROM fraiseql.elsewhere WHERE id = 1")
    assert row == {"name": "New"}
    bench.execute(f'ALTER VIEW fraiseql.elsewhere RENAME TO "{view["name"]}"')
    bench.run(bench.service.republish())


def test_a_concurrent_child_is_in_the_answer_or_in_no_document_yet(bench: Served) -> None:
    """The other transaction writes a child first, and commits while the mutation waits."""

    async def race() -> bytes:
        other = await asyncpg.connect(bench.url)
        try:
            async with other.transaction():
                await other.execute("INSERT INTO post VALUES (10, 1, 'Ten')")
                await other.execute("SET CONSTRAINTS fraiseql.flush IMMEDIATE")
                query = f'mutation {{ v: updateAuthor(id: 1, set: {{name: "X"}}) {ROW} }}'
                answer = asyncio.create_task(bench.respond(query))
                await asyncio.sleep(0.2)
                assert not answer.done()
            return await answer
        finally:
            await other.close()

    answer = json.loads(bench.run(race()))["data"]["v"]
    assert [post["id"] for post in answer["posts"]] == [1, 10]
    assert answer in stored(bench)


def test_a_role_reads_live(bench: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    bench.execute("GRANT USAGE ON SCHEMA public TO pg_monitor")
    bench.execute("GRANT SELECT, UPDATE ON author, post TO pg_monitor")
    log = Statements(monkeypatch)
    query = f'mutation {{ updateAuthor(id: 1, set: {{name: "R"}}) {ROW} }}'
    answer = bench.ask(query, context={"role": "pg_monitor"})
    assert log.take() == [False]
    assert answer["data"]["updateAuthor"]["name"] == "R"
    assert stored(bench)[0]["name"] == "R"
