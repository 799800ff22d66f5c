"""Fixed interleavings of two transactions that change the same documents.

The first flushes and stays open; the second has done its statement and commits; if it waits, the
first commits. With a lock or a line missing the second does not wait, and a document is wrong.
"""

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import asynccontextmanager

import asyncpg

from fraiseql.caching.strategies.projection import flush_now
from tests.integration.caching.projection.installation import differences
from tests.integration.caching.projection.schemas import Case

FLUSH = flush_now()

BLOG_ROWS = """
TRUNCATE app.users, app.posts, app.comments;
INSERT INTO app.users VALUES (1, 'one'), (2, 'two'), (3, 'three');
INSERT INTO app.posts (id, user_id, reviewer_id, title) VALUES
  (10, 1, 3, 'ten'), (20, 2, NULL, 'twenty'), (30, NULL, 3, 'thirty');
INSERT INTO app.comments VALUES (100, 10, 2, 'a'), (200, 20, 3, 'b'), (300, NULL, 1, 'c');
"""

BLOG_STEPS = {
    "rename reviewer": "UPDATE app.users SET name = 'new' WHERE id = 3",
    "rename author": "UPDATE app.users SET name = 'new' WHERE id = 2",
    "insert post": "INSERT INTO app.posts (id, user_id, reviewer_id) VALUES (11, 1, 3)",
    "insert other post": "INSERT INTO app.posts (id, user_id, reviewer_id) VALUES (12, 1, 2)",
    "move post": "UPDATE app.posts SET user_id = 2 WHERE id = 10",
    "free post": "UPDATE app.posts SET user_id = NULL WHERE id = 10",
    "tie post": "UPDATE app.posts SET user_id = 1, title = 'tied' WHERE id = 30",
    "change reviewer": "UPDATE app.posts SET reviewer_id = 2 WHERE id = 10",
    "retitle post": "UPDATE app.posts SET title = 'new' WHERE id = 10",
    "delete post": "DELETE FROM app.posts WHERE id = 10",
    "insert comment": "INSERT INTO app.comments VALUES (101, 10, 2, 'new')",
    "insert other comment": "INSERT INTO app.comments VALUES (102, 10, 3, 'new')",
    "move comment": "UPDATE app.comments SET post_id = 20 WHERE id = 100",
    "change author": "UPDATE app.comments SET author_id = 3 WHERE id = 100",
    "delete comment": "DELETE FROM app.comments WHERE id = 100",
    "rename first": "UPDATE app.users SET name = 'new' WHERE id = 1",
    "comment of first": "INSERT INTO app.comments VALUES (104, 20, 1, 'new')",
    "truncate": "TRUNCATE app.comments",
    "delete user": "DELETE FROM app.users WHERE id = 3",
    "insert user": "INSERT INTO app.users VALUES (4, 'four')",
}

_TEAM = "00000000-0000-0000-0000-00000000000"
OFFICE_ROWS = f"""
TRUNCATE app.sites, app.teams, app.people, app.tasks;
INSERT INTO app.sites VALUES ('no', 1, 'Oslo'), ('no', 2, 'Bergen'), ('se', 1, 'Lund');
INSERT INTO app.teams VALUES ('{_TEAM}1', 'no', 1, NULL, 'a'),
  ('{_TEAM}2', 'no', 2, '{_TEAM}1', 'b'),
  ('{_TEAM}3', NULL, NULL, '{_TEAM}2', 'c');
INSERT INTO app.people VALUES (1, '{_TEAM}1', 'p1', NULL), (2, '{_TEAM}2', 'p2', 1),
  (3, NULL, 'p3', 1);
INSERT INTO app.tasks VALUES (1, 1, 'x'), (2, 1, 'y'), (3, 1, 'z');
"""

OFFICE_STEPS = {
    "rename team": f"UPDATE app.teams SET name = 'new' WHERE id = '{_TEAM}1'",
    "move team": f"UPDATE app.teams SET country = 'se', code = 1 WHERE id = '{_TEAM}1'",
    "tie team": f"UPDATE app.teams SET country = 'se', code = 1 WHERE id = '{_TEAM}3'",
    "change parent": f"UPDATE app.teams SET parent_id = '{_TEAM}1' WHERE id = '{_TEAM}3'",
    "insert team": f"INSERT INTO app.teams VALUES ('{_TEAM}4', 'no', 1, '{_TEAM}1', 'd')",
    "rename second team": f"UPDATE app.teams SET name = 'new' WHERE id = '{_TEAM}2'",
    "rename free person": "UPDATE app.people SET name = 'new' WHERE id = 3",
    "insert far person": f"INSERT INTO app.people VALUES (6, '{_TEAM}2', 'p6', 3)",
    "rename person": "UPDATE app.people SET name = 'new' WHERE id = 1",
    "move person": f"UPDATE app.people SET team_id = '{_TEAM}2' WHERE id = 1",
    "tie person": f"UPDATE app.people SET team_id = '{_TEAM}1' WHERE id = 3",
    "to free team": f"UPDATE app.people SET team_id = '{_TEAM}3' WHERE id = 1",
    "change boss": "UPDATE app.people SET boss_id = 2 WHERE id = 1",
    "renumber person": "UPDATE app.people SET id = 9 WHERE id = 1",
    "insert person": f"INSERT INTO app.people VALUES (4, '{_TEAM}1', 'p4', 1)",
    "delete person": "DELETE FROM app.people WHERE id = 1",
    "insert task": "INSERT INTO app.tasks VALUES (1, 2, 'new')",
    "insert other task": "INSERT INTO app.tasks VALUES (1, 3, 'new')",
    "insert free task": "INSERT INTO app.tasks VALUES (3, 2, 'new')",
    "move task": "UPDATE app.tasks SET person_id = 2, number = 5 WHERE person_id = 1",
    "change city": "UPDATE app.sites SET city = 'new' WHERE country = 'no' AND code = 1",
}

