"""A changed definition is noticed at once by every strategy."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import asyncpg
import pytest

import fraiseql
from fraiseql.schema.storage import GeneratedColumn, MaterializedView, Projection
from fraiseql.serving import Request
from tests.integration.caching.ddl.env import applied, planned
from tests.integration.flights import at_once, run_sql
from tests.integration.serving.served import Served

TABLES = """
DROP SCHEMA IF EXISTS fraiseql CASCADE; DROP SCHEMA public CASCADE; CREATE SCHEMA public;
CREATE TYPE mood AS ENUM ('glad', 'sad');
CREATE FUNCTION inner_twice(n int) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT n * 2';
CREATE FUNCTION twice(n int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS
  'BEGIN RETURN public.inner_twice(n); END';
CREATE FUNCTION large(n int) RETURNS boolean IMMUTABLE LANGUAGE sql RETURN twice(n) > 2;
CREATE TABLE shelf (id int PRIMARY KEY, name text NOT NULL, mood mood NOT NULL);
CREATE TABLE volume (id int PRIMARY KEY, shelf_id int REFERENCES shelf, pages int NOT NULL,
  sheets int GENERATED ALWAYS AS (pages / 2) STORED);
CREATE INDEX ON volume (shelf_id);
INSERT INTO shelf SELECT n, 'shelf ' || n, 'glad' FROM generate_series(1, 3) n;
INSERT INTO volume SELECT n, 1 + n % 3, n FROM generate_series(1, 9) n;
"""
QUERY = "{ shelves { id name mood volumes { id sheets } } }"
PLAIN = "{ shelves { id name mood } }"
TOTAL = "{ shelves { id name mood } }"
SQL = """
SELECT s.id, max(s.name) || sum(v.sheets) AS name, max(s.mood)::text AS mood
FROM shelf s JOIN volume v ON v.shelf_id = s.id WHERE large(v.pages) GROUP BY s.id"""


def shelf(stored: Any, query: str) -> Any:
    """The type of shelves, with an embed where the query asks for it."""

    @fraiseql.type(name="Volume", sql_source="volume")
    class Volume:
        id: int
        sheets: int

    fields: dict[str, Any] = {"id": int, "name": str, "mood": str}
    body: dict[str, Any] = {}
    if query is QUERY:
        fields["volumes"] = list[Volume]
        body["volumes"] = fraiseql.embed(
            "volume", on="shelf_id", where="large(pages)", order_by="id", limit=5
        )
    shelf_type = type("Shelf", (), {"__annotations__": fields, **body})
    source = (
        "totals" if getattr(stored, "sql", None) else "v_totals" if query == "live" else "shelf"
    )
    return fraiseql.type(name="Shelf", sql_source=source, stored=stored)(shelf_type)


KINDS = {
    "projection": (Projection(), QUERY),
    "async": (Projection(mode="async"), QUERY),
    "view": (MaterializedView(refresh="1h", when_stale="live"), QUERY),
    "sql": (MaterializedView(sql=SQL, refresh="1h", when_stale="live", key=("id",)), TOTAL),
    "column": (GeneratedColumn(column="kept"), PLAIN),
}
RENAMED = "ALTER TYPE mood RENAME VALUE 'glad' TO 'merry'"
CHANGES = {
    "enum label": (RENAMED, "label of an enum", 15),
    "generated": (
        "ALTER TABLE volume ALTER COLUMN sheets SET EXPRESSION AS (pages * 3)",
        "generated column",
        17,
    ),
    "inner function": (
        """CREATE OR REPLACE FUNCTION inner_twice(n int) RETURNS int IMMUTABLE LANGUAGE sql
        AS 'SELECT n / 3'""",
        "a function",
        15,
    ),
}
CASES = [
    pytest.param(kind, change, id=f"{kind}-{change}")
    for kind in KINDS
    for change in CHANGES
    if change == "enum label" or kind == "projection"
]


@contextmanager
def serving(url: str, type_: Any, query: str) -> Iterator[Served]:
    """Serve a type's stored documents after a refresh of the sources."""
    running = Served(url, queries=[fraiseql.find("shelves", type_, order_by="id")], worker=False)
    try:
        running.run(running.service.start())
        for _ in range(8):
            running.data(query)
        yield running
    finally:
        running.close()


def source(running: Served, query: str) -> str:
    """Return what answers at the moment."""
    return running.run(running.service.explain(Request(query))).statements[0].source.split()[0]


def live(url: str, stored: Any, query: str) -> Any:
    """Return the live answer, by an application that stores nothing."""
    with serving(
        url, shelf(None, "live" if getattr(stored, "sql", None) else query), query
    ) as other:
        return other.data(query)


@pytest.mark.parametrize(("kind", "change"), CASES)
def test_a_changed_definition_is_noticed_at_once(database: str, kind: str, change: str) -> None:
    stored, query = KINDS[kind]
    statement, title, oldest = CHANGES[change]
    at_once(run_sql(database, TABLES))
    type_ = shelf(stored, query)
    at_once(applied(database, type_))
    with serving(database, type_, query) as running:
        if running.fetch("SHOW server_version_num")[0]["server_version_num"] < f"{oldest}0000":
            with pytest.raises(asyncpg.PostgresSyntaxError):
                running.execute(statement)
            return
        assert source(running, query) != "live"
        before = running.data(query)
        running.execute(statement)
        after = running.data(query)
        assert after != before
        assert after == live(database, stored, query)
        states = at_once(planned(database, type_)).states
        (state,) = [entry for entry in states if entry.state == "altered"]
        assert title in state.reason
        running.run(running.service.republish())
        assert running.data(query) == after
        at_once(applied(database, type_))
        assert at_once(planned(database, type_)).empty
        running.run(running.service.republish())
        assert source(running, query) != "live"
        assert running.data(query) == after


EARLIER = """
DO $$ BEGIN
  EXECUTE replace(pg_get_functiondef('fraiseql.fingerprint_now'::regproc),
    'RETURN ARRAY[', 'RETURN ARRAY[7::bigint,');
  UPDATE fraiseql.fingerprints f SET parts = fraiseql.fingerprint_now(f.objects, f.columns);
END $$"""


def test_one_apply_is_enough_after_a_release_that_compares_other_parts(database: str) -> None:
    type_ = shelf(Projection(), QUERY)
    at_once(run_sql(database, TABLES))
    at_once(applied(database, type_))
    at_once(run_sql(database, EARLIER))
    assert not at_once(planned(database, type_)).empty
    at_once(applied(database, type_))
    assert at_once(planned(database, type_)).empty


def test_what_was_changed_and_changed_back_is_not_trusted(database: str) -> None:
    """Documents may have been written in between."""
    at_once(run_sql(database, TABLES))
    type_ = shelf(Projection(), QUERY)
    at_once(applied(database, type_))
    with serving(database, type_, QUERY) as running:
        running.execute(RENAMED)
        running.execute("UPDATE shelf SET name = name || '!'")
        running.execute("ALTER TYPE mood RENAME VALUE 'merry' TO 'glad'")
        assert {entry["mood"] for entry in running.data(QUERY)["shelves"]} == {"glad"}
        running.run(running.service.republish())
        assert source(running, QUERY) == "live"
        at_once(applied(database, type_))
        running.run(running.service.republish())
        assert source(running, QUERY) != "live"
        assert {entry["mood"] for entry in running.data(QUERY)["shelves"]} == {"glad"}


HARMLESS = {
    "grant": "GRANT SELECT ON shelf TO PUBLIC",
    "new column": "ALTER TABLE shelf ADD COLUMN more int DEFAULT 5",
    "new label": "ALTER TYPE mood ADD VALUE 'calm' BEFORE 'sad'",
    "rewritten": "VACUUM FULL shelf",
    "analyzed": "ANALYZE",
    "index": "CREATE INDEX ON shelf (name)",
    "default": "ALTER TABLE shelf ALTER COLUMN name SET DEFAULT 'x'",
    "statistics": "ALTER TABLE shelf ALTER COLUMN name SET STATISTICS 50",
    "foreign key": "CREATE TABLE other (shelf int REFERENCES shelf)",
}


@pytest.mark.parametrize("kind", ["projection", "async", "column"])
def test_harmless_changes_do_not_withdraw_documents(database: str, kind: str) -> None:
    stored, query = KINDS[kind]
    at_once(run_sql(database, TABLES))
    type_ = shelf(stored, query)
    at_once(applied(database, type_))
    with serving(database, type_, query) as running:
        for name, statement in HARMLESS.items():
            running.execute(statement)
            running.data(query)
            running.run(running.service.republish())
            assert source(running, query) != "live", name
        assert at_once(planned(database, type_)).empty


def test_a_trigger_that_was_disabled_is_noticed_at_once(database: str) -> None:
    at_once(run_sql(database, TABLES))
    type_ = shelf(Projection(), QUERY)
    at_once(applied(database, type_))
    with serving(database, type_, QUERY) as running:
        running.execute("ALTER TABLE shelf DISABLE TRIGGER ALL")
        running.execute("UPDATE shelf SET name = 'unseen'")
        running.execute("ALTER TABLE shelf ENABLE TRIGGER ALL")
        assert {entry["name"] for entry in running.data(QUERY)["shelves"]} == {"unseen"}
