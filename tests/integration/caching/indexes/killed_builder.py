"""Program that applies or advances a rolling index, and is killed at random.

Started with an address, whose table of posts is there. Every other time PostgreSQL's side of what
it did is ended too, as a crash would. After each death it says how many of the index's slots exist,
how many indexes are not whole, and whether the same posts are found as without any index; the next
process cleans up. At the end it says how many are left that are not whole, and whether a plan is
empty.
"""

import asyncio
import os
import random
import signal
import sys
import threading
import time
from typing import Any

from fraiseql import Gin, Index, RollingIndex
from tests.integration.caching.ddl.env import applied, planned, sql
from tests.integration.caching.indexes.posts import post, posts_served
from tests.integration.caching.indexes.rolling import index_definitions, turns

ROLLING = RollingIndex("-created_at", window="30 days", step="60 ms")
OTHERS = (Index("id", where={"active": True}), Gin("data"))
END = """SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE datname = current_database() AND state = 'active' AND query LIKE '%INDEX CONCURRENTLY%'
  AND pid <> pg_backend_pid()"""
QUERY = """query ($w: PostWhere) {
  posts(where: $w, orderBy: [{createdAt: DESC}], limit: 1000) { id } }"""


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def survive(work: Any, delay: float) -> bool:
    """Do a piece of work in a child that is killed after some seconds; whether it came through."""
    child = os.fork()
    if child == 0:
        threading.Timer(delay, die).start()
        try:
            asyncio.run(work())
        finally:
            os._exit(0)
    return os.waitpid(child, 0)[1] == 0


def lasting(work: Any) -> float:
    """Return the seconds that a piece of work takes which nobody kills, on this machine."""
    begun = time.monotonic()
    assert survive(work, 600)
    return time.monotonic() - begun


def changes(url: str, what: str, alive: bool, oracle: list[Any], running: Any) -> None:
    if random.random() < 0.5:
        asyncio.run(sql(url, END))
    rows = asyncio.run(index_definitions(url))
    rolling = [row for row in rows if row["name"].endswith(("_a", "_b"))]
    running.run(running.service.republish())
    same = answers(running) == oracle
    broken = sum(not row["valid"] for row in rows)
    print(what, "alive" if alive else "killed", len(rolling), broken, same, flush=True)


def answers(running: Any) -> list[Any]:
    """What is found around the cut-off, which lies between whole hours."""
    variables = [{"createdAt": {"gt": moment}} for moment in MOMENTS]
    variables += [{"active": {"eq": True}}, {"slug": {"eq": "slug-7"}}]
    return [running.data(QUERY, {"w": where}) for where in variables]


MOMENTS = [
    time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - 86_400 * days))
    for days in (10, 29.99, 30, 30.01, 31)
]


def main(url: str) -> None:
    chance = random.Random(11)
    random.seed(11)
    with posts_served(url) as without:
        oracle = answers(without)
    posts_type = post(ROLLING, *OTHERS)
    with posts_served(url, ROLLING, *OTHERS, apply=False) as running:
        whole = lasting(lambda: applied(url, posts_type))
        for _ in range(8):
            asyncio.run(applied(url, post()))
            alive = survive(lambda: applied(url, posts_type), whole * chance.uniform(0.1, 1))
            changes(url, "apply", alive, oracle, running)
        asyncio.run(applied(url, posts_type))
        whole = lasting(lambda: turns(url, posts_type, 1))
        for _ in range(20):
            alive = survive(lambda: turns(url, posts_type, 1_000), whole * chance.uniform(0.4, 2))
            changes(url, "worker", alive, oracle, running)
    asyncio.run(turns(url, posts_type, 2))
    left = [row for row in asyncio.run(index_definitions(url)) if not row["valid"]]
    print("left", len(left), asyncio.run(planned(url, posts_type)).empty)


if __name__ == "__main__":
    main(sys.argv[1])
