"""Answers stay correct while strategies are applied and removed."""

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import pytest

import fraiseql
from fraiseql.caching.strategies.materialized_view.refreshing import refresh_view
from fraiseql.database.writing import open_admin
from fraiseql.schema.storage import GeneratedColumn, MaterializedView, Projection
from fraiseql.serving import Request
from tests.integration.caching.ddl.env import applied
from tests.integration.flights import at_once, run_sql
from tests.integration.serving.served import Served

TABLES = """
DROP SCHEMA IF EXISTS fraiseql CASCADE; DROP SCHEMA public CASCADE; CREATE SCHEMA public;
CREATE TABLE shelf (id int PRIMARY KEY, name text NOT NULL, more text);
CREATE TABLE volume (id int PRIMARY KEY, shelf_id int REFERENCES shelf, title text NOT NULL);
CREATE INDEX ON volume (shelf_id);
INSERT INTO shelf SELECT n, 'shelf ' || n, NULL FROM generate_series(1, 3) n;
INSERT INTO volume SELECT n, 1 + n % 3, 'volume ' || n FROM generate_series(1, 9) n;
"""


def shelf(stored: object, *, more: bool = False, embeds: bool = True) -> Any:
    """The type of shelves; with another field, or without its embed."""

    @fraiseql.type(name="Volume", sql_source="volume")
    class Volume:
        id: int
        title: str

    fields: dict[str, Any] = {"id": int, "name": str}
    body: dict[str, Any] = {}
    if more:
        fields["more"] = str | None
    if embeds:
        fields["volumes"] = list[Volume]
        body["volumes"] = fraiseql.embed("volume", on="shelf_id", order_by="id")
    type_ = type("Shelf", (), {"__annotations__": fields, **body})
    return fraiseql.type(name="Shelf", sql_source="shelf", stored=stored)(type_)


QUERY = "{ shelves { id name volumes { id title } } }"
PLAIN = "{ shelves { id name } }"


@pytest.fixture
def url(database: str) -> str:
    at_once(run_sql(database, TABLES))
    return database


class Shelves(Served):
    """Shelves, served from stored documents as soon as they exist."""

    def __init__(self, url: str, type_: Any, query: str = QUERY) -> None:
        super().__init__(url, queries=[fraiseql.find("shelves", type_)], worker=False)
        self.query = query
        self.run(self.service.start())

    def source(self) -> str:
        """Return what answers at the moment."""
        statement = self.run(self.service.explain(Request(self.query))).statements[0]
        return statement.source.split()[0]

    def right(self) -> bool:
        """Whether the answer equals the tables."""
        return self.data(self.query)["shelves"] == self.expected()

    def expected(self) -> list[dict[str, Any]]:
        rows = self.fetch("SELECT id, name FROM shelf ORDER BY id")
        volumes = self.fetch("SELECT id, title, shelf_id FROM volume ORDER BY id")
        if self.query == PLAIN:
            return rows
        return [
            {
                **row,
                "volumes": [
                    {"id": v["id"], "title": v["title"]}
                    for v in volumes
                    if v["shelf_id"] == row["id"]
                ],
            }
            for row in rows
        ]


KINDS = [
    pytest.param(Projection(max_bytes=10**6), QUERY, "projection", id="projection"),
    pytest.param(Projection(text=True, max_bytes=10**6), QUERY, "projection", id="text"),
    pytest.param(MaterializedView(refresh="1h"), QUERY, "materialized", id="view"),
    pytest.param(GeneratedColumn(column="kept"), PLAIN, "generated", id="column"),
]
LOSS = {
    "projection": "DROP TABLE {relation} CASCADE",
    "materialized": "DROP MATERIALIZED VIEW {relation} CASCADE",
    "generated": "ALTER TABLE shelf DROP COLUMN kept CASCADE",
}


