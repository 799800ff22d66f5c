"""Declarations of generated columns that are refused before PostgreSQL is asked."""

from typing import Any

import pytest

import fraiseql
from fraiseql.caching.ddl.desired_state import load_desired_state
from fraiseql.database import open_pool
from fraiseql.errors import SourceError
from fraiseql.schema.storage import GeneratedColumn
from fraiseql.settings import Settings
from tests.integration.caching.ddl.env import applied, planned, schema_of, sql
from tests.integration.flights import at_once

TABLES = """
CREATE TABLE person (id int PRIMARY KEY, name text, wage money, raw json, age float8,
  tags text[], place point, upper_name text GENERATED ALWAYS AS (upper(name)) STORED);
CREATE TABLE pet (id int PRIMARY KEY, person_id int REFERENCES person);
CREATE VIEW people AS SELECT id, name FROM person;
CREATE TABLE parted (id int PRIMARY KEY) PARTITION BY RANGE (id);
CREATE TABLE part PARTITION OF parted FOR VALUES FROM (1) TO (9);
"""


@pytest.fixture(scope="module")
def tables(database: str) -> str:
    at_once(sql(database, TABLES))
    return database


@fraiseql.type(sql_source="pet")
class Pet:
    id: int


def stored_type(source: str, fields: dict[str, Any], **more: Any) -> Any:
    body: dict[str, Any] = {"__annotations__": {"id": int, **fields}}
    if "pets" in fields:
        body["pets"] = fraiseql.embed("pet", on="person_id")
    options = {"stored": GeneratedColumn(), **more}
    return fraiseql.type(sql_source=source, **options)(type("Person", (), body))


@pytest.mark.parametrize(
    ("source", "fields", "code", "says"),
    [
        ("person", {"pets": list[Pet]}, "EMBED_IN_GENERATED_COLUMN", "Projection"),
        ("person", {"wage": str | None}, "COLUMN_NOT_STORABLE", "numeric"),
        ("person", {"raw": Any}, "COLUMN_NOT_STORABLE", "jsonb"),
        ("person", {"place": str | None}, "COLUMN_NOT_STORABLE", "text or jsonb"),
        ("person", {"upper_name": str | None}, "COLUMN_NOT_STORABLE", "trigger"),
        ("person", {"nane": str | None}, "COLUMN_NOT_STORABLE", "Did you mean 'name'"),
        ("person", {"age": int | None}, "COLUMN_NOT_STORABLE", "float"),
        ("person", {"tags": Any}, "COLUMN_NOT_STORABLE", "list"),
        ("people", {"name": str | None}, "TABLE_NOT_STORABLE", "over the table itself"),
        ("part", {}, "TABLE_NOT_STORABLE", "parent"),
    ],
)
async def test_it_is_refused_with_what_works(
    tables: str, source: str, fields: dict[str, Any], code: str, says: str
) -> None:
    plan = await planned(tables, stored_type(source, fields))
    assert [refusal.code for refusal in plan.refusals] == [code]
    assert says in str(plan.refusals[0])
    assert plan.steps == ()


async def test_several_refusals_are_reported_at_once(tables: str) -> None:
    plan = await planned(
        tables, stored_type("person", {"wage": str, "pets": list[Pet], "raw": Any})
    )
    assert len(plan.refusals) == 3


async def test_a_document_of_somebody_else_is_not_taken_over(tables: str) -> None:
    plan = await planned(tables, stored_type("person", {}, jsonb_column="raw"))
    assert "TABLE_NOT_STORABLE" in {refusal.code for refusal in plan.refusals}


async def test_an_existing_column_is_not_taken_over(tables: str) -> None:
    plan = await planned(tables, stored_type("person", {}, stored=GeneratedColumn(column="name")))
    assert [refusal.code for refusal in plan.refusals] == ["NAME_TAKEN"]


async def test_a_missing_relation_is_named(tables: str) -> None:
    with pytest.raises(SourceError, match="Did you mean 'person'"):
        await planned(tables, stored_type("persn", {}))


async def test_two_types_do_not_share_a_column(tables: str) -> None:
    named = stored_type("person", {"name": str | None})
    bare = fraiseql.type(sql_source="person", stored=GeneratedColumn())(
        type("Bare", (), {"__annotations__": {"id": int}})
    )
    plan = await planned(tables, named, bare)
    assert [refusal.code for refusal in plan.refusals] == ["NAME_TAKEN"] * 2
    assert "Person has a view" in str(plan.refusals[0])


async def test_a_table_of_another_owner_is_refused(tables: str) -> None:
    await sql(tables, "CREATE ROLE stranger LOGIN")
    pool = await open_pool(tables.replace("postgres@", "stranger@"), Settings())
    try:
        desired = await load_desired_state(schema_of(stored_type("person", {})), pool)
        assert [refusal.code for refusal in desired.refusals] == ["TABLE_NOT_STORABLE"]
    finally:
        await pool.close()
        await sql(tables, "DROP ROLE stranger")


async def test_what_postgresql_itself_would_have_said(tables: str) -> None:
    """The refusals are about true limits: PostgreSQL refuses the literal forms."""
    for text in (
        "(jsonb_build_object('id', id))",
        "((SELECT jsonb_agg(p.id) FROM pet p))",
        "(upper_name || '')",
    ):
        with pytest.raises(Exception, match=r"immutable|subquery|generated column"):
            await sql(tables, f"ALTER TABLE person ADD x text GENERATED ALWAYS AS {text} STORED")


async def test_partitioned_tables_can_be_stored(tables: str) -> None:
    await applied(tables, stored_type("parted", {}))
    await sql(tables, "INSERT INTO part VALUES (3)")
    (row,) = await sql(tables, "SELECT data::text FROM parted")
    assert row[0] == '{"id": 3}'


async def test_a_long_name_in_any_script_can_be_stored(tables: str) -> None:
    name = 'tb_"' + "ü" * 29
    await sql(tables, 'CREATE TABLE "' + name.replace('"', '""') + '" (id int PRIMARY KEY)')
    assert (await applied(tables, stored_type(name, {}))).steps != ()
    assert (await planned(tables, stored_type(name, {}))).empty
    (row,) = await sql(tables, "SELECT proname FROM pg_proc WHERE proname LIKE '%ü%'")
    assert "_row_" in row[0]
