"""No tenant sees another's rows, however a predicate reads the session."""

from contextlib import suppress
from typing import Any

import pytest

import fraiseql
from fraiseql.errors import DeclarationError
from tests.integration.caching.ddl.env import applied
from tests.integration.flights import at_once, run_sql
from tests.integration.serving.results.env import served_with_caches
from tests.integration.serving.served import Served, served

TABLES = """
DROP SCHEMA IF EXISTS fraiseql CASCADE; DROP SCHEMA public CASCADE; CREATE SCHEMA public;
CREATE TYPE size AS (wide text);
CREATE TABLE shelf (id int PRIMARY KEY);
CREATE TABLE volume (id int PRIMARY KEY, shelf_id int NOT NULL, tenant text NOT NULL, size size);
CREATE INDEX ON volume (shelf_id);
INSERT INTO shelf VALUES (1);
INSERT INTO volume SELECT n, 1, t, ROW(t)::size
  FROM generate_series(1, 6) n, LATERAL (SELECT chr(97 + n % 2) AS t) AS x;
CREATE FUNCTION mine(text) RETURNS bool IMMUTABLE LANGUAGE sql
  AS $$SELECT $1 = current_setting('app.tenant', true)$$;
CREATE FUNCTION parsed(text) RETURNS bool IMMUTABLE LANGUAGE sql
  RETURN $1 = current_setting('app.tenant', true);
CREATE FUNCTION outer_one(text) RETURNS bool IMMUTABLE LANGUAGE plpgsql
  AS 'BEGIN RETURN mine($1); END';
CREATE FUNCTION same_tenant(a text, b text) RETURNS bool IMMUTABLE LANGUAGE sql
  AS 'SELECT mine($1)';
CREATE OPERATOR @=@ (LEFTARG = text, RIGHTARG = text, FUNCTION = same_tenant);
CREATE FUNCTION shared(size) RETURNS bool IMMUTABLE LANGUAGE sql AS 'SELECT mine($1.wide)';
CREATE FUNCTION to_size(text) RETURNS size IMMUTABLE LANGUAGE sql
  AS $$SELECT ROW(CASE WHEN mine($1) THEN 'yes' END)::size$$;
CREATE CAST (text AS size) WITH FUNCTION to_size(text);
"""
ESCAPES = (
    "tenant @=@ tenant",
    "U&\"\\0063urrent_setting\"('app.tenant', true) = tenant",
    "outer_one(tenant)",
    "parsed(tenant)",
    "(size).shared",
    "(tenant::size).wide = 'yes'",
)


def shelf(*predicates: str, **options: Any) -> type:
    """A shelf with one list of volumes for each predicate."""

    @fraiseql.type(name="Volume", sql_source="volume")
    class Volume:
        id: int

    body: dict[str, Any] = {"__annotations__": {"id": int}, "__module__": __name__}
    for number, where in enumerate(predicates):
        body["__annotations__"][f"of{number}"] = list[Volume]
        body[f"of{number}"] = fraiseql.embed("volume", on="shelf_id", where=where, limit=9)
    return fraiseql.type(name="Shelf", sql_source="shelf", **options)(type("Shelf", (), body))


def seen(running: Served, tenant: str, lists: int) -> list[list[int]]:
    """The volumes of each list that a tenant sees."""
    query = f"{{ shelves {{ {' '.join(f'of{n} {{ id }}' for n in range(lists))} }} }}"
    (row,) = running.data(query, context={"session": {"app.tenant": tenant}})["shelves"]
    return [sorted(entry["id"] for entry in row[f"of{n}"]) for n in range(lists)]


OF_A, OF_B = [2, 4, 6], [1, 3, 5]


def test_results_are_stored_for_each_session(database: str) -> None:
    at_once(run_sql(database, TABLES))
    query = fraiseql.find("shelves", shelf(*ESCAPES), cache=fraiseql.Cache())
    with served_with_caches(database, queries=[query]) as running:
        for tenant, own in (("a", OF_A), ("b", OF_B), ("a", OF_A), ("b", OF_B), ("c", [])):
            assert seen(running, tenant, len(ESCAPES)) == [own] * len(ESCAPES)


@pytest.mark.parametrize("stored", [fraiseql.Projection(), fraiseql.MaterializedView(refresh="1h")])
def test_stored_documents_are_refused(database: str, stored: Any) -> None:
    """One that was accepted would be read in place of the live answer."""
    for escape in ESCAPES[:3]:
        at_once(run_sql(database, TABLES))
        type_ = shelf(escape, stored=stored)
        with suppress(DeclarationError):
            at_once(applied(database, type_))
        query = fraiseql.find("shelves", type_)
        with served(database, queries=[query], worker=False) as running:
            assert [seen(running, tenant, 1) for tenant in "ab"] == [[OF_A], [OF_B]], escape
