"""Schedules of more than two steps, each with the line that it needs."""

import asyncio
from dataclasses import replace

import asyncpg
import pytest

from fraiseql.caching.strategies.projection.tree import Tree
from tests.integration.caching.projection.installation import (
    Change,
    as_written,
    differences,
    fresh,
    repair,
)
from tests.integration.caching.projection.interleavings import (
    BLOG_ROWS,
    BLOG_STEPS,
    FLUSH,
    connections,
    meet,
    waits_or_ends,
)
from tests.integration.caching.projection.mutants import replaced, without
from tests.integration.caching.projection.schemas import BLOG, LOOSE, POST, USER, Case
from tests.integration.caching.projection.small_schemas import NUMBERED

ANY_LEVEL = replaced(r"  -- \[isolation\].*?END IF;\n", "")


def only(spec, **options: object) -> Case:
    """One projection of the loose blog alone, so that the others' locks hide nothing."""
    loose = LOOSE["blog"]
    place = loose.specs.index(spec)
    specs = (replace(spec, **options),)
    return replace(loose, specs=specs, oracles=(loose.oracles[place],))


async def pause(connection: asyncpg.Connection, statement: str) -> None:
    """Run a statement's transaction up to the end of its flush."""
    await connection.execute(f"BEGIN; {statement}; {FLUSH}")


@pytest.mark.parametrize("damaged", [False, True], ids=["whole", "no check of the level"])
async def test_a_snapshot_that_is_older_than_the_locks(database: str, damaged: bool) -> None:
    """REPEATABLE READ: the name that changed since is not seen; the locks are free long ago."""
    case = only(USER)
    async with connections(database, 2) as (first, two):
        await fresh(first, case, ANY_LEVEL if damaged else as_written)
        await first.execute(BLOG_ROWS)
        await first.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
        await first.fetch("SELECT 1")
        await two.execute(BLOG_STEPS["rename author"])
        if not damaged:
            with pytest.raises(asyncpg.FeatureNotSupportedError, match="need READ COMMITTED"):
                await first.execute(BLOG_STEPS["insert other post"])
            await first.execute("ROLLBACK")
        else:
            await first.execute(f"{BLOG_STEPS['insert other post']}; COMMIT")
        assert bool(await differences(two, case)) is damaged


@pytest.mark.parametrize("damaged", [False, True], ids=["whole", "no check of the level"])
async def test_mending_at_another_level_is_refused(database: str, damaged: bool) -> None:
    async with connections(database, 1) as (connection,):
        await fresh(connection, BLOG, without("isolation") if damaged else as_written)
        mending = f"BEGIN ISOLATION LEVEL REPEATABLE READ; {repair(USER)}; COMMIT"
        if damaged:
            await connection.execute(mending)
            return
        with pytest.raises(asyncpg.FeatureNotSupportedError):
            await connection.execute(mending)


NOT_IN_COMMON = replaced(r"SELECT 0, '-?\d+'::bigint, false\n +UNION ALL ", "")
NOT_ALONE = replaced(r"THEN\n( +)PERFORM pg_advisory_xact_lock\(-?\d+\);", r"THEN\n\1NULL;")
LIMITED = [as_written, NOT_IN_COMMON, NOT_ALONE]


@pytest.mark.parametrize("change", LIMITED, ids=["whole", "none in common", "no whole edge"])
async def test_a_flush_of_many_keys_excludes_one_of_few(database: str, change: Change) -> None:
    case = only(USER, lock_limit=1)
    many = "UPDATE app.users SET name = 'new' WHERE id IN (1, 2)"
    few = "INSERT INTO app.posts (id, user_id, reviewer_id) VALUES (14, 3, 2)"
    async with connections(database, 3) as (watcher, first, two):
        await fresh(watcher, case, change)
        await watcher.execute(BLOG_ROWS)
        await meet(watcher, first, two, many, few, early=False)
        assert bool(await differences(watcher, case)) is (change is not as_written)


