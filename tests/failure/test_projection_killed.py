"""Killed: writers, server and builder at random points; then nothing is wrong, and all go on."""

import asyncio
import random
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import asyncpg
import pytest

from fraiseql.caching.strategies.projection import projection_objects
from fraiseql.database.embedded import EmbeddedServer
from tests.architecture.source_tree import ROOT
from tests.failure.crashing import GONE, Crashing, Writers
from tests.integration.caching.projection.installation import compared, differences, fresh, install
from tests.integration.caching.projection.interleavings import BLOG_ROWS, BLOG_STEPS, FLUSH
from tests.integration.caching.projection.schemas import BLOG, OFFICE, Case

KILLS = 10
"""Of each kind on each of the two servers."""


def case_with_acks(case: Case) -> Case:
    acks = "CREATE TABLE app.acks (writer int PRIMARY KEY, n int) WITH (fillfactor = 50);"
    return replace(case, tables=f"{case.tables} {acks}")


@pytest.fixture(scope="module")
def seed() -> int:
    created = random.randrange(10**9)
    print(f"seed {created}")
    random.seed(created)
    return created


@pytest.fixture(scope="module")
def directory(server_kind: str, server_directories: Callable[[str], Path]) -> Path:
    return server_directories(f"killed-{server_kind}")


@pytest.fixture
async def own(server: EmbeddedServer, directory: Path) -> AsyncIterator[Crashing]:
    crashing = Crashing(server.binaries, directory)
    await crashing.prepare()
    yield crashing
    await crashing.stop()


async def left_in_queues(connection: asyncpg.Connection, case: Case) -> int:
    """Count the queue after a crash or an end: it must be empty, also if UNLOGGED."""
    names = ["fraiseql.flush"]
    names += [f'fraiseql."{spec.name}_queue"' for spec in case.specs]
    return sum([await connection.fetchval(f"SELECT count(*) FROM {name}") for name in names])


async def kill(own: Crashing, writers: Writers, how: str) -> None:
    if how == "backend":
        pid = random.choice(writers.connections).get_server_pid()
        await own.lose_backend(pid)
    else:
        await own.crash(signal.SIGKILL if how == "server" else signal.SIGQUIT)


@pytest.mark.parametrize("how", ["server", "backend", "immediate stop"])
async def test_the_server_is_killed_under_writers(own: Crashing, seed: int, how: str) -> None:
    case = case_with_acks(OFFICE if how == "backend" else BLOG)
    connection = await own.connect()
    await fresh(connection, case)
    writers, documents = Writers(case, 4), 0
    for _ in range(KILLS):
        await writers.connect(own.url)
        await asyncio.sleep(random.uniform(0.02, 0.25))
        # On a machine that is busy the time alone is too short for any to leave a document.
        await writers.some(60)
        await kill(own, writers, how)
        await writers.ended()
        connection = await own.connect()
        differences = await compared(connection, case)
        assert differences.wrong == [], f"seed {seed}"
        documents += differences.documents
        assert await writers.lost(connection) == []
        assert await left_in_queues(connection, case) == 0
    assert documents > KILLS
    assert writers.transactions > KILLS


