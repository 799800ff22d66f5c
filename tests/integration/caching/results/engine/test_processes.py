"""Processes: real ones, each with many callers of one key; one of them killed."""

import asyncio
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import asyncpg
import pytest

from tests.architecture.source_tree import ROOT

PROGRAM = "tests.integration.caching.results.engine.computing"
COMPUTATIONS = "SELECT count(*) FROM computations"


@pytest.fixture
async def counted(admin: asyncpg.Connection) -> asyncpg.Connection:
    await admin.execute("DROP TABLE IF EXISTS computations; CREATE TABLE computations (n serial)")
    return admin


@asynccontextmanager
async def process(url: str, callers: int, seconds: float) -> AsyncIterator[Process]:
    """Start one that waits for a line before it asks."""
    command = ("-m", PROGRAM, url, str(callers), str(seconds))
    started = await asyncio.create_subprocess_exec(
        sys.executable, *command, stdin=PIPE, stdout=PIPE, cwd=ROOT
    )
    try:
        assert await line(started) == "ready"
        yield started
    finally:
        if started.returncode is None:
            started.kill()
        await started.wait()


async def line(started: Process) -> str:
    """Return the next line that it says."""
    assert started.stdout is not None
    said = await asyncio.wait_for(started.stdout.readline(), 30)
    return said.decode().strip()


def go(started: Process) -> None:
    """Let it ask."""
    assert started.stdin is not None
    started.stdin.write(b"\n")


async def test_three_processes_with_a_hundred_callers_each_compute_once(
    env: str, counted: asyncpg.Connection
) -> None:
    async with AsyncExitStack() as stack:
        opened = [process(env, 100, 0.3) for _ in range(3)]
        all_three = [await stack.enter_async_context(item) for item in opened]
        for each in all_three:
            go(each)
        said = []
        for each in all_three:
            first = await line(each)
            said.append(await line(each) if first == "computing" else first)
    assert said == ["answered 100 1"] * 3
    assert await counted.fetchval(COMPUTATIONS) == 1


async def test_one_that_is_killed_while_it_computes_is_replaced(
    env: str, counted: asyncpg.Connection
) -> None:
    async with process(env, 10, 60) as winner, process(env, 100, 0.1) as heir:
        go(winner)
        assert await line(winner) == "computing"
        go(heir)
        await asyncio.sleep(0.2)
        assert await counted.fetchval(COMPUTATIONS) == 1
        winner.kill()
        clock = asyncio.get_running_loop().time
        killed = clock()
        assert await line(heir) == "computing"
        assert clock() - killed < 5
        assert await line(heir) == "answered 100 1"
    assert await counted.fetchval(COMPUTATIONS) == 2
