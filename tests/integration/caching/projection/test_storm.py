"""Storm: random concurrent transactions; what is kept is right at every moment and in the end.

The eight storms of a run last sixty seconds together: two schemas, two modes, two servers. An hour
of them: ``make soak``.
"""

import random
from typing import Literal

import pytest

from tests.integration.caching.projection.mutants import without
from tests.integration.caching.projection.rounds import Round, run_round
from tests.integration.caching.projection.schemas import BLOG, OFFICE, Case

SECONDS = 7.5


@pytest.mark.parametrize("mode", ["commit", "statement"])
@pytest.mark.parametrize("case", [BLOG, OFFICE], ids=lambda case: case.name)
async def test_nothing_is_ever_wrong(
    database: str, case: Case, mode: Literal["commit", "statement"]
) -> None:
    seed = random.randrange(10**6)
    result = await run_round(database, Round(case, mode, seed, SECONDS))
    assert result.watched.wrong == [], f"seed {seed}"
    assert result.watched.comparisons > SECONDS
    assert result.ends["committed"] > 5 * SECONDS
    assert result.ends["level refused"] > 0


async def test_a_storm_finds_what_a_missing_lock_does(database: str) -> None:
    """The same comparison does find wrong documents where there are some."""
    for seed in range(10):
        found = await run_round(
            database, Round(BLOG, "commit", seed, 1.5), without("lock documents")
        )
        if found.watched.wrong:
            break
    assert found.watched.wrong != []