def lose(running: Served, kind: str) -> None:
    """Drop the stored documents of any strategy."""
    letter = {"projection": "r", "materialized": "m"}.get(kind)
    if letter is None:
        running.execute(LOSS[kind])
        return
    pattern = "tv\\_%" if letter == "r" else "mv\\_%"
    rows = running.fetch(
        "SELECT c.oid::regclass::text AS name FROM pg_class c"
        f" WHERE relkind = '{letter}' AND relname LIKE '{pattern}'"
        " AND relnamespace = 'fraiseql'::regnamespace AND relname NOT LIKE '%queue%'"
    )
    assert len(rows) == 1, rows
    running.execute(LOSS[kind].format(relation=rows[0]["name"]))


@pytest.mark.parametrize(("stored", "query", "kind"), KINDS)
def test_sources_are_stored_lost_and_stored_again(
    url: str, stored: Any, query: str, kind: str
) -> None:
    type_ = shelf(stored, embeds=query == QUERY)
    running = Shelves(url, type_, query)
    try:
        assert running.source() == "live"
        assert running.right()
        at_once(applied(url, type_))
        running.run(running.service.republish())
        assert running.source() == kind
        assert running.right()
        lose(running, kind)
        for _ in range(3):
            assert running.right()
            assert running.source() == "live"
        running.execute("DROP SCHEMA fraiseql CASCADE")
        at_once(applied(url, type_))
        running.run(running.service.republish())
        assert running.source() == kind
        assert running.right()
    finally:
        running.close()


@pytest.mark.parametrize(("stored", "query", "kind"), KINDS[:3])
def test_no_request_fails_while_another_generation_takes_over(
    url: str, stored: Any, query: str, kind: str
) -> None:
    """The application of before the change is served on while its documents are replaced."""
    before, after = shelf(stored), shelf(stored, more=True)
    at_once(applied(url, before))
    running = Shelves(url, before, query)
    try:
        assert running.source() == kind
        expected = running.expected()
        answers: list[bytes] = []

        async def ask(over: asyncio.Event) -> None:
            while not over.is_set():
                answers.append(await running.respond(query))

        async def change() -> None:
            over = asyncio.Event()
            asking = [asyncio.ensure_future(ask(over)) for _ in range(4)]
            try:
                await asyncio.to_thread(at_once, applied(url, after))
                await asyncio.sleep(0.3)
            finally:
                over.set()
            await asyncio.gather(*asking)

        running.run(change())
        assert {json.dumps(json.loads(answer)["data"]["shelves"]) for answer in answers} == {
            json.dumps(expected)
        }
        assert not any(b'"errors"' in item for item in answers)
        assert running.right()
        assert running.source() == "live", "its own generation is gone"
    finally:
        running.close()


@pytest.fixture
def when_stale(url: str, request: pytest.FixtureRequest) -> Iterator[Shelves]:
    type_ = shelf(MaterializedView(target_lag="60s", when_stale=request.param))
    at_once(applied(url, type_))
    running = Shelves(url, type_)
    yield running
    running.close()


async def refresh(running: Shelves) -> None:
    """Refresh the view as the worker does."""
    source = running.service._snapshot.planner.relations.sources.sources["Shelf"]  # type: ignore[union-attr]
    assert source.stored is not None
    async with open_admin(running.service.pool) as writer:
        await refresh_view(writer, source.stored.relation.sql)


def staleness(running: Shelves) -> tuple[list[Any], str]:
    """Return the reported age, and whether the data equal the tables."""
    answer = running.ask(QUERY)
    said = answer.get("extensions", {}).get("staleness", [])
    same = answer["data"] is not None and answer["data"]["shelves"] == running.expected()
    return said, "right" if same else "old"


