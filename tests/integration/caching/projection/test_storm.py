"""Storm: random concurrent transactions; what is kept is right at every moment and in the end.

``FRAISEQL_SOAK`` gives the seconds that each storm lasts instead of two.
"""

import asyncio
import os
import random
from collections.abc import Callable
from dataclasses import replace
from typing import Literal

import asyncpg
import pytest

from tests.integration.caching.projection.keeping import differences, fresh
from tests.integration.caching.projection.mutants import Change, without
from tests.integration.caching.projection.schemas import BLOG, OFFICE, Case
from tests.integration.caching.projection.writers import storm

SECONDS = float(os.environ.get("FRAISEQL_SOAK") or 2)


def in_mode(case: Case, mode: Literal["commit", "statement"]) -> Case:
    return replace(case, specs=tuple(replace(spec, mode=mode) for spec in case.specs))


async def watch(url: str, case: Case, done: Callable[[], bool]) -> list[str]:
    """Compare again and again, each time in one snapshot, while writers write."""
    connection = await asyncpg.connect(url)
    try:
        while not done():
            if wrong := await differences(connection, case):
                return wrong
            await asyncio.sleep(0.02)
    finally:
        await connection.close()
    return []


@pytest.mark.parametrize("mode", ["commit", "statement"])
@pytest.mark.parametrize("case", [BLOG, OFFICE], ids=lambda case: case.name)
async def test_nothing_is_ever_wrong(
    connection: asyncpg.Connection, database: str, case: Case, mode: Literal["commit", "statement"]
) -> None:
    seed = random.randrange(10**6)
    chosen = in_mode(case, mode)
    await fresh(connection, chosen)
    writing = asyncio.create_task(storm(database, chosen, writers=4, seconds=SECONDS, seed=seed))
    wrong = await watch(database, chosen, writing.done)
    ends = await writing
    assert wrong == [], f"seed {seed}"
    assert await differences(connection, chosen) == [], f"seed {seed}"
    assert ends["committed"] > 5 * SECONDS


async def test_a_storm_finds_what_a_missing_lock_does(
    connection: asyncpg.Connection, database: str
) -> None:
    """The same comparison does find wrong documents where there are some."""
    change: Change = without("lock documents")
    for seed in range(10):
        await fresh(connection, BLOG, change)
        writing = asyncio.create_task(storm(database, BLOG, writers=4, seconds=1.5, seed=seed))
        wrong = await watch(database, BLOG, writing.done)
        await writing
        if wrong:
            break
    assert wrong != []
