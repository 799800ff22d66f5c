"""Indexes of lookups: created if missing, rebuilt if invalid."""

import asyncpg
import pytest

import fraiseql
from tests.integration.caching.ddl.env import applied, planned, sql
from tests.integration.caching.projection.declared import Person, region, reset_database

Region = region()
_OURS = """SELECT i.indexrelid::regclass::text, pg_get_indexdef(i.indexrelid) AS definition,
  i.indisvalid FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
  WHERE c.relname LIKE 'fql\\_tb\\_%' AND NOT c.relispartition ORDER BY 2"""


async def test_existing_indexes_are_used_and_missing_ones_created(database: str) -> None:
    await reset_database(database)
    plan = await applied(database, Region, Person)
    definitions = {row["definition"].partition(" USING ")[2] for row in await sql(database, _OURS)}
    # The index on (country, code) exists; tasks are found by their key.
    assert definitions == {"btree (team_id)", "btree (boss_id)", "btree (parent_id)"}
    steps = [step for step in plan.steps if step.created and step.created[0].kind == "index"]
    assert all("CONCURRENTLY" in step.statements[0] for step in steps)
    assert not any(step.transactional for step in steps)
    # Another one that would serve as well changes nothing that is wanted.
    await sql(database, "CREATE INDEX ON tb_person (team_id, name)")
    assert (await planned(database, Region, Person)).empty


async def test_lookups_use_them(database: str) -> None:
    await reset_database(database)
    await sql(
        database,
        "INSERT INTO tb_person SELECT n, '00000000-0000-0000-0000-000000000001', 'x', n - 1"
        " FROM generate_series(25, 4000) n; ANALYZE",
    )
    await applied(database, region(budget=10_000), Person)
    connection = await asyncpg.connect(database)
    await connection.execute("SET enable_seqscan = on; ANALYZE")
    lines = await connection.fetch("EXPLAIN SELECT data FROM v_person WHERE id = ANY ('{5,6}')")
    await connection.close()
    assert not [line[0] for line in lines if "Seq Scan on tb_person" in line[0]]


def limited() -> type:
    note = fraiseql.type(name="Note", sql_source="tb_note")(
        type("Note", (), {"__annotations__": {"id": int}, "__module__": __name__})
    )
    notes = fraiseql.embed("tb_note", on="writer_id", order_by="-at", limit=3)
    annotations = {"id": int, "notes": list[note]}  # type: ignore[valid-type]
    body = {"__annotations__": annotations, "__module__": __name__, "notes": notes}
    return fraiseql.type(name="Writer", sql_source="tb_writer", stored=fraiseql.Projection())(
        type("Writer", (), body)
    )


_NOTES = """
CREATE TABLE tb_writer (id int PRIMARY KEY);
CREATE TABLE tb_note (id int PRIMARY KEY, writer_id int, at date){};
"""


async def test_the_first_rows_of_a_limited_list_need_no_sort(database: str) -> None:
    await reset_database(database, _NOTES.format(""))
    await applied(database, limited())
    (row,) = await sql(database, _OURS)
    assert row["definition"].endswith("(writer_id, at DESC, id DESC)")


async def test_a_partitioned_tables_index_is_made_in_a_transaction(database: str) -> None:
    parted = _NOTES.format(" PARTITION BY RANGE (id)")
    await reset_database(
        database, f"{parted} CREATE TABLE p PARTITION OF tb_note FOR VALUES FROM (0) TO (9);"
    )
    plan = await applied(database, limited())
    (step,) = [step for step in plan.steps if step.created[0].kind == "index"]
    assert step.transactional
    assert "writers wait" in step.locks[0]
    assert (await planned(database, limited())).empty
    await applied(database, Gone)
    assert await sql(database, _OURS) == []


@fraiseql.type(name="Writer", sql_source="tb_writer")
class Gone:
    id: int


async def test_one_that_was_left_invalid_is_built_again(database: str) -> None:
    await reset_database(database, _NOTES.format(""))
    await applied(database, limited())
    ((name, *_),) = await sql(database, _OURS)
    # As a server that crashed in the middle of CREATE INDEX CONCURRENTLY leaves it.
    await sql(database, f"DROP INDEX {name}")
    await sql(
        database,
        "INSERT INTO tb_note VALUES (1, 1), (2, 1)",
    )
    with pytest.raises(asyncpg.UniqueViolationError):
        await sql(database, f"CREATE UNIQUE INDEX CONCURRENTLY {name} ON tb_note (writer_id)")
    assert [row["indisvalid"] for row in await sql(database, _OURS)] == [False]
    states = {state.key[0]: state.state for state in (await planned(database, limited())).states}
    assert states["index"] == "altered"
    await applied(database, limited())
    assert [row["indisvalid"] for row in await sql(database, _OURS)] == [True]
    assert (await planned(database, limited())).empty