def test_writers_are_killed(database: str) -> None:
    program = "tests.failure.killed_writers"
    done = subprocess.run(
        [sys.executable, "-m", program, database, "20"],
        cwd=ROOT,
        check=False,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    kills = done.stdout.split("\n")
    assert kills.count("killed, right") == 20
    assert kills[-2].startswith("all gone, right, transactions: ")


async def building(url: str, case: Case, begin: str) -> None:
    """Build the projections; stop when the server is gone, also while the builder connects."""
    data = [each for spec in case.specs for each in projection_objects(spec) if each.kind == "data"]
    statements = [text for each in data if each.name.startswith(begin) for text in each.create]
    with suppress(*GONE):
        connection = await asyncpg.connect(url)
        try:
            await executed(connection, statements)
        finally:
            connection.terminate()


async def executed(connection: asyncpg.Connection, statements: list[str]) -> None:
    """Execute statements in order, each until no writer's lock stops it."""
    while statements:
        try:
            await connection.execute(statements[0])
            del statements[0]
        except asyncpg.DeadlockDetectedError:
            # A writer's TRUNCATE held a table, and waited for a group of the builder's.
            await asyncio.sleep(0.01)


ROWS = 500


async def progress(own: Crashing, case: Case, work: asyncio.Task[None], documents: int) -> None:
    """Wait until so many documents are built."""
    connection = await own.connect()
    built = f"SELECT count(*) >= $1 FROM {case.specs[0].table.sql}"
    while not work.done() and not await connection.fetchval(built, documents):
        pass


async def test_the_server_is_killed_under_a_builder(own: Crashing, seed: int) -> None:
    case = case_with_acks(BLOG)
    case = replace(case, specs=tuple(replace(spec, lock_limit=20) for spec in case.specs))
    writers, broken_off = Writers(case, 2), 0
    for _ in range(KILLS):
        connection = await own.connect()
        await connection.execute("DROP SCHEMA IF EXISTS app, fraiseql CASCADE")
        await connection.execute(case.tables)
        many = f"generate_series(1, {ROWS}) i"
        await connection.execute(f"INSERT INTO app.users SELECT i, 'u' FROM {many}")
        await connection.execute(f"INSERT INTO app.posts SELECT i, i, i, 'p' FROM {many}")
        await install(connection, case.specs, build=False)
        writers.confirmed.clear()
        await writers.connect(own.url)
        work = asyncio.create_task(building(own.url, case, ""))
        await progress(own, case, work, random.randrange(ROWS))
        await own.crash(signal.SIGKILL)
        await asyncio.gather(work, writers.ended())
        connection = await own.connect()
        documents = await connection.fetchval(f"SELECT count(*) FROM {case.specs[0].table.sql}")
        broken_off += 0 < documents < ROWS * 0.9
        # Two at once: the client of the first may be gone while its statement still runs.
        await asyncio.gather(*(building(own.url, case, "rows of") for _ in range(2)))
        assert await differences(connection, case) == [], f"seed {seed}"
        assert await writers.lost(connection) == []
    assert broken_off > KILLS // 3


async def test_a_prepared_transaction_lasts_through_a_crash(own: Crashing) -> None:
    """It flushed when it was prepared; its locks are in its file, and are taken again."""
    connection = await own.connect()
    await fresh(connection, BLOG)
    await connection.execute(BLOG_ROWS)
    await connection.execute("BEGIN")
    await connection.execute(BLOG_STEPS["rename author"])
    await connection.execute(BLOG_STEPS["insert comment"])
    assert await left_in_queues(connection, BLOG) > 0
    await connection.execute("PREPARE TRANSACTION 'prepared'")
    assert await left_in_queues(connection, BLOG) == 0
    await own.crash(signal.SIGKILL)
    connection = await own.connect()
    await connection.execute("SET lock_timeout = '100ms'")
    assert await differences(connection, BLOG) == []
    # A new reference to the renamed author: no row of it is locked, only the edge's group.
    refer = "INSERT INTO app.posts (id, user_id, reviewer_id) VALUES (40, 3, 2)"
    for meeting in (refer, BLOG_STEPS["insert other comment"]):
        with pytest.raises(asyncpg.LockNotAvailableError):
            await connection.execute(meeting)
    await connection.execute("COMMIT PREPARED 'prepared'")
    for meeting in (refer, BLOG_STEPS["insert other comment"]):
        await connection.execute(meeting)
    assert await differences(connection, BLOG) == []
    assert await left_in_queues(connection, BLOG) == 0


@pytest.mark.parametrize("end", ["COMMIT", "ROLLBACK"])
async def test_the_server_is_killed_under_prepared_transactions(
    own: Crashing, seed: int, end: str
) -> None:
    connection = await own.connect()
    await fresh(connection, BLOG)
    await connection.execute(BLOG_ROWS)
    steps = list(BLOG_STEPS)
    for _ in range(KILLS // 2):
        for number, step in enumerate(random.sample(steps, 3)):
            await connection.execute("SET lock_timeout = '50ms'; BEGIN")
            try:
                await connection.execute(BLOG_STEPS[step])
                await connection.execute(random.choice([FLUSH, "SELECT 1"]))
                await connection.execute(f"PREPARE TRANSACTION 'p{number}'")
            except (asyncpg.LockNotAvailableError, asyncpg.IntegrityConstraintViolationError):
                await connection.execute("ROLLBACK")
        await own.crash(random.choice([signal.SIGKILL, signal.SIGQUIT]))
        connection = await own.connect()
        assert await differences_unlocked(connection) == [], f"seed {seed}"
        for row in await connection.fetch("SELECT gid FROM pg_prepared_xacts"):
            await connection.execute(f"{end} PREPARED '{row['gid']}'")
        assert await differences(connection, BLOG) == [], f"seed {seed}"
        assert await left_in_queues(connection, BLOG) == 0


async def differences_unlocked(connection: asyncpg.Connection) -> list[str]:
    """Compare, unless a prepared TRUNCATE holds a table alone."""
    await connection.execute("SET lock_timeout = '50ms'")
    try:
        return await differences(connection, BLOG)
    except asyncpg.LockNotAvailableError:
        return []
    finally:
        await connection.execute("RESET lock_timeout")
