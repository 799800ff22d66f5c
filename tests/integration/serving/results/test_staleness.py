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
from tests.integration.serving.results.env import outcomes, respond, served_with_caches
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
def cached(database: str) -> Iterator[Served]:
    at_once(run_sql(database, TABLES))
    with served_with_caches(database, queries=QUERIES) as running:
        yield running


@pytest.fixture(scope="module")
def control(cached: Served) -> Iterator[Served]:
    """The same projection without result caches."""
    served = Served(cached.url, queries=QUERIES, worker=False)
    served.service = Service(cached.service.schema, cached.service.settings, read_sources)
    served.run(served.service.start())
    yield served
    served.close()


def without_ages(body: object) -> bytes:
    return AGES.sub(b'"seconds":0', unnumbered(bytes(body)))  # type: ignore[call-overload]


def test_each_answer_is_what_the_projection_says(cached: Served, control: Served) -> None:
    (drain,) = cached.fetch(DRAIN)
    choose = random.Random(3)
    outcomes_seen: list[str] = []
    for _ in range(80):
        query = choose.choice(ASKED)
        response = respond(cached, query)
        assert without_ages(response.body) == without_ages(respond(control, query).body), query
        outcomes_seen += outcomes(response).values()
        if choose.random() < 0.25:
            cached.execute(choose.choice(WRITES).format(n=choose.randint(1, 3)))
        if choose.random() < 0.15:
            cached.execute(f"SELECT {drain['name']}(1000)")
    assert outcomes_seen.count("hit") > 10
    assert outcomes_seen.count("miss") + outcomes_seen.count("stale") > 4
