"""Generated columns whose table changes its columns or its children while an application serves."""

from typing import Any, Final

import asyncpg
import pytest

import fraiseql
from fraiseql import GeneratedColumn
from fraiseql.serving import Request
from tests.integration.caching.ddl.env import applied
from tests.integration.flights import at_once, run_sql
from tests.integration.serving.served import Served

TABLES: Final = """
DROP SCHEMA IF EXISTS fraiseql CASCADE; DROP SCHEMA public CASCADE; CREATE SCHEMA public;
CREATE TABLE shelf (id int PRIMARY KEY, name text NOT NULL, place text NOT NULL);
INSERT INTO shelf SELECT n, 'shelf ' || n, 'room ' || n FROM generate_series(1, 3) n;
DROP FOREIGN DATA WRAPPER IF EXISTS nowhere CASCADE;
CREATE FOREIGN DATA WRAPPER nowhere; CREATE SERVER away FOREIGN DATA WRAPPER nowhere;
"""
CHILD: Final = """
CREATE TABLE child (id int PRIMARY KEY, name text NOT NULL, place text NOT NULL,
  data jsonb GENERATED ALWAYS AS ('{"id": 9, "name": "never", "place": "x"}') STORED);
INSERT INTO child VALUES (9, 'nine', 'x');
ALTER TABLE child INHERIT shelf
"""
QUERY: Final = "{ shelves { id name place } }"
CHANGES: Final = {
    "names swapped": "ALTER TABLE shelf RENAME name TO other;"
    " ALTER TABLE shelf RENAME place TO name; ALTER TABLE shelf RENAME other TO place",
    "renamed and added": "ALTER TABLE shelf RENAME name TO other;"
    " ALTER TABLE shelf ADD name text NOT NULL DEFAULT 'new'",
    "child": "CREATE TABLE child () INHERITS (shelf); INSERT INTO child VALUES (9, 'nine', 'x')",
    "child of another expression": CHILD,
    "foreign child": "CREATE FOREIGN TABLE child () INHERITS (shelf) SERVER away",
}
STORABLE: Final = {"names swapped", "renamed and added", "child"}
"""Those after which applying again stores the documents."""


def shelf(stored: GeneratedColumn | None) -> Any:
    """The type of shelves, stored or not."""
    fields = {"id": int, "name": str, "place": str}
    shelf_type = type("Shelf", (), {"__annotations__": fields})
    return fraiseql.type(sql_source="shelf", stored=stored)(shelf_type)


def served(url: str, stored: GeneratedColumn | None) -> Served:
    """Serve shelves as they are applied now."""
    queries = [fraiseql.find("shelves", shelf(stored), order_by="id")]
    running = Served(url, queries=queries, worker=False)
    running.run(running.service.start())
    return running


def answer(running: Served) -> Any:
    """Return the data, or None where the table cannot be read."""
    return running.ask(QUERY).get("data")


def is_stored(running: Served) -> bool:
    """Return whether the answer is read from the generated column."""
    explained = running.run(running.service.explain(Request(QUERY)))
    return bool(explained.statements[0].source.startswith("generated"))


@pytest.mark.parametrize("change", CHANGES)
def test_a_changed_table_is_answered_as_it_is_live(database: str, change: str) -> None:
    at_once(run_sql(database, TABLES))
    stored = GeneratedColumn()
    at_once(applied(database, shelf(stored)))
    running, live = served(database, stored), served(database, None)
    try:
        assert answer(running) == answer(live)
        assert is_stored(running)
        try:
            running.execute(CHANGES[change])
        except asyncpg.DatatypeMismatchError:
            # PostgreSQL before 16 refuses another expression below.
            assert change == "child of another expression"
            return
        # Its wrapper reads nothing: both answers are errors.
        assert (answer(live) is None) == (change == "foreign child")
        assert answer(running) == answer(live)
        running.run(running.service.republish())
        assert answer(running) == answer(live)
        running.execute("UPDATE ONLY shelf SET name = name || '!'")
        assert answer(running) == answer(live)
        at_once(applied(database, shelf(stored)))
        running.run(running.service.republish())
        assert answer(running) == answer(live)
        assert is_stored(running) == (change in STORABLE)
    finally:
        running.close()
        live.close()
