"""Application with documents that a test stores by hand.

Live names start with ``live``, stored ones with ``kept``, which shows the source of an answer.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from time import monotonic

import fraiseql
from fraiseql.catalog import Catalog, Relation
from fraiseql.catalog.load import load_catalog
from fraiseql.database import Pool
from fraiseql.repositories import Repository
from fraiseql.schema import Schema
from fraiseql.serving import Service
from fraiseql.sources import Freshness, SourceMap, StoredSource
from tests.integration.serving.served import Served

TABLES = """
CREATE TABLE writer (id int PRIMARY KEY, name text NOT NULL, rank int);
CREATE TABLE novel (id int PRIMARY KEY, writer_id int NOT NULL, title text NOT NULL);
CREATE TABLE chapter (id int PRIMARY KEY, novel_id int NOT NULL, pages int);
INSERT INTO writer VALUES (1, 'live Ada', 3), (2, 'live Bob', 1), (3, 'live Cy', NULL);
INSERT INTO novel VALUES (1, 1, 'live first'), (2, 1, 'live second'), (3, 2, 'live third');
INSERT INTO chapter VALUES (1, 1, 10), (2, 1, 20);
"""

STORED = """
DROP SCHEMA IF EXISTS kept CASCADE;
CREATE SCHEMA kept;
CREATE TABLE kept.writer (id int PRIMARY KEY, data jsonb NOT NULL);
INSERT INTO kept.writer SELECT w.id, jsonb_build_object(
  'id', w.id, 'name', replace(w.name, 'live', 'kept'), 'rank', w.rank,
  'novels', (SELECT coalesce(jsonb_agg(jsonb_build_object(
    'id', n.id, 'writer_id', n.writer_id, 'title', replace(n.title, 'live', 'kept'))
    ORDER BY n.id), '[]') FROM novel n WHERE n.writer_id = w.id)) FROM writer w;
CREATE MATERIALIZED VIEW kept.view AS SELECT id, rank, name, data FROM writer JOIN kept.writer k
  USING (id);
CREATE TABLE kept.lag (seconds float8);
INSERT INTO kept.lag VALUES (2.5);
"""


@fraiseql.type(sql_source="chapter")
class Chapter:
    id: int
    pages: int | None


@fraiseql.type(sql_source="novel")
class Novel:
    id: int
    writer_id: int
    title: str
    chapters: list[Chapter] = fraiseql.embed("chapter", on="novel_id", max_items=100)


@fraiseql.type(sql_source="writer")
class Writer:
    id: int
    name: str
    rank: int | None
    novels: list[Novel] = fraiseql.embed("novel", on="writer_id", order_by="id")

    @fraiseql.field(needs=["name", "rank"])
    def label(self) -> str:
        return f"{self.name}/{self.rank}"

    @fraiseql.field(needs=["id"])
    async def rivals(self, info: fraiseql.Info) -> "list[Writer]":
        repository = Repository(info.context["db"], info.context)
        return await repository.find("writer", id={"neq": self.id})


@fraiseql.query
async def found(info: fraiseql.Info, id: int) -> Writer | None:  # noqa: A002
    return await Repository(info.context["db"], info.context).find_one("writer", id=id)


@fraiseql.query
async def counted(info: fraiseql.Info) -> int:
    repository = Repository(info.context["db"], info.context)
    assert await repository.exists("writer", id=1)
    return await repository.count("writer")


@fraiseql.query
async def within(info: fraiseql.Info) -> list[Writer]:
    async with info.context["db"].transaction() as transaction:
        return await Repository(transaction, info.context).find("writer")


QUERIES = [
    fraiseql.find("writers", Writer),
    fraiseql.find_one("writer", Writer, by="id"),
    fraiseql.find_one("ranked", Writer, by="rank"),
    found,
    counted,
    within,
]

FindSource = Callable[[Mapping[str, Relation]], StoredSource | None]
"""Given the relations of the schema ``kept``, says what is kept of writers."""


def beside(relations: Mapping[str, Relation]) -> StoredSource | None:
    """A table of documents with the embed ``novels``."""
    relation = relations.get("kept.writer")
    if relation is None or "data" not in relation.columns:
        return None
    return StoredSource(relation, "data", "beside", frozenset({"novels"}))


def instead(relations: Mapping[str, Relation]) -> StoredSource | None:
    """A materialized view with own columns and documents."""
    relation = relations.get("kept.view")
    return relation and StoredSource(relation, "data", "instead", frozenset({"novels"}))


def aged(freshness: Freshness, find_source: FindSource = beside) -> FindSource:
    """The same, possibly stale."""

    def made(relations: Mapping[str, Relation]) -> StoredSource | None:
        source = find_source(relations)
        return source and replace(source, freshness=freshness)

    return made


def rested(running: Served) -> None:
    """Wait until the look that a loss brings about is over."""
    monitor = running.service._source_monitor
    assert monitor is not None
    wait_until(running, lambda: not monitor._woken.is_set() and not monitor._lock.locked())


def wait_until(running: Served, come: Callable[[], bool]) -> None:
    """Let the service's background work go on until something has come about."""
    end = monotonic() + 60
    while not come():
        assert monotonic() < end, "it has not come about"
        running.run(asyncio.sleep(0.01))


@contextmanager
def serve_stored(
    url: str, find_source: FindSource, *, refresh_seconds: float = 60.0, **options: object
) -> Iterator[Served]:
    """Serve the writers, whose documents are stored as ``keep`` returns."""

    async def publish(_schema: Schema, _catalog: Catalog, pool: Pool, live: SourceMap) -> SourceMap:
        catalog = await load_catalog(pool, ["kept.writer", "kept.view"])
        source = replace(live.sources["Writer"], stored=find_source(catalog.relations))
        return replace(live, sources={**live.sources, "Writer": source})

    served = Served(url, queries=QUERIES, **options)
    publishing: Callable[..., Awaitable[SourceMap]] = publish
    served.service = Service(
        served.service.schema, served.service.settings, publishing, refresh_seconds=refresh_seconds
    )
    served.run(served.service.start())
    try:
        yield served
    finally:
        served.close()
