"""Program that is killed during apply at each point in turn, and applies again.

Arguments are the directory of PostgreSQL's programs and an address. For each event that ``apply``
reports, a child process is ended with SIGKILL as the event begins, or a moment into it; the parent
then applies to the end. It prints a line for each trial: whether the child was killed, and whether
the schema equals that of an undisturbed apply.
"""

import asyncio
import os
import signal
import sys
import threading
from pathlib import Path

from fraiseql.caching.objects import DatabaseObject
from tests.integration.caching.ddl.env import QUICK, created, dump, emptied, sql

OBJECTS = [
    DatabaseObject(
        "table",
        "fraiseql.copies",
        ("CREATE TABLE fraiseql.copies (id int PRIMARY KEY, name text)",),
        ("DROP TABLE fraiseql.copies",),
    ),
    DatabaseObject(
        "data",
        "fraiseql.copies",
        (
            (
                "INSERT INTO fraiseql.copies SELECT id, name FROM public.tb_user"
                " ON CONFLICT DO NOTHING"
            ),
            "SELECT pg_sleep(0.05)",
        ),
        needs=("fraiseql.copies",),
    ),
    DatabaseObject(
        "function",
        "fraiseql.twice(int)",
        ("CREATE OR REPLACE FUNCTION fraiseql.twice(int) RETURNS int LANGUAGE sql RETURN 2 * $1",),
        ("DROP FUNCTION IF EXISTS fraiseql.twice(int)",),
        replaces=True,
    ),
    DatabaseObject(
        "index",
        "public.tb_user_name",
        ("CREATE INDEX CONCURRENTLY tb_user_name ON public.tb_user (name)",),
        ("DROP INDEX CONCURRENTLY IF EXISTS public.tb_user_name",),
        transactional=False,
    ),
    DatabaseObject(
        "view",
        "public.v_copy",
        ("CREATE VIEW public.v_copy AS SELECT id, fraiseql.twice(id) AS n FROM fraiseql.copies",),
        ("DROP VIEW public.v_copy",),
        needs=("fraiseql.copies", "fraiseql.twice(int)"),
    ),
]
CHANGED = [
    *OBJECTS[1:3],
    DatabaseObject(
        "table",
        "fraiseql.copies",
        ("CREATE TABLE fraiseql.copies (id int PRIMARY KEY, name text, more text)",),
        ("DROP TABLE fraiseql.copies",),
    ),
    DatabaseObject(
        "index",
        "public.tb_user_name",
        ("CREATE INDEX CONCURRENTLY tb_user_name ON public.tb_user (name, id)",),
        ("DROP INDEX CONCURRENTLY IF EXISTS public.tb_user_name",),
        transactional=False,
    ),
    OBJECTS[4],
]


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


class Doom:
    """Ends the process when the event of a number comes, at once or a moment later."""

    def __init__(self, number: int, delay: float) -> None:
        self.left = number
        self.delay = delay

    def __call__(self, event: str) -> None:
        self.left -= 1
        if self.left == 0 and not self.delay:
            die()
        if self.left == 0:
            threading.Timer(self.delay, die).start()


def survive(url: str, objects: list[DatabaseObject], number: int, delay: float) -> bool:
    """Apply in a child that is killed; return whether it was alive to the end."""
    child = os.fork()
    if child == 0:
        doom = Doom(number, delay)
        try:
            asyncio.run(created(url, objects, watch=doom))
        finally:
            os._exit(0 if doom.left > 0 else 9)
    return os.waitpid(child, 0)[1] == 0


def trial(url: str, stages: list[list[DatabaseObject]], number: int, delay: float) -> bool:
    asyncio.run(emptied(url))
    for stage in stages[:-1]:
        asyncio.run(created(url, stage))
    alive = survive(url, stages[-1], number, delay)
    asyncio.run(created(url, stages[-1], patience=QUICK))
    (row,) = asyncio.run(sql(url, "SELECT count(*) FROM fraiseql.copies"))
    assert row[0] == 50, row
    rest = asyncio.run(created(url, stages[-1]))
    assert rest.empty, rest
    return alive


def main(binaries: Path, url: str) -> None:
    for stages in ([OBJECTS], [OBJECTS, CHANGED]):
        trial(url, stages, 10_000, 0.0)
        undisturbed = dump(binaries, url)
        for delay in (0.0, 0.01):
            number, alive = 1, False
            while not alive:
                alive = trial(url, stages, number, delay)
                same = dump(binaries, url) == undisturbed
                print("killed" if not alive else "alive", number, delay, same, flush=True)
                number += 1 if not delay else 9


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