@pytest.mark.parametrize("change", LIMITED, ids=["whole", "none in common", "no whole table"])
async def test_first_writers_of_many_documents_and_of_one(database: str, change: Change) -> None:
    case = only(POST, lock_limit=1)
    async with connections(database, 3) as (watcher, first, two):
        await fresh(watcher, case, change)
        await watcher.execute(BLOG_ROWS)
        await watcher.execute("DELETE FROM app.tv_post WHERE id < 30")
        many = "INSERT INTO app.comments VALUES (101, 10, NULL, 'new'), (102, 20, NULL, 'new')"
        one_more = "INSERT INTO app.comments VALUES (103, 20, NULL, 'newer')"
        await meet(watcher, first, two, many, one_more, early=False)
        assert bool(await differences(watcher, case)) is (change is not as_written)


NOT_LOCKED_AGAIN = replaced(
    r"(\[lock absent documents\].*?    END IF;\n)  PERFORM FROM.*?FOR NO KEY UPDATE;\n", r"\1"
)


async def until(
    watcher: asyncpg.Connection, other: asyncpg.Connection, lock: int, *, waiting: bool
) -> None:
    """Return once a session waits for an advisory lock, or no longer does."""
    query = "SELECT count(*) FROM pg_locks WHERE pid = $1 AND NOT granted AND objid = $2"
    for _ in range(60_000):
        value = await watcher.fetchval(query, other.get_server_pid(), lock & 0xFFFFFFFF)
        if bool(value) is waiting:
            return
        await asyncio.sleep(0.001)
    pytest.fail(f"lock {lock}: waiting is not {waiting}")


@pytest.mark.parametrize("damaged", [False, True], ids=["whole", "rows are not locked again"])
async def test_a_third_writer_finds_the_row_that_two_first_ones_did_not(
    database: str, damaged: bool
) -> None:
    """The second waits for another document while the third writes the existing one."""
    case = only(POST)
    number = f"hash_record_extended(ROW(id), {Tree.of(POST).seed(Tree.of(POST).root)})"
    comment = "INSERT INTO app.comments VALUES ({}, {}, NULL, 'new')"
    async with connections(database, 5) as (watcher, holder, first, two, three):
        await fresh(watcher, case, NOT_LOCKED_AGAIN if damaged else as_written)
        await watcher.execute(BLOG_ROWS)
        await watcher.execute("DELETE FROM app.tv_post WHERE id < 30")
        query = f"SELECT id, {number} AS lock FROM app.posts WHERE id < 30 ORDER BY lock"
        (low, _), (high, lock) = await watcher.fetch(query)
        await pause(first, comment.format(401, low))
        await holder.execute(f"SELECT pg_advisory_lock({lock})")
        both = f"{comment.format(402, low)}; {comment.format(403, high)}"
        second = asyncio.create_task(two.execute(both))
        assert await waits_or_ends(watcher, two.get_server_pid(), second)
        await first.execute("COMMIT")
        await until(watcher, two, lock, waiting=True)
        await pause(three, comment.format(404, low))
        await holder.execute(f"SELECT pg_advisory_unlock({lock})")
        await until(watcher, two, lock, waiting=False)
        await waits_or_ends(watcher, two.get_server_pid(), second)
        await three.execute("COMMIT")
        await second
        assert bool(await differences(watcher, case)) is damaged


BY_TEXT = replaced(r"hash_record_extended\(ROW\(([^)]*)\), ", r"hashtextextended(ROW(\1)::text, ")


@pytest.mark.parametrize("damaged", [False, True], ids=["whole", "locks by the text of a key"])
async def test_equal_keys_of_different_texts_are_one_lock(database: str, damaged: bool) -> None:
    async with connections(database, 3) as (watcher, first, two):
        await fresh(watcher, NUMBERED, BY_TEXT if damaged else as_written)
        await watcher.execute("INSERT INTO app.parents VALUES (1.0, 'old')")
        rename = "UPDATE app.parents SET name = 'new'"
        refer = "INSERT INTO app.children VALUES (1, 1.00)"
        await meet(watcher, first, two, rename, refer, early=False)
        assert bool(await differences(watcher, NUMBERED)) is damaged