@pytest.mark.parametrize("when_stale", ["serve", "live", "error"], indirect=True)
def test_a_view_reports_its_age_and_obeys_its_limit(
    when_stale: Shelves, request: pytest.FixtureRequest
) -> None:
    mode = request.node.callspec.params["when_stale"]
    running = when_stale
    fresh = [{"path": ["shelves"], "type": "Shelf", "seconds": 0.0}]
    assert staleness(running) == (fresh, "right")
    running.execute("UPDATE volume SET title = 'changed' WHERE id = 4")
    said, state = staleness(running)
    assert state == "old"
    assert 0 < said[0]["seconds"] < 60
    running.execute("UPDATE fraiseql.changes SET at = at - interval '61 s'")
    if mode == "error":
        error = running.error(QUERY)
        assert error["extensions"]["code"] == "STALE"
        assert "60 s are allowed" in error["message"]
    else:
        said, state = staleness(running)
        assert state == ("right" if mode == "live" else "old")
        assert [entry["seconds"] > 60 for entry in said] == ([] if mode == "live" else [True])
    running.run(refresh(running))
    assert staleness(running) == (fresh, "right")


@pytest.mark.parametrize("when_stale", ["live"], indirect=True)
def test_a_view_that_is_emptied_is_answered_live_until_it_is_full(when_stale: Shelves) -> None:
    running = when_stale
    rows = running.fetch("SELECT oid::regclass::text AS name FROM pg_class WHERE relkind = 'm'")
    running.execute(f"REFRESH MATERIALIZED VIEW {rows[0]['name']} WITH NO DATA")
    assert staleness(running) == ([], "right")
    assert running.source() == "live"
    running.execute(f"REFRESH MATERIALIZED VIEW {rows[0]['name']}")
    running.run(running.service.republish())
    assert running.source() == "materialized"
    assert running.right()


WORDS = """
DO $$ DECLARE found text; BEGIN
  SELECT quote_ident(collname) INTO found FROM pg_collation, pg_database d
  WHERE d.datname = current_database() AND collencoding IN (-1, d.encoding)
    AND collprovider IN ('c', 'i') AND collisdeterministic AND ('a' < 'B') <> (CASE collname
      WHEN 'C' THEN false WHEN 'en-x-icu' THEN true WHEN 'en_US.utf8' THEN true END)
  LIMIT 1;
  EXECUTE format('CREATE TABLE word (id text COLLATE %s PRIMARY KEY, text text)',
    coalesce(found, '"default"'));
END $$;
INSERT INTO word VALUES ('a', '1'), ('B', '2'), ('c', '3'), ('_', '4');
"""
"""A key whose collation orders otherwise than the database's, where the server has one."""


def word(stored: object) -> Any:
    """The type of words, whose key is a text."""
    type_ = type("Word", (), {"__annotations__": {"id": str, "text": str | None}})
    return fraiseql.type(name="Word", sql_source="word", stored=stored)(type_)


@pytest.mark.parametrize("stored", [Projection(max_bytes=10**6), MaterializedView(refresh="1h")])
def test_texts_keep_the_order_of_their_own_collation(url: str, stored: Any) -> None:
    """A key with another collation than the database's, which a stored table may not have."""
    at_once(run_sql(url, WORDS))
    cached, live = word(stored), word(None)
    at_once(applied(url, cached))
    operations = [
        "{ words { id text } }",
        '{ words(where: {id: {gt: "B"}}) { id text } }',
        '{ words(where: {id: {in: ["B", "_"]}}, orderBy: [{text: DESC}]) { id text } }',
        '{ word(id: "B") { id text } }',
    ]
    answers = []
    for type_ in (cached, live):
        queries = [fraiseql.find("words", type_), fraiseql.find_one("word", type_, by="id")]
        running = Served(url, queries=queries, worker=False)
        running.run(running.service.start())
        answers.append([running.ask(operation)["data"] for operation in operations])
        sources = [
            running.run(running.service.explain(Request(item))).statements[0].source
            for item in operations
        ]
        assert ("live" in sources) == (type_ is live)
        running.close()
    assert answers[0] == answers[1]
