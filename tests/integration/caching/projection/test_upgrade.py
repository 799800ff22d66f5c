"""Upgrades of databases to which an earlier version has applied projections."""

from dataclasses import replace

from fraiseql.caching.ddl.apply import apply
from fraiseql.caching.objects import DatabaseObject, private_function
from fraiseql.caching.strategies.projection.strategy import spec_of
from fraiseql.caching.strategies.projection.tree import Tree
from tests.integration.caching.ddl.env import migrating, planned, sql
from tests.integration.caching.projection.declared import alone, reset_database, verified


def earlier_functions(tree: Tree) -> list[DatabaseObject]:
    """Return the functions that compared and repaired before ``db verify`` and ``db repair``."""
    verify, repair = f"{tree.own('verify').sql}()", f"{tree.own('repair').sql}()"
    view, flush = tree.spec.view.sql, f"{tree.own('flush').sql}()"
    sql_verify = f"CREATE FUNCTION {verify} RETURNS SETOF {view} BEGIN ATOMIC TABLE {view}; END"
    sql_repair = f"CREATE FUNCTION {repair} RETURNS bigint RETURN {flush}"
    return [
        private_function(verify, sql_verify, tree.spec.table.sql, view),
        private_function(repair, sql_repair, verify, flush),
    ]


async def test_apply_drops_the_functions_that_only_tests_called(database: str) -> None:
    await reset_database(database)
    async with migrating(database) as (writer, wishes):
        desired = await wishes(alone())
        (stored_type,) = desired.stored_types
        earlier = earlier_functions(Tree.of(spec_of(stored_type)))
        await apply(writer, replace(desired, objects=(*desired.objects, *earlier)))
        plan = await apply(writer, desired)
    assert [object_.name for step in plan.steps for object_ in step.dropped] == [
        item.name for item in reversed(earlier)
    ]
    assert [step.created for step in plan.steps if step.created] == []
    left = r"SELECT proname FROM pg_proc WHERE proname ~ '_(verify|repair)$'"
    assert await sql(database, left) == []


def earlier_texts(each: DatabaseObject) -> DatabaseObject:
    """Return an object with the name of the reading view and the message of earlier versions."""
    texts = {"stored_tv_": "kept_tv_", "triggers maintain the documents": "documents are kept"}

    def earlier(text: str) -> str:
        for now, before in texts.items():
            text = text.replace(now, before)
        return text

    return replace(
        each,
        name=earlier(each.name),
        needs=tuple(map(earlier, each.needs)),
        create=tuple(map(earlier, each.create)),
        drop=tuple(map(earlier, each.drop)),
    )


async def test_apply_renames_the_view_that_serving_reads(database: str) -> None:
    await reset_database(database)
    async with migrating(database) as (writer, wishes):
        desired = await wishes(alone())
        earlier = replace(desired, objects=tuple(map(earlier_texts, desired.objects)))
        await apply(writer, earlier)
        await apply(writer, desired)
    assert (await planned(database, alone())).empty
    (compared,) = await verified(database, alone())
    views = r"SELECT relname FROM pg_class WHERE relname ~ '^(kept|stored)_tv_' AND relkind = 'v'"
    assert [row["relname"].partition("_")[0] for row in await sql(database, views)] == ["stored"]
    assert (compared.compared > 0, compared.differing) == (True, 0)


STORAGE = """\
SELECT a.attstorage::text AS storage FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
WHERE c.relname ~ '^tv_' AND c.relkind = 'r' AND a.attname = 'body'
"""


async def test_apply_changes_how_texts_of_existing_projections_are_stored(database: str) -> None:
    await reset_database(database)
    declared = alone(text=True)
    async with migrating(database) as (writer, wishes):
        desired = await wishes(declared)
        (storage,) = [item for item in desired.objects if item.kind == "column"]
        without = tuple(item for item in desired.objects if item != storage)
        await apply(writer, replace(desired, objects=without))
        assert [row["storage"] for row in await sql(database, STORAGE)] == ["x"]
        plan = await planned(database, declared)
        # Nothing but the catalog changes: no document is computed again.
        assert [statement for step in plan.steps for statement in step.statements] == [
            *storage.create
        ]
        assert [step.locks for step in plan.steps] == [(storage.lock,)]
        await apply(writer, desired)
    assert [row["storage"] for row in await sql(database, STORAGE)] == ["e"]
    assert (await planned(database, declared)).empty
    (compared,) = await verified(database, declared)
    assert (compared.compared > 0, compared.differing) == (True, 0)
