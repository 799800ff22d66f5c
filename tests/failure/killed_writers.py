"""Killed writers: processes that write and are ended with SIGKILL, in the middle of anything.

Started with an address and a number of kills. Two processes with two writers each write at any
time; each kill is followed by a comparison while the other goes on. Prints a line for each kill.
"""

import asyncio
import os
import random
import signal
import sys
import time

import asyncpg

from tests.integration.caching.projection.installation import differences, fresh
from tests.integration.caching.projection.schemas import OFFICE
from tests.integration.caching.projection.writers import storm


def writing(url: str) -> int:
    """Fork a process that writes until it is killed."""
    seed = random.randrange(10**6)
    child = os.fork()
    if child == 0:
        try:
            asyncio.run(storm(url, OFFICE, writers=2, seconds=60, seed=seed))
        finally:
            os._exit(1)
    return child


async def make_tables(url: str) -> None:
    connection = await asyncpg.connect(url)
    await fresh(connection, OFFICE)
    await connection.close()


async def verdict(url: str) -> str:
    connection = await asyncpg.connect(url)
    wrong = await differences(connection, OFFICE)
    await connection.close()
    return str(wrong) if wrong else "right"


async def transactions(url: str) -> int:
    """Wait until the last backend of a killed client has ended; count the commits."""
    connection = await asyncpg.connect(url)
    here = "datname = current_database()"
    others = f"SELECT count(*) FROM pg_stat_activity WHERE {here} AND pid <> pg_backend_pid() "
    others += "AND backend_type = 'client backend'"
    left = 1
    while left:
        left = await connection.fetchval(others)
        await asyncio.sleep(0.01)
    commits = f"SELECT xact_commit FROM pg_stat_database WHERE {here}"
    return int(await connection.fetchval(commits))


def main(url: str, kills: int) -> None:
    asyncio.run(make_tables(url))
    alive = [writing(url), writing(url)]
    for _ in range(kills):
        time.sleep(random.uniform(0.03, 0.15))
        child = alive.pop(random.randrange(2))
        os.kill(child, signal.SIGKILL)
        ended = os.waitpid(child, 0)[1]
        alive.append(writing(url))
        word = "killed" if os.WIFSIGNALED(ended) else "ended"
        print(f"{word}, {asyncio.run(verdict(url))}", flush=True)
    for child in alive:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    number = asyncio.run(transactions(url))
    print(f"all gone, {asyncio.run(verdict(url))}, transactions: {number}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
