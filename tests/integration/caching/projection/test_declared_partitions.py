"""Changes of partitions and triggers: detected, hidden from readers, repaired by apply."""

from collections.abc import AsyncIterator, Iterable
from dataclasses import replace

import asyncpg
import pytest

from fraiseql.caching.strategies.projection import strategy
from fraiseql.caching.strategies.projection.inspection import TableMap, load_inspection
from fraiseql.caching.strategies.projection.spec import Qualified
from fraiseql.database import Pool
from tests.integration.caching.ddl.env import applied, planned, sql
from tests.integration.caching.projection.declared import (
    Person,
    drift,
    published_of,
    region,
    reset_database,
)

Region = region()


@pytest.fixture
async def url(database: str) -> AsyncIterator[str]:
    """Address of a database with the tables, and the projections of two types over them."""
    await reset_database(database)
    await applied(database, Region, Person)
    return database


async def read(url: str) -> set[str]:
    """Return the types whose stored documents serving reads."""
    return {
        name
        for name, stored_type in (await published_of(url, Region, Person)).items()
        if stored_type
    }


async def mend(url: str) -> list[str]:
    """Apply, and return the rebuilt generations."""
    plan = await applied(url, Region, Person)
    created = [object_.name for step in plan.steps for object_ in step.created]
    assert (await planned(url, Region, Person)).empty
    assert await drift(url, Region, Person) == 0
    assert await read(url) == {"Region", "Person"}
    return [name for name in created if name.startswith("rows of")]


async def test_a_partition_that_is_attached(url: str) -> None:
    await sql(
        url,
        """CREATE TABLE more (LIKE tb_task INCLUDING ALL);
        INSERT INTO tb_person VALUES (1500, '00000000-0000-0000-0000-000000000001', 'late');
        INSERT INTO more VALUES (1500, 1, 'brought along', false)""",
    )
    await sql(url, "ALTER TABLE tb_task ATTACH PARTITION more FOR VALUES FROM (1000) TO (2000)")
    assert await drift(url, Region, Person) == 2
    assert await read(url) == set()
    states = (await planned(url, Region, Person)).states
    assert {state.state for state in states} == {"unchanged", "missing", "outdated", "altered"}
    assert len(await mend(url)) == 2
    await sql(url, "UPDATE more SET what = 'written to the partition itself'")
    assert await drift(url, Region, Person) == 0


async def test_a_partition_that_is_detached(url: str) -> None:
    await sql(url, "ALTER TABLE tb_task_high DETACH PARTITION tb_task_high_a")
    assert await drift(url, Region, Person) > 0
    assert await read(url) == set()
    await mend(url)
    triggers = "SELECT tgname FROM pg_trigger WHERE tgrelid = 'tb_task_high_a'::regclass"
    assert await sql(url, triggers) == []


async def test_a_partition_that_was_detached_for_a_time(url: str) -> None:
    """Nothing is missing, and no name has changed; the documents have."""
    await sql(url, "ALTER TABLE tb_task_high DETACH PARTITION tb_task_high_a")
    await sql(url, "UPDATE tb_person SET name = 'recomputed without their tasks'")
    await sql(
        url,
        "ALTER TABLE tb_task_high ATTACH PARTITION tb_task_high_a FOR VALUES FROM (0) TO (30)",
    )
    assert await drift(url, Region, Person) > 0
    assert await read(url) == set()
    assert len(await mend(url)) == 2


async def test_a_partition_of_the_documents_own_table(url: str) -> None:
    await sql(
        url,
        """CREATE TABLE far (LIKE tb_region INCLUDING ALL);
        INSERT INTO far VALUES ('jp', 1, 'Osaka'), ('jp', 2, 'Kobe');
        ALTER TABLE tb_region ATTACH PARTITION far FOR VALUES IN ('jp')""",
    )
    assert await read(url) == {"Person"}
    assert len(await mend(url)) == 1
    assert len(await sql(url, "SELECT FROM tv_region WHERE country = 'jp'")) == 2
    await sql(url, "ALTER TABLE tb_region DETACH PARTITION far")
    await mend(url)
    assert await sql(url, "SELECT FROM tv_region WHERE country = 'jp'") == []


@pytest.mark.parametrize(
    "damage",
    [
        "DROP TRIGGER {} ON tb_team",
        "ALTER TABLE tb_team DISABLE TRIGGER {}",
        "ALTER TABLE tb_team DISABLE TRIGGER ALL",
        "ALTER TABLE tb_team ENABLE REPLICA TRIGGER {}",
    ],
)
async def test_a_trigger_that_was_off(url: str, damage: str) -> None:
    await sql(url, damage.format(await _trigger(url)))
    await sql(url, "UPDATE tb_team SET name = 'nobody noticed'")
    assert await drift(url, Region) > 0
    assert await read(url) == {"Person"}
    assert len(await mend(url)) == 1


async def test_an_altered_table_or_function_is_rebuilt(url: str) -> None:
    (row,) = await sql(
        url,
        "SELECT c.oid::regclass::text FROM pg_class c"
        " WHERE relname ~ '^tv_person_' AND relkind = 'r'",
    )
    await sql(url, f"ALTER TABLE {row[0]} DROP CONSTRAINT {row[0].partition('.')[2]}_pkey")
    assert len(await mend(url)) == 1
    (row,) = await sql(
        url, "SELECT oid::regprocedure::text FROM pg_proc WHERE proname ~ 'tv_person_.*_flush$'"
    )
    await sql(
        url,
        f"CREATE OR REPLACE FUNCTION {row[0]} RETURNS bigint LANGUAGE sql AS 'SELECT 0::bigint'",
    )
    await sql(url, "UPDATE tb_person SET name = 'nobody flushed' WHERE id = 1")
    assert await drift(url, Person) > 0
    assert len(await mend(url)) == 1


