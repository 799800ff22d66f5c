"""Every interleaving of two steps is right; every mutant makes one wrong.

With ``FRAISEQL_SOAK`` all pairs meet in both schedules; else a part of them does.
"""

import asyncio
import os
from collections.abc import Callable

import asyncpg
import pytest

from fraiseql.caching.strategies.projection.tree import Tree
from tests.integration.caching.projection.installation import as_written, differences, fresh
from tests.integration.caching.projection.interleavings import (
    BLOG_ROWS,
    FLUSH,
    connections,
    pairs,
    waits_or_ends,
    wrong_after,
)
from tests.integration.caching.projection.mutants import (
    MUTANTS,
    Change,
    Mutant,
    changed_part,
    replaced,
    without,
)
from tests.integration.caching.projection.schemas import BLOG, LOOSE, OFFICE, POST, USER

SOAK = bool(os.environ.get("FRAISEQL_SOAK"))
CASES = {"blog": BLOG, "office": OFFICE, **{f"loose {name}": LOOSE[name] for name in LOOSE}}


@pytest.mark.parametrize("name", CASES)
async def test_pairs(database: str, name: str) -> None:
    case = CASES[name]
    async with connections(database, 3) as sessions:
        await fresh(sessions[0], case, as_written)
        chosen = list(pairs(case)) if SOAK else list(pairs(case))[::13]
        for number, (first, second) in enumerate(chosen):
            for early in (True, False) if SOAK else (number % 2 == 0,):
                wrong = await wrong_after(sessions, case, first, second, early=early)
                assert wrong == [], (first, second, early)


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: f"{mutant.case}: {mutant.name}")
async def test_mutants(database: str, mutant: Mutant) -> None:
    case = changed_part(LOOSE[mutant.case], mutant.change)
    async with connections(database, 3) as sessions:
        await fresh(sessions[0], case, mutant.change)
        assert await wrong_after(sessions, case, mutant.first, mutant.second, early=False) != []


@pytest.mark.parametrize("damaged", [False, True], ids=["whole", "no lock of absent documents"])
async def test_two_first_writers_of_a_document(database: str, damaged: bool) -> None:
    change = without("lock absent documents") if damaged else as_written
    async with connections(database, 3) as (watcher, first, two):
        await fresh(watcher, BLOG, change)
        await watcher.execute(BLOG_ROWS)
        await watcher.execute("DELETE FROM app.tv_user; DELETE FROM app.tv_post")
        await first.execute("BEGIN; INSERT INTO app.comments VALUES (101, 10, 2, 'new')")
        await first.execute(FLUSH)
        second = "INSERT INTO app.comments VALUES (102, 10, 3, 'new')"
        work = asyncio.create_task(two.execute(second))
        assert await waits_or_ends(watcher, two.get_server_pid(), work)
        await first.execute("COMMIT")
        await work
        problem_rows = [each for each in await differences(watcher, BLOG) if "view Post" in each]
        assert bool([each for each in problem_rows if "v0=10 " in each]) is damaged


async def opposite(
    database: str,
    change: Change,
    held: Callable[[asyncpg.Connection], object],
    both: tuple[str, str],
) -> str:
    """Let two transactions lock two things while a third holds one; say whether they deadlock.

    ``app.sign`` of the second session is -1: a change may turn an order round by it.
    """
    async with connections(database, 4) as (watcher, holder, first, two):
        await fresh(watcher, LOOSE["blog"], change)
        await watcher.execute(BLOG_ROWS)
        for connection, sign in ((watcher, 1), (first, 1), (two, -1)):
            await connection.execute(f"SET app.sign = {sign}; SET deadlock_timeout = '50ms'")
        await holder.execute("BEGIN")
        await held(holder)  # type: ignore[misc]
        works = []
        for connection, text in zip((first, two), both, strict=True):
            works.append(asyncio.create_task(connection.execute(text)))
            assert await waits_or_ends(watcher, connection.get_server_pid(), works[-1])
        await holder.execute("COMMIT")
        ends = await asyncio.gather(*works, return_exceptions=True)
        if any(isinstance(end, asyncpg.DeadlockDetectedError) for end in ends):
            return "deadlock"
        assert not [end for end in ends if isinstance(end, Exception)]
        assert await differences(watcher, LOOSE["blog"]) == []
        return "in order"


SIGN = "coalesce(nullif(current_setting('app.sign', true), ''), '1')::int"
DOCUMENTS = replaced(r'ORDER BY t\."id" FOR', f'ORDER BY t."id" * {SIGN} FOR')
GROUPS = replaced("ORDER BY 1, 2 OFFSET 0", f"ORDER BY 1, g.number * {SIGN} OFFSET 0")
PROJECTIONS = replaced(
    r"array_agg\(projection ORDER BY projection\)",
    f"array_agg(projection ORDER BY ascii(substr(projection, 8)) * {SIGN})",
)


@pytest.mark.parametrize(("change", "end"), [(as_written, "in order"), (DOCUMENTS, "deadlock")])
async def test_documents_are_locked_in_one_order(database: str, change: Change, end: str) -> None:
    async def held(holder: asyncpg.Connection) -> None:
        await holder.execute("SELECT FROM app.tv_user WHERE id = 1 FOR UPDATE")

    posts = tuple(
        f"INSERT INTO app.posts (id, user_id) VALUES ({n}, 1), ({n + 1}, 2)" for n in (40, 50)
    )
    assert await opposite(database, change, held, (posts[0], posts[1])) == end


@pytest.mark.parametrize(("change", "end"), [(as_written, "in order"), (GROUPS, "deadlock")])
async def test_groups_are_locked_in_one_order(database: str, change: Change, end: str) -> None:
    tree = Tree.of(POST)
    edge = next(node for node in tree.nodes if node.path == "comments.author")

    async def held(holder: asyncpg.Connection) -> None:
        numbers = "SELECT min(hash_record_extended(ROW(v), $1)) FROM unnest('{1,3}'::bigint[]) AS v"
        lowest = await holder.fetchval(numbers, tree.seed(edge))
        await holder.execute(f"SELECT pg_advisory_xact_lock({lowest})")

    # Nothing but the groups' locks is common: neither name has a comment yet.
    names = ("UPDATE app.users SET name = 'new' WHERE id IN (1, 3)",)
    comments = "INSERT INTO app.comments VALUES (400, 10, 1, 'x'), (401, 10, 3, 'x')"
    assert await opposite(database, change, held, (comments, names[0])) == end


@pytest.mark.parametrize(("change", "end"), [(as_written, "in order"), (PROJECTIONS, "deadlock")])
async def test_projections_are_flushed_in_one_order(
    database: str, change: Change, end: str
) -> None:
    async def held(holder: asyncpg.Connection) -> None:
        await holder.execute("SELECT FROM app.tv_post WHERE id = 10 FOR UPDATE")

    post = "INSERT INTO app.posts (id, user_id) VALUES (60, 1)"
    steps = (
        "UPDATE app.posts SET title = 'x' WHERE id = 10",
        f"{post};INSERT INTO app.comments VALUES (500, 10)",
    )
    assert USER.name[7:] > POST.name[7:]
    assert await opposite(database, change, held, (steps[0], steps[1])) == end
