"""Killed: who fills, and PostgreSQL itself, at random points; no hit is wrong afterwards."""

import asyncio
import random
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import asyncpg
import pytest

from fraiseql.caching.results.stores.transient_errors import LOST
from fraiseql.database.embedded import EmbeddedServer
from fraiseql.errors import FraiseQLError
from tests.architecture.source_tree import ROOT
from tests.failure.crashing import GONE, Crashing
from tests.integration.caching.results.oracle.cases import BLOG
from tests.integration.caching.results.oracle.env import KINDS, Kind, opened, reset_database
from tests.integration.caching.results.oracle.reader import looker
from tests.integration.caching.results.oracle.writer import write

KILLS = 4


@asynccontextmanager
async def filling(
    url: str, kind: Kind, redis_url: str
) -> AsyncIterator[asyncio.subprocess.Process]:
    """A process that fills; it is killed in the end at the latest."""
    program = "tests.integration.caching.results.killed.filling_program"
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", program, url, kind, redis_url),
        cwd=ROOT,
        stdout=subprocess.PIPE,
    )
    try:
        assert process.stdout is not None
        assert await asyncio.wait_for(process.stdout.readline(), 60) == b"begun\n"
        yield process
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()


async def hits_compared(url: str, kind: Kind, redis_url: str, *, fill: bool = False) -> int:
    """Compare every entry that is given; with ``fill`` each must be given again."""
    hits = 0
    async with opened(url, BLOG, kind, redis_url) as env, looker(env) as looking:
        for question in BLOG.questions:
            if fill:
                for _ in range(2):
                    await env.fill(question)
            hit, live = await looking.look(question)
            hits += hit.reason == "hit"
            assert hit.reason != "hit" or hit.hit.value == live.encode(), question.text
            assert not fill or hit.reason == "hit", f"{question.text}: {hit.reason}"
    return hits


@pytest.mark.parametrize("kind", KINDS)
async def test_who_fills_is_killed(database: str, redis_url: str, kind: Kind) -> None:
    await reset_database(database, BLOG)
    stop = asyncio.Event()
    async with (
        filling(database, kind, redis_url) as program,
        filling(database, kind, redis_url) as two,
    ):
        seed = random.randrange(10**6)
        writing = asyncio.create_task(write(database, BLOG, seed, stop.is_set))
        try:
            for process in (program, two):
                await asyncio.sleep(random.uniform(0.05, 0.4))
                process.send_signal(signal.SIGKILL)
                await hits_compared(database, kind, redis_url)
        finally:
            stop.set()
            await writing
    assert await hits_compared(database, kind, redis_url, fill=True) == len(BLOG.questions)


@pytest.fixture
async def own(
    server: EmbeddedServer, server_directories: Callable[[str], Path]
) -> AsyncIterator[Crashing]:
    crashing = Crashing(server.binaries, server_directories("killed"))
    await crashing.prepare()
    yield crashing
    await crashing.stop()


async def fill_until_gone(url: str, kind: Kind, redis_url: str) -> None:
    with suppress(FraiseQLError, *GONE):
        async with opened(url, BLOG, kind, redis_url) as env:
            outcome = ""
            while outcome != LOST:
                outcome = await env.fill(random.choice(BLOG.questions))


async def write_until_gone(url: str, seed: int) -> None:
    """Write without waiting for the disk: what had committed may be lost in the crash."""
    with suppress(asyncpg.PostgresError, *GONE):
        await write(f"{url}&options=-csynchronous_commit%3Doff", BLOG, seed, lambda: False)


async def test_the_server_is_killed_while_all_is_filled(own: Crashing, redis_url: str) -> None:
    """Unlogged entries are gone; logged ones are true; of Redis none from before is given."""
    await reset_database(own.url, BLOG)
    survived = {}
    for number in range(KILLS):
        work = [
            *(asyncio.create_task(fill_until_gone(own.url, kind, redis_url)) for kind in KINDS),
            asyncio.create_task(write_until_gone(own.url, random.randrange(10**6))),
        ]
        await asyncio.sleep(random.uniform(0.6, 1.0))
        await own.crash(signal.SIGKILL if number % 2 else signal.SIGQUIT)
        done, pending = await asyncio.wait(work, timeout=30)
        assert not pending
        assert [task.exception() for task in done if task.exception()] == []
        for kind in KINDS:
            survived[kind] = await hits_compared(own.url, kind, redis_url)
        assert survived["unlogged"] == survived["redis"] == 0
    for kind in KINDS:
        actual = await hits_compared(own.url, kind, redis_url, fill=True)
        assert actual == len(BLOG.questions)


def test_no_entry_of_a_dump_is_returned(
    server: EmbeddedServer, database: str, redis_url: str, tmp_path: Path
) -> None:
    """The copy has the same entries and another history: none of them is given there."""
    asyncio.run(_dumped(server, database, redis_url, tmp_path))


async def _dumped(server: EmbeddedServer, database: str, redis_url: str, folder: Path) -> None:
    await reset_database(database, BLOG)
    count = len(BLOG.questions)
    assert await hits_compared(database, "logged", redis_url, fill=True) == count
    file = str(folder / "dump.sql")
    await _run(server.binaries / "pg_dump", "-f", file, "-d", database)
    connection = await asyncpg.connect(server.url)
    try:
        await connection.execute("CREATE DATABASE copy_of_results")
        copy = server.url_for("copy_of_results")
        await _run(server.binaries / "psql", "-X", "-q", "-d", copy, "-f", file)
        inside = await asyncpg.connect(copy)
        query = "SELECT count(*) FROM fraiseql.results_l0"
        assert await inside.fetchval(query) >= count
        await inside.execute("INSERT INTO app.users VALUES (1, 'of the copy')")
        await inside.close()
        assert await hits_compared(copy, "logged", redis_url) == 0
        assert await hits_compared(copy, "logged", redis_url, fill=True) == count
    finally:
        await connection.execute("DROP DATABASE IF EXISTS copy_of_results WITH (FORCE)")
        await connection.close()


async def _run(*words: object) -> None:
    process = await asyncio.create_subprocess_exec(*map(str, words), stdout=subprocess.DEVNULL)
    assert await process.wait() == 0
