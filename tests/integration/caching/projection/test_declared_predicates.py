"""Predicates of stored documents: parsed by PostgreSQL, refused if they may change."""

from typing import Any

import pytest

import fraiseql
from tests.integration.caching.ddl.env import applied, planned, sql
from tests.integration.caching.projection.declared import published_of, reset_database
from tests.integration.flights import at_once

TABLES = """
CREATE TYPE size AS (wide int, high int);
CREATE TABLE person (id int PRIMARY KEY, name text);
CREATE TABLE other (id int PRIMARY KEY);
CREATE TABLE pet (id int PRIMARY KEY, person_id int, name text, born timestamptz, day date,
  size size, kind regclass) PARTITION BY RANGE (id);
CREATE TABLE pets PARTITION OF pet FOR VALUES FROM (0) TO (1000);
CREATE FUNCTION plain(text) RETURNS bool IMMUTABLE LANGUAGE sql RETURN length($1) > 3;
CREATE FUNCTION mine(text) RETURNS bool IMMUTABLE LANGUAGE sql
  AS $$SELECT $1 = current_setting('app.tenant', true)$$;
CREATE FUNCTION parsed(text) RETURNS bool IMMUTABLE LANGUAGE sql
  RETURN $1 = current_setting('app.tenant', true);
CREATE FUNCTION late(text) RETURNS bool IMMUTABLE LANGUAGE plpgsql
  AS $$BEGIN RETURN now() > '2001-01-01'; END$$;
CREATE FUNCTION today(text) RETURNS bool IMMUTABLE LANGUAGE sql
  AS $$SELECT current_date > '2001-1-1'$$;
CREATE FUNCTION moment(text) RETURNS bool IMMUTABLE LANGUAGE sql
  AS $$SELECT date 'today' > '2001-01-01'$$;
CREATE FUNCTION reads(text) RETURNS bool IMMUTABLE LANGUAGE plpgsql
  AS $$BEGIN RETURN EXISTS (SELECT FROM other); END$$;
CREATE FUNCTION outer_one(text) RETURNS bool IMMUTABLE LANGUAGE sql AS 'SELECT mine($1)';
CREATE FUNCTION chance() RETURNS float8 IMMUTABLE LANGUAGE internal AS 'drandom';
CREATE FUNCTION escaped(text) RETURNS bool IMMUTABLE LANGUAGE sql
  AS $$SELECT $1 = U&"\\0063urrent_setting"('app.tenant', true)$$;
CREATE FUNCTION catalogs(text) RETURNS bool IMMUTABLE LANGUAGE sql
  AS 'SELECT EXISTS (SELECT FROM pg_class)';
CREATE FUNCTION same(a text, b text) RETURNS bool IMMUTABLE LANGUAGE sql AS 'SELECT mine($1)';
CREATE OPERATOR @=@ (LEFTARG = text, RIGHTARG = text, FUNCTION = same);
CREATE FUNCTION shared(size) RETURNS bool IMMUTABLE LANGUAGE sql AS $$SELECT mine('x')$$;
CREATE DOMAIN ours AS text CHECK (mine(VALUE));
CREATE DOMAIN short AS text CHECK (length(VALUE) < 100);
CREATE FUNCTION to_size(text) RETURNS size IMMUTABLE LANGUAGE sql
  AS $$SELECT ROW(1, CASE WHEN mine($1) THEN 1 END)::size$$;
"""

ACCEPTED = (
    "name <> 'now' AND id > 1",
    "plain(name)",
    "name::short <> ''",
    "born > '2020-01-01 00:00+00' AND day < '2030-01-01'",
    "id::text <> '7' AND name LIKE 'known%'",
    "coalesce(length(name), 0) > 1 AND CAST(id AS bigint) IN (1, 2)",
    "(size).wide > 1",
    "to_tsvector('english', name) @@ to_tsquery('english', 'rex')",
)
CHANGES = (
    "born > now()",
    "day >= 'Today'::date",
    "day >= date E'\\x74oday'",
    "name = CURRENT_USER",
    "name = U&\"\\0063urrent_setting\"('app.tenant')",
    "name = pg_catalog . current_setting /* x */ ('app.tenant')",
    "name @=@ name",
    "name OPERATOR(public.@=@) name",
    "(size).shared",
    "name::ours <> ''",
    "mine(name)",
    "parsed(name)",
    "outer_one(name)",
    "late(name)",
    "today(name)",
    "moment(name)",
    "escaped(name)",
    "chance() < 0.5",
    "born::text < '2020'",
    "day < born",
    "name::timestamptz < '2020-01-01 00:00+00'",
    "name::date[] IS NULL",
    "to_tsvector(name) IS NOT NULL",
    "to_tsvector(name::regconfig, name) IS NOT NULL",
    "kind::text = 'pet'",
    "tableoid::regclass::text = 'pet'",
    "ctid <> '(0,1)'",
)
READS_MORE = (
    "id IN (SELECT id FROM other)",
    "EXISTS (SELECT FROM other TABLESAMPLE system (50))",
    "EXISTS (TABLE other)",
    "reads(name)",
    "catalogs(name)",
)


