"""Documents too large to store are answered live; writes succeed."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

import fraiseql
from fraiseql.errors import DeclarationError
from fraiseql.schema.storage import Projection
from fraiseql.serving import Request
from tests.integration.caching.ddl.env import applied, planned
from tests.integration.caching.projection.declared import drift
from tests.integration.flights import at_once, run_sql
from tests.integration.serving.served import Served

TABLES = """
DROP SCHEMA IF EXISTS fraiseql CASCADE; DROP SCHEMA public CASCADE; CREATE SCHEMA public;
CREATE TABLE shelf (id int PRIMARY KEY, name text);
CREATE TABLE volume (id int PRIMARY KEY, shelf_id int, title text NOT NULL);
CREATE INDEX ON volume (shelf_id);
CREATE TABLE lid (shelf_id int PRIMARY KEY, color text);
INSERT INTO shelf SELECT n, 'shelf ' || n FROM generate_series(1, 3) n;
INSERT INTO volume SELECT n, 1 + n % 3, 'volume ' || n FROM generate_series(1, 9) n;
"""
ALL = "{ shelves { id name volumes { id title } } }"
SOME = '{ shelves(where: {name: {neq: "nothing"}}) { id name volumes { id title } } }'
PAGE = "{ shelfPage { items { id name volumes { id title } } totalCount } }"
CONNECTION = """{
  shelfPages { nodes { id name volumes { id title } } }
  edges: shelfPages { edges { cursor node { id name volumes { id title } } } }
}"""
ONE = "{ shelf(id: %d) { id name volumes { id title } } }"


def shelf(limit: int | None = None, **options: Any) -> Any:
    """The type of shelves with their volumes."""

    @fraiseql.type(name="Volume", sql_source="volume")
    class Volume:
        id: int
        title: str

    volumes = fraiseql.embed("volume", on="shelf_id", order_by="id", limit=limit)
    fields = {"id": int, "name": str | None, "volumes": list[Volume]}
    shelf_type = type("Shelf", (), {"__annotations__": fields, "volumes": volumes})
    return fraiseql.type(name="Shelf", sql_source="shelf", stored=Projection(**options))(shelf_type)


class Shelves(Served):
    """Shelves and one shelf, read from stored documents."""

    def right(self) -> bool:
        """Whether each answer equals the tables, and stored documents are still read."""
        rows = self.fetch("SELECT id, name FROM shelf ORDER BY id")
        volumes = self.fetch("SELECT id, title, shelf_id FROM volume ORDER BY id")
        expected = [
            {
                **row,
                "volumes": [
                    {"id": volume["id"], "title": volume["title"]}
                    for volume in volumes
                    if volume["shelf_id"] == row["id"]
                ],
            }
            for row in rows
        ]
        statement = self.run(self.service.explain(Request(ALL))).statements[0]
        assert statement.source.startswith("projection")
        one_by_one = [self.data(ONE % row["id"])["shelf"] for row in rows]
        assert self.data(SOME)["shelves"] == expected
        assert self.data(PAGE)["shelfPage"]["items"] == expected
        pages = self.data(CONNECTION)
        assert pages["shelfPages"]["nodes"] == expected
        assert [edge["node"] for edge in pages["edges"]["edges"]] == expected
        return self.data(ALL)["shelves"] == expected == one_by_one

    def absent(self) -> list[int]:
        """Return the shelves whose document is not stored."""
        rows = self.fetch("SELECT id FROM tv_shelf WHERE data = 'null' ORDER BY id")
        return [row["id"] for row in rows]


@contextmanager
def serving(url: str, type_: Any) -> Iterator[Shelves]:
    at_once(applied(url, type_))
    queries = [
        fraiseql.find("shelves", type_),
        fraiseql.find_one("shelf", type_, by="id"),
        fraiseql.page("shelf_page", type_, order_by="id"),
        fraiseql.connection("shelf_pages", type_, order_by="id"),
    ]
    running = Shelves(url, queries=queries, worker=False)
    try:
        running.run(running.service.start())
        yield running
    finally:
        running.close()


@pytest.fixture
def url(database: str) -> str:
    at_once(run_sql(database, TABLES))
    return database


@pytest.mark.parametrize("options", [{}, {"text": True}, {"mode": "statement"}], ids=str)
def test_documents_beyond_max_bytes_are_answered_live(url: str, options: Any) -> None:
    type_ = shelf(max_bytes=2_000, **options)
    with serving(url, type_) as running:
        assert running.absent() == []
        assert running.right()
        running.execute("UPDATE volume SET title = repeat('long ', 300) WHERE shelf_id = 2")
        assert running.absent() == [2]
        assert running.right()
        # Together with a document that is small.
        running.execute("UPDATE volume SET title = title || '!'; UPDATE shelf SET name = 'new'")
        assert running.absent() == [2]
        assert running.right()
        assert at_once(drift(url, type_)) == 0
        running.execute("UPDATE volume SET title = 'short' WHERE shelf_id = 2")
        assert running.absent() == []
        assert running.right()
        running.execute("UPDATE volume SET shelf_id = 1, title = repeat('long ', 300)")
        running.execute("DELETE FROM shelf WHERE id = 1")
        assert running.absent() == []
        assert running.right()


def test_large_documents_are_not_stored_when_they_are_built(url: str) -> None:
    at_once(run_sql(url, "UPDATE volume SET title = repeat('long ', 300) WHERE shelf_id = 2"))
    with serving(url, shelf(max_bytes=2_000)) as running:
        assert running.absent() == [2]
        assert running.right()


@pytest.mark.parametrize("options", [{"limit": 20}, {"limit": 20, "text": True}], ids=str)
def test_documents_that_postgresql_cannot_make_fail_no_writer(url: str, options: Any) -> None:
    """Three hundred million bytes exceed jsonb; the small documents are stored."""
    with serving(url, shelf(**options)) as running:
        huge = "UPDATE volume SET title = repeat('x', 100000000) WHERE shelf_id = 2"
        running.execute(f"BEGIN; UPDATE shelf SET name = 'written with it'; {huge}; COMMIT")
        assert running.absent() == [2]
        small = "{ shelf(id: 1) { name volumes { title } } }"
        assert running.data(small)["shelf"]["name"] == "written with it"
        running.execute("UPDATE volume SET title = 'small again'")
        assert running.absent() == []
        assert running.right()


def test_asynchronous_documents_may_be_absent_too(url: str) -> None:
    type_ = shelf(max_bytes=2_000, mode="async")
    at_once(run_sql(url, "UPDATE volume SET title = repeat('long ', 300) WHERE shelf_id = 2"))
    with serving(url, type_) as running:
        assert running.absent() == [2]
        assert running.right()


def test_a_list_without_an_end_is_refused(url: str) -> None:
    (refusal,) = at_once(planned(url, shelf())).refusals
    assert refusal.code == "UNBOUNDED_EMBED"
    assert refusal.where == "Shelf.volumes"
    for way in ("limit=", "embeds=", "max_bytes="):
        assert way in refusal.alternative
    with pytest.raises(DeclarationError, match="UNBOUNDED_EMBED"):
        at_once(applied(url, shelf()))
    for bounded in (shelf(limit=5), shelf(max_bytes=10**6), shelf(embeds=())):
        assert at_once(planned(url, bounded)).refusals == ()


def test_one_row_at_most_is_no_list_without_an_end(url: str) -> None:
    @fraiseql.type(name="Lid", sql_source="lid")
    class Lid:
        color: str | None

    @fraiseql.type(name="Shelf", sql_source="shelf", stored=Projection())
    class Shelf:
        id: int
        lids: list[Lid] = fraiseql.embed("lid", on="shelf_id")

    assert at_once(planned(url, Shelf)).refusals == ()