# Rows that refer to what another step makes: only without foreign keys.
EARLY_STEPS: Mapping[str, Mapping[str, str]] = {
    "blog": {
        "early post": "INSERT INTO app.posts (id, user_id, reviewer_id) VALUES (13, 4, 4)",
        "early comment": "INSERT INTO app.comments VALUES (103, 11, 4, 'early')",
    },
    "office": {
        "insert site": "INSERT INTO app.sites VALUES ('dk', 1, 'Aarhus')",
        "early team": f"INSERT INTO app.teams VALUES ('{_TEAM}5', 'dk', 1, '{_TEAM}4', 'e')",
        "early person": f"INSERT INTO app.people VALUES (5, '{_TEAM}4', 'p5', 4)",
        "early task": "INSERT INTO app.tasks VALUES (4, 1, 'early')",
        "renumber site": "UPDATE app.sites SET code = 7 WHERE country = 'se'",
        "team of renumbered": "UPDATE app.teams SET country = 'se', code = 7 "
        f"WHERE id = '{_TEAM}1'",
    },
}

ROWS: Mapping[str, str] = {"blog": BLOG_ROWS, "office": OFFICE_ROWS}
STEPS: Mapping[str, Mapping[str, str]] = {"blog": BLOG_STEPS, "office": OFFICE_STEPS}


def pairs(case: Case) -> Iterator[tuple[str, str]]:
    """Every ordered pair of different steps that the case's tables allow.

    A second that truncates makes the first's flush wait for it: that schedule does not exist.
    """
    early = {} if "REFERENCES" in case.tables else EARLY_STEPS[case.name]
    steps = {**STEPS[case.name], **early}
    return (
        (first, second) for first in steps for second in steps if second not in (first, "truncate")
    )


@asynccontextmanager
async def connections(url: str, number: int):
    sessions = [await asyncpg.connect(url) for _ in range(number)]
    try:
        yield sessions
    finally:
        for connection in sessions:
            connection.terminate()


async def waits_or_ends(watcher: asyncpg.Connection, pid: int, work: asyncio.Task[object]) -> bool:
    """Return once the work is done or its session waits for a lock; whether it waits."""
    while not work.done():
        if await watcher.fetchval("SELECT cardinality(pg_blocking_pids($1)) > 0", pid):
            return True
        await asyncio.sleep(0.001)
    return False


async def meet(
    watcher: asyncpg.Connection,
    session: asyncpg.Connection,
    two: asyncpg.Connection,
    first: str,
    second: str,
    *,
    early: bool = True,
) -> None:
    """Run the schedule; ``early``: the second does its statement before the first flushes."""
    pid = two.get_server_pid()

    async def follow() -> None:
        await two.execute(second)
        if early:
            await gate.wait()
        await two.execute("COMMIT")

    gate = asyncio.Event()
    await session.execute(f"BEGIN; {first}")
    await two.execute("BEGIN")
    work: asyncio.Task[object] | None = None
    if early:
        work = asyncio.create_task(follow())
        await _statement_done(watcher, pid, work)
    await session.execute(FLUSH)
    gate.set()
    work = work or asyncio.create_task(follow())
    await waits_or_ends(watcher, pid, work)
    await session.execute("COMMIT")
    try:
        await work
    except asyncpg.IntegrityConstraintViolationError:
        await two.execute("ROLLBACK")


async def _statement_done(
    watcher: asyncpg.Connection, pid: int, work: asyncio.Task[object]
) -> None:
    """Wait until the second's statement is done, fails, or waits for the first's row."""
    while not work.done():
        idle = "SELECT state = 'idle in transaction' AND query <> 'BEGIN' FROM pg_stat_activity"
        if await watcher.fetchval(f"{idle} WHERE pid = $1", pid):
            return
        if await watcher.fetchval("SELECT cardinality(pg_blocking_pids($1)) > 0", pid):
            return
        await asyncio.sleep(0.001)


async def wrong_after(
    sessions: list[asyncpg.Connection], case: Case, first: str, second: str, *, early: bool = True
) -> list[str]:
    """Reset the rows, interleave two steps, and list the wrong documents."""
    watcher, session, two = sessions
    steps = {**STEPS[case.name], **EARLY_STEPS[case.name]}
    await watcher.execute(ROWS[case.name])
    await meet(watcher, session, two, steps[first], steps[second], early=early)
    return await differences(watcher, case)
