"""Storms of random writers on fresh tables, drawn from a seed."""

import asyncio
import random
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Literal

import asyncpg

from tests.integration.caching.projection.installation import (
    Change,
    as_written,
    compared,
    fresh,
    repair,
)
from tests.integration.caching.projection.schemas import Case
from tests.integration.caching.projection.writers import Journal, storm

_LINES = 50_000


@dataclass(slots=True)
class Watched:
    """Comparisons made during a storm, and their errors."""

    documents: int = 0
    comparisons: int = 0
    wrong: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Round:
    """A storm: on which tables, in which mode, for how long.

    ``lock_limit`` comes from the seed: 2 makes most flushes lock whole edges, 250 none.
    """

    case: Case
    mode: Literal["commit", "statement"]
    seed: int
    seconds: float
    writers: int = 4

    @property
    def chosen(self) -> Case:
        limit = random.Random(self.seed).choice([2, 250])
        specs = (replace(spec, mode=self.mode, lock_limit=limit) for spec in self.case.specs)
        return replace(self.case, specs=tuple(specs))


@dataclass(frozen=True, slots=True)
class Result:
    """Outcomes of transactions, comparisons, and the last statements."""

    ends: Counter[str]
    watched: Watched
    journal: Journal


async def watch(url: str, case: Case, watched: Watched, done: Callable[[], bool]) -> None:
    """Compare again and again, each time in one snapshot, and once more when all is done."""
    connection = await asyncpg.connect(url)
    try:
        last = False
        while not last and not watched.wrong:
            last = done()
            try:
                await _look(connection, case, watched)
            except asyncpg.DeadlockDetectedError:
                # A TRUNCATE of several tables and a comparison wait for each other: again.
                last = False
            await asyncio.sleep(0 if last else 0.02)
    finally:
        await connection.close()


async def _look(connection: asyncpg.Connection, case: Case, watched: Watched) -> None:
    actual = await compared(connection, case)
    watched.comparisons += 1
    watched.documents += actual.documents
    watched.wrong += actual.wrong
    if watched.comparisons % 10 == 0 and not watched.wrong:
        mended = [await connection.fetchval(repair(spec)) for spec in case.specs]
        watched.wrong += [f"repair mended {number}" for number in mended if number]


async def run_round(url: str, chosen: Round, change: Change = as_written) -> Result:
    """Recreate the tables and run the round's storm."""
    case = chosen.chosen
    connection = await asyncpg.connect(url)
    try:
        await fresh(connection, case, change)
    finally:
        await connection.close()
    journal: Journal = deque(maxlen=_LINES)
    watched = Watched()
    writing = asyncio.create_task(
        storm(
            url,
            case,
            writers=chosen.writers,
            seconds=chosen.seconds,
            seed=chosen.seed,
            journal=journal,
            enough=lambda: bool(watched.wrong),
        )
    )
    await watch(url, case, watched, writing.done)
    return Result(await writing, watched, journal)
