"""Program that kills an apply of a projection at every step, and applies again.

Started with the directory of PostgreSQL's programs and an address. A child process is ended with
SIGKILL as an event of ``apply`` begins, or a moment into it. Then somebody writes, what is
published is compared, and the parent applies to the end. Prints a line for each trial: whether it
was killed, whether what could be read meanwhile was true, and whether the outcome is that of an
apply that nobody disturbed.
"""

import asyncio
import os
import sys
from pathlib import Path

from tests.integration.caching.ddl.env import QUICK, applied, dump, planned, sql
from tests.integration.caching.ddl.killed_program import Doom
from tests.integration.caching.projection.declared import alone, drift, published_of, reset_database

TABLES = """
CREATE TABLE tb_person (id int PRIMARY KEY, name text, boss_id int REFERENCES tb_person);
INSERT INTO tb_person SELECT n, 'person ' || n, nullif(n / 3, 0) FROM generate_series(1, 700) n;
"""
SELF, LONGER = alone(), alone(longer=True)
_WRITE = "UPDATE tb_person SET boss_id = id - 1, name = name || '!' WHERE id % 50 = 7"


def survive(url: str, type_: type, number: int, delay: float) -> bool:
    """Apply in a child that is killed; return whether it was alive to the end."""
    child = os.fork()
    if child == 0:
        doom = Doom(number, delay)
        try:
            asyncio.run(applied(url, type_, watch=doom))
        finally:
            os._exit(0 if doom.left > 0 else 9)
    return os.waitpid(child, 0)[1] == 0


async def right_during(url: str, types: list[type]) -> bool:
    """Write, and return whether readers see correct documents and complete projections remain."""
    await sql(url, _WRITE)
    for type_ in types:
        if (await published_of(url, type_))["Alone"] is not None and await drift(url, type_):
            return False
    if len(types) == 1:
        return True
    return len(await sql(url, "SELECT FROM tv_person")) == 700


async def ended(url: str, type_: type) -> bool:
    """Apply to the end, and return whether the result is correct."""
    await applied(url, type_, patience=QUICK)
    whole = (await published_of(url, type_))["Alone"] is not None
    return whole and (await planned(url, type_)).empty and await drift(url, type_) == 0


def trial(url: str, types: list[type], number: int, delay: float) -> tuple[bool, bool]:
    asyncio.run(reset_database(url, TABLES))
    for type_ in types[:-1]:
        asyncio.run(applied(url, type_))
    alive = survive(url, types[-1], number, delay)
    right = asyncio.run(right_during(url, types))
    return alive, right and asyncio.run(ended(url, types[-1]))


def main(binaries: Path, url: str) -> None:
    for types, pace in (([SELF], 11), ([SELF, LONGER], 23)):
        trial(url, types, 10_000, 0.0)
        undisturbed = dump(binaries, url)
        for delay, step in ((0.0, pace), (0.01, 5 * pace)):
            number, alive = 2, False
            while not alive:
                alive, right = trial(url, types, number, delay)
                same = dump(binaries, url) == undisturbed
                print("killed" if not alive else "alive", number, delay, right, same, flush=True)
                number += step


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
