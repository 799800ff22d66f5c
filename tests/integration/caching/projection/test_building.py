"""The order of building: no concurrent write is missed."""

import asyncio
from collections.abc import Callable

import asyncpg
import pytest

from fraiseql.caching.objects import DatabaseObject
from fraiseql.caching.strategies.projection import projection_objects
from tests.integration.caching.projection.installation import Change, as_written, differences
from tests.integration.caching.projection.interleavings import (
    BLOG_ROWS,
    BLOG_STEPS,
    connections,
    waits_or_ends,
)
from tests.integration.caching.projection.mutants import replaced
from tests.integration.caching.projection.schemas import POST
from tests.integration.caching.projection.test_schedules import only


def triggers_last(objects: list[DatabaseObject]) -> list[DatabaseObject]:
    return sorted(objects, key=lambda each: each.kind == "trigger")


@pytest.mark.parametrize(
    ("order", "wrong"), [(list, False), (triggers_last, True)], ids=["whole", "built first"]
)
async def test_building_begins_when_every_writer_is_seen(
    database: str, order: Callable[[list[DatabaseObject]], list[DatabaseObject]], wrong: bool
) -> None:
    """A writer that began before the triggers is waited for, by them, before anything is read."""
    case = only(POST)
    async with connections(database, 3) as (watcher, writer, builder):
        await watcher.execute("DROP SCHEMA IF EXISTS app, fraiseql CASCADE")
        await watcher.execute(f"{case.tables}; {BLOG_ROWS}")
        await writer.execute(f"BEGIN; {BLOG_STEPS['insert comment']}")

        async def build() -> None:
            for each in order(list(projection_objects(case.specs[0]))):
                for text in each.create:
                    await builder.execute(text)

        building = asyncio.create_task(build())
        assert await waits_or_ends(watcher, builder.get_server_pid(), building)
        await writer.execute("COMMIT")
        await building
        assert bool(await differences(watcher, case)) is wrong


async def make(
    connection: asyncpg.Connection, objects: list[DatabaseObject], change: Change
) -> None:
    for each in objects:
        for text in each.create:
            await connection.execute(change(text))


NOT_TRUNCATED = replaced(r"    TRUNCATE \S+;\n", "")


@pytest.mark.parametrize("damaged", [False, True], ids=["whole", "kept as found"])
async def test_documents_from_between_the_triggers_are_not_trusted(
    database: str, damaged: bool
) -> None:
    """Posts have triggers before users have: a user renamed in between is not captured."""
    change = NOT_TRUNCATED if damaged else as_written
    case = only(POST)
    objects = list(projection_objects(case.specs[0]))
    places = enumerate(objects)
    first = next(at for at, each in places if each.kind == "trigger" and "users" in each.name)
    async with connections(database, 1) as (connection,):
        await connection.execute("DROP SCHEMA IF EXISTS app, fraiseql CASCADE")
        await connection.execute(f"{case.tables}; {BLOG_ROWS}")
        await make(connection, objects[:first], change)
        await connection.execute(BLOG_STEPS["retitle post"])
        await connection.execute(BLOG_STEPS["rename reviewer"])
        await make(connection, objects[first:], change)
        assert bool(await differences(connection, case)) is damaged
