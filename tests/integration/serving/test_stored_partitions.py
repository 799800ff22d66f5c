"""Rows in new partitions without a trigger are never missed."""

from collections.abc import Iterator
from typing import Any

import pytest

import fraiseql
from fraiseql.serving import Request
from tests.integration.caching.ddl.env import applied
from tests.integration.flights import at_once, run_sql
from tests.integration.serving.served import Served

TABLES = """
DROP SCHEMA IF EXISTS fraiseql CASCADE; DROP SCHEMA public CASCADE; CREATE SCHEMA public;
CREATE TABLE shelf (id int PRIMARY KEY, name text) PARTITION BY RANGE (id);
CREATE TABLE shelf_a PARTITION OF shelf FOR VALUES FROM (0) TO (100);
CREATE TABLE shelf_b PARTITION OF shelf FOR VALUES FROM (100) TO (200) PARTITION BY RANGE (id);
CREATE TABLE shelf_ba PARTITION OF shelf_b FOR VALUES FROM (100) TO (150);
CREATE TABLE volume (id int PRIMARY KEY, shelf_id int, title text NOT NULL);
CREATE INDEX ON volume (shelf_id);
CREATE TABLE box (LIKE volume INCLUDING ALL);
INSERT INTO shelf SELECT n, 'shelf ' || n FROM generate_series(98, 101) n;
INSERT INTO volume SELECT n, 98 + n % 4, 'volume ' || n FROM generate_series(1, 9) n;
CREATE TABLE more (id int PRIMARY KEY, name text); INSERT INTO more VALUES (170, 'along');
"""
ALL = "{ shelves { id name volumes { id title } } }"
ONE = "{ shelf(id: %d) { id name volumes { id title } } }"


@fraiseql.type(name="Volume", sql_source="volume")
class Volume:
    id: int
    title: str


@fraiseql.type(name="Shelf", sql_source="shelf", stored=fraiseql.Projection())
class Shelf:
    id: int
    name: str | None
    volumes: list[Volume] = fraiseql.embed("volume", on="shelf_id", order_by="id", limit=20)


class Shelves(Served):
    """Shelves and one shelf; sources are loaded when the service starts."""

    def __init__(self, url: str) -> None:
        queries = [fraiseql.find("shelves", Shelf), fraiseql.find_one("shelf", Shelf, by="id")]
        super().__init__(url, queries=queries, worker=False)
        self.run(self.service.start())
        assert self.stored_root(ALL)
        for _ in range(12):  # PostgreSQL has plans that it uses again.
            assert self.right()

    def stored_root(self, query: str) -> bool:
        """Whether stored documents would be read."""
        statement = self.run(self.service.explain(Request(query))).statements[0]
        return statement.source.startswith("projection")

    def right(self) -> bool:
        """Whether each answer equals the tables."""
        rows = self.fetch("SELECT id, name FROM shelf ORDER BY id")
        volumes = self.fetch("SELECT id, title, shelf_id FROM volume ORDER BY id")
        expected: list[Any] = [
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
        one_by_one = [self.data(ONE % row["id"])["shelf"] for row in rows]
        return self.data(ALL)["shelves"] == expected == one_by_one


@pytest.fixture
def shelves(database: str) -> Iterator[Shelves]:
    """An application in whose connections everything has been planned."""
    at_once(run_sql(database, TABLES))
    at_once(applied(database, Shelf))
    running = Shelves(database)
    yield running
    running.close()


CHANGES = {
    "attached": """UPDATE more SET id = 250;
        ALTER TABLE shelf ATTACH PARTITION more FOR VALUES FROM (200) TO (300)""",
    "attached below a partition": (
        "ALTER TABLE shelf_b ATTACH PARTITION more FOR VALUES FROM (150) TO (200)"
    ),
    "detached": "ALTER TABLE shelf DETACH PARTITION shelf_a",
    "detached below a partition": "ALTER TABLE shelf_b DETACH PARTITION shelf_ba",
    "detached while others read": "ALTER TABLE shelf DETACH PARTITION shelf_a CONCURRENTLY",
    "dropped": "DROP TABLE shelf_a",
    "inherited": (
        "CREATE TABLE late () INHERITS (volume); INSERT INTO late VALUES (50, 98, 'inherits')"
    ),
    "made to inherit": ("INSERT INTO box VALUES (60, 98, 'boxed'); ALTER TABLE box INHERIT volume"),
    "another table of the name": (
        "INSERT INTO box VALUES (70, 99, 'swapped');"
        "ALTER TABLE volume RENAME TO old; ALTER TABLE box RENAME TO volume"
    ),
}


@pytest.mark.parametrize("change", CHANGES)
def test_rows_that_come_and_go_without_a_trigger(shelves: Shelves, change: str) -> None:
    """The next request has them, with the plans that its connection had before."""
    shelves.execute(CHANGES[change])
    assert shelves.right()


@pytest.mark.parametrize("change", ["attached", "detached", "dropped"])
def test_what_is_applied_is_read_again(shelves: Shelves, change: str) -> None:
    shelves.execute(CHANGES[change])
    assert shelves.right()
    assert not shelves.stored_root(ALL)
    shelves.run(applied(shelves.url, Shelf))
    shelves.run(shelves.service.republish())
    assert shelves.stored_root(ALL)
    assert shelves.right()
