"""Kept answers over an asynchronous projection: what its reader is told, no older, no newer."""

import random
import re
from collections.abc import Iterator

import pytest

import fraiseql
from fraiseql.caching.read_sources import read_sources
from fraiseql.schema.storage import Projection
from fraiseql.serving import Service
from tests.integration.flights import at_once, run_sql
from tests.integration.serving.results.env import keeping_results, outcomes, respond
from tests.integration.serving.served import Served, unnumbered

TABLES = """
CREATE TABLE shelf (id int PRIMARY KEY, name text NOT NULL);
CREATE TABLE volume (id int PRIMARY KEY, shelf_id int REFERENCES shelf, title text NOT NULL);
CREATE INDEX ON volume (shelf_id);
INSERT INTO shelf SELECT n, 'shelf ' || n FROM generate_series(1, 3) n;
INSERT INTO volume SELECT n, 1 + n % 3, 'volume ' || n FROM generate_series(1, 9) n;
"""
DRAIN = """
SELECT format('%I.%I', n.nspname, p.proname) AS name FROM pg_proc p
JOIN pg_namespace n ON n.oid = p.pronamespace WHERE p.proname LIKE '%drain%'
"""
AGES = re.compile(rb'"seconds":[0-9.e-]+')


@fraiseql.type(sql_source="volume")
class Volume:
    id: int
    title: str


@fraiseql.type(
    sql_source="shelf", stored=Projection(embeds=("volumes",), mode="async", max_bytes=10**6)
)
class Shelf:
    id: int
    name: str
    volumes: list[Volume] = fraiseql.embed("volume", on="shelf_id", order_by="id")


QUERIES = [fraiseql.find("shelves", Shelf, order_by="id", cache=fraiseql.Cache())]
ASKED = [
    "{ shelves { name volumes { title } } }",
    '{ shelves(where: {name: {neq: "x"}}) { id volumes { id title } } }',
    "{ shelves(limit: 2) { name volumes { title } } }",
    '{ shelves(where: {name: {contains: "2"}}) { name volumes { title } } }',
]
WRITES = [
    "UPDATE shelf SET name = name || '2' WHERE id = {n}",
    "UPDATE shelf SET name = 'shelf {n}' WHERE id = {n}",
    "UPDATE volume SET title = title || '.' WHERE shelf_id = {n}",
    "UPDATE volume SET shelf_id = {n} WHERE id = 5",
    "DELETE FROM volume WHERE id = 9",
    "INSERT INTO volume VALUES (9, {n}, 'back') ON CONFLICT (id) DO NOTHING",
]


@pytest.fixture(scope="module")
def kept(database: str) -> Iterator[Served]:
    at_once(run_sql(database, TABLES))
    with keeping_results(database, queries=QUERIES) as running:
        yield running


@pytest.fixture(scope="module")
def control(kept: Served) -> Iterator[Served]:
    """The same projection without result caches."""
    made = Served(kept.url, queries=QUERIES, worker=False)
    made.service = Service(kept.service.schema, kept.service.settings, read_sources)
    made.run(made.service.start())
    yield made
    made.close()


def without_ages(body: object) -> bytes:
    return AGES.sub(b'"seconds":0', unnumbered(bytes(body)))  # type: ignore[call-overload]


def test_each_answer_is_what_the_projection_says(kept: Served, control: Served) -> None:
    (drain,) = kept.fetch(DRAIN)
    choose = random.Random(3)
    found: list[str] = []
    for _ in range(80):
        query = choose.choice(ASKED)
        response = respond(kept, query)
        assert without_ages(response.body) == without_ages(respond(control, query).body), query
        found += outcomes(response).values()
        if choose.random() < 0.25:
            kept.execute(choose.choice(WRITES).format(n=choose.randint(1, 3)))
        if choose.random() < 0.15:
            kept.execute(f"SELECT {drain['name']}(1000)")
    assert found.count("hit") > 10
    assert found.count("miss") + found.count("stale") > 4