@pytest.fixture(scope="module")
def tables(database: str) -> str:
    at_once(reset_database(database, TABLES))
    return database


def holding(stored: Any, *predicates: str) -> type:
    """A type that holds pets, in one list for each predicate."""

    @fraiseql.type(name="Pet", sql_source="pet")
    class Pet:
        id: int

    body: dict[str, Any] = {"__annotations__": {"id": int}, "__module__": __name__}
    for number, where in enumerate(predicates):
        body["__annotations__"][f"pets{number}"] = list[Pet]
        body[f"pets{number}"] = fraiseql.embed("pet", on="person_id", where=where, limit=9)
    return fraiseql.type(name="Person", sql_source="person", stored=stored)(type("P", (), body))


async def codes(url: str, stored: Any, *predicates: str) -> dict[str, set[str]]:
    """Return the codes of refusals by predicate or type."""
    collected: dict[str, set[str]] = {}
    for refusal in (await planned(url, holding(stored, *predicates))).refusals:
        assert refusal.message
        assert refusal.alternative
        _, _, number = refusal.where.partition(".pets")
        collected.setdefault(predicates[int(number)] if number else "", set()).add(refusal.code)
    return collected


async def test_what_changes_without_a_write_is_refused_in_a_projection(tables: str) -> None:
    actual = await codes(tables, fraiseql.Projection(), *ACCEPTED, *CHANGES, *READS_MORE)
    assert actual.keys().isdisjoint(ACCEPTED)
    for code, predicates in (("PREDICATE_CHANGES", CHANGES), ("PREDICATE_READS_MORE", READS_MORE)):
        assert [
            predicate for predicate in predicates if code not in actual.get(predicate, ())
        ] == []
    assert await codes(tables, fraiseql.Projection(), *ACCEPTED) == {}
    # A cast may be called by any body that is a text, so that it is made last.
    await sql(tables, "CREATE CAST (text AS size) WITH FUNCTION to_size(text)")
    cast = "(name::size).high = 1"
    assert (await codes(tables, fraiseql.Projection(), cast))[cast] == {"PREDICATE_CHANGES"}
    await sql(tables, "DROP CAST (text AS size)")


async def test_what_changes_without_a_refresh_is_refused_in_a_view(tables: str) -> None:
    """The clock is in the age of a view that has a schedule, and reading more is no matter."""
    view = fraiseql.MaterializedView(on_write=True)
    refused = ("catalogs(name)", "mine(name)", "name @=@ name", "(size).shared", "born > now()")
    for where in refused:
        assert (await codes(tables, view, where))[""] & {"VIEW_CHANGES", "WRITES_NOT_SEEN"}, where
    accepted = (*ACCEPTED, "day < born", "id IN (SELECT id FROM other)")
    assert await codes(tables, view, *accepted) == {}
    timed = fraiseql.MaterializedView(refresh="1m")
    assert await codes(tables, timed, "born > now()", "day >= 'Today'::date") == {}


async def test_tables_that_a_predicate_of_a_view_reads_have_triggers_at_once(tables: str) -> None:
    view = fraiseql.MaterializedView(on_write=True)
    for where in ("id IN (SELECT id FROM other)", "reads(name)"):
        plan = await planned(tables, holding(view, where))
        created = [
            object_ for step in plan.steps for object_ in step.created if object_.kind == "trigger"
        ]
        assert any('"public"."other"' in text for item in created for text in item.create)


MEANT = """
DROP SCHEMA IF EXISTS nearer CASCADE; CREATE SCHEMA nearer;
DROP FUNCTION IF EXISTS means(text), means(varchar);
CREATE FUNCTION means(text) RETURNS bool IMMUTABLE LANGUAGE sql RETURN true;
CREATE FUNCTION nearer.means(varchar) RETURNS bool IMMUTABLE LANGUAGE sql RETURN true;
"""
NEARER = (
    "DO $$BEGIN EXECUTE format('ALTER DATABASE %I SET search_path = nearer, public',"
    " current_database()); END$$"
)
CHANGES_OF_MEANING = (
    "CREATE FUNCTION means(varchar) RETURNS bool IMMUTABLE LANGUAGE sql RETURN false",
    "CREATE FUNCTION public.length(varchar) RETURNS int IMMUTABLE LANGUAGE sql RETURN 0",
    NEARER,
)


@pytest.mark.parametrize(
    "stored", [fraiseql.Projection(), fraiseql.MaterializedView(on_write=True)]
)
async def test_a_name_that_means_something_else_makes_another_generation(
    tables: str, stored: Any
) -> None:
    await sql(tables, MEANT)
    type_ = holding(stored, "means(name::varchar)", "length(name::varchar) > 1")
    for change in CHANGES_OF_MEANING:
        await applied(tables, type_)
        assert (await published_of(tables, type_))["Person"] is not None
        await sql(tables, change)
        assert (await published_of(tables, type_))["Person"] is None, change
    await sql(
        tables,
        "DROP FUNCTION public.length(varchar) CASCADE; DO $$BEGIN EXECUTE"
        " format('ALTER DATABASE %I RESET search_path', current_database()); END$$",
    )