@pytest.mark.parametrize(
    "merge",
    [
        # A task that goes to another partition, and with it to another person.
        (
            "MERGE INTO tb_task t USING (VALUES (2), (3)) AS s(p) ON t.person_id = s.p"
            " WHEN MATCHED THEN UPDATE SET person_id = 20, number = t.number + 500"
        ),
        # One that stays with its person, between the partitions of a partition.
        (
            "MERGE INTO tb_task_high t USING (VALUES (14)) AS s(p) ON t.person_id = s.p"
            " WHEN MATCHED THEN UPDATE SET number = t.number + 30"
        ),
        # The documents' own rows, out of the default partition.
        (
            "MERGE INTO tb_region r USING (VALUES (7, 'se')) AS s(c, to_country)"
            " ON r.code = s.c WHEN MATCHED THEN UPDATE SET country = s.to_country"
        ),
    ],
    ids=["tasks", "a partition's own partitions", "regions"],
)
@pytest.mark.parametrize("mode", ["commit", "statement"])
async def test_merge_moves_rows_to_other_partitions(url: str, merge: str, mode: str) -> None:
    types = (region(mode=mode), Person)
    await applied(url, *types)
    await sql(url, "ALTER TABLE tb_team DROP CONSTRAINT tb_team_country_code_fkey")
    counted = (
        "SELECT tableoid::regclass::text, count(*) FROM (SELECT tableoid FROM tb_task"
        " UNION ALL SELECT tableoid FROM tb_region) rows GROUP BY 1 ORDER BY 1"
    )
    before = await sql(url, counted)
    await sql(url, merge)
    assert await sql(url, counted) != before
    assert await drift(url, *types) == 0


async def test_a_trigger_that_was_off_for_one_partition_only(url: str) -> None:
    (row,) = await sql(
        url,
        "SELECT quote_ident(tgname) FROM pg_trigger"
        " WHERE tgrelid = 'tb_task_high_a'::regclass AND tgname LIKE 'fql%person%_row_upd'",
    )
    await sql(url, f"ALTER TABLE tb_task_high_a DISABLE TRIGGER {row[0]}")
    await sql(url, "UPDATE tb_task_high_a SET what = 'nobody noticed'")
    assert await drift(url, Person) > 0
    assert await read(url) == {"Region"}
    await mend(url)
    await sql(url, "UPDATE tb_task_high_a SET what = 'noticed'")
    assert await drift(url, Region, Person) == 0


async def test_documents_of_a_version_that_captured_by_statement_are_built_again(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The triggers of that version are dropped, and its wrong documents repaired."""

    async def by_statement(pool: Pool, names: Iterable[Qualified]) -> TableMap:
        actual = await load_inspection(pool, names)
        return {name: replace(facts, by_row=False) for name, facts in actual.items()}

    with monkeypatch.context() as patched:
        patched.setattr(strategy, "load_inspection", by_statement)
        await reset_database(url)
        await applied(url, Region, Person)
        await sql(
            url,
            "MERGE INTO tb_task t USING (VALUES (2)) AS s(p) ON t.person_id = s.p"
            " WHEN MATCHED THEN UPDATE SET person_id = 20, number = t.number + 500",
        )
        assert await drift(url, Person) > 0
    assert await read(url) == set()
    assert len(await mend(url)) == 2
    left = (
        "SELECT tgname FROM pg_trigger WHERE tgrelid::regclass::text ~ '^tb_(task|region)'"
        " AND (tgnewtable IS NOT NULL OR tgoldtable IS NOT NULL)"
    )
    assert await sql(url, left) == []


class BrokenOffError(Exception):
    """The apply is interrupted."""


@pytest.mark.parametrize("point", ["create data start", "create data rows", "COMMIT"])
async def test_an_interrupted_apply_misleads_no_reader(url: str, point: str) -> None:
    """Every declared object may exist again before the documents are correct."""
    before = (await published_of(url, Region, Person))["Region"]
    assert before is not None
    await sql(url, "DROP TRIGGER " + await _trigger(url) + " ON tb_team")
    await sql(url, "UPDATE tb_team SET name = 'nobody noticed'")

    def watch(event: str) -> None:
        if event.startswith(point):
            raise BrokenOffError

    with pytest.raises(BrokenOffError):
        await applied(url, Region, Person, watch=watch)
    assert await read(url) == {"Person"}
    if point != "COMMIT":
        # Readers that began before get an error, too.
        with pytest.raises(asyncpg.UndefinedTableError):
            await sql(url, f"SELECT FROM {before.relation.sql}")
    assert len(await sql(url, "SELECT FROM tv_region")) == 4
    assert len(await mend(url)) == 1


async def _trigger(url: str) -> str:
    (row,) = await sql(
        url,
        "SELECT quote_ident(tgname) FROM pg_trigger"
        " WHERE tgrelid = 'tb_team'::regclass AND tgname LIKE 'fql%region%_update'",
    )
    return str(row[0])
