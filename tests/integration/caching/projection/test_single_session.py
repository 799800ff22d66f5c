"""Tests that a single session detects mutants of the generated SQL."""

import asyncpg
import pytest

from tests.integration.caching.projection.installation import (
    Change,
    as_written,
    differences,
    fresh,
    repair,
    unlike,
)
from tests.integration.caching.projection.interleavings import ROWS, connections
from tests.integration.caching.projection.mutants import changed_part, replaced
from tests.integration.caching.projection.schemas import BLOG, OFFICE, USER, Case
from tests.integration.caching.projection.single_session import ALONE, Alone

CASES = {"blog": BLOG, "office": OFFICE}


@pytest.mark.parametrize("alone", ALONE, ids=lambda alone: f"{alone.case}: {alone.name}")
async def test_one_session(database: str, alone: Alone) -> None:
    whole = CASES[alone.case]
    damaged = changed_part(whole, alone.change)
    for case, change in ((whole, as_written), (damaged, alone.change)):
        async with connections(database, 1) as (connection,):
            await fresh(connection, case, change)
            await connection.execute(ROWS[case.name])
            right = change is as_written or connection.get_server_version().major >= alone.until
            assert (await outcome(connection, case, alone.script) == []) is right


async def outcome(connection: asyncpg.Connection, case: Case, script: str) -> list[str]:
    """Run the script and list wrong documents, or the failure."""
    try:
        await connection.execute(script)
    except asyncpg.PostgresError as error:
        await connection.execute("ROLLBACK; RESET ROLE")
        return [f"failed: {error}"]
    return await differences(connection, case)


BY_VALUE = replaced(r"t\.data::text IS DISTINCT FROM v\.data::text", "t.data <> v.data")
NO_BODY = replaced(
    r" OR t\.body::text IS DISTINCT FROM v\.data::text"
    r"|t\.body::text IS DISTINCT FROM v\.data::text OR ",
    "",
)


@pytest.mark.parametrize(
    ("change", "damage"),
    [
        (BY_VALUE, "data = jsonb_set(data, '{id}', '1.0')"),
        (NO_BODY, "body = jsonb_set(data, '{id}', '1.0')::text::json"),
    ],
    ids=["data compared by value", "body not compared"],
)
async def test_comparisons_see_all_that_a_reader_sees(
    connection: asyncpg.Connection, change: Change, damage: str
) -> None:
    for rows, mutation in ((1, as_written), (0, change)):
        await fresh(connection, BLOG, mutation)
        await connection.execute(ROWS["blog"])
        await connection.execute(f"UPDATE {USER.table.sql} SET {damage} WHERE id = 1")
        assert len(await unlike(connection, USER, mutation)) == rows
        assert await connection.fetchval(repair(USER)) == rows
