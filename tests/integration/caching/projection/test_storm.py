"""Random concurrent transactions: documents are right at every moment.

The twelve storms of a run last ninety seconds together: three schemas, two modes, two servers. An
hour of them: ``make soak``.
"""

import random
from pathlib import Path
from typing import Literal

import pytest

from tests.integration.caching.projection.partitioned import PARTED
from tests.integration.caching.projection.rounds import Round, run_round
from tests.integration.caching.projection.schemas import BLOG, OFFICE, Case
from tests.soak import options, soak

SECONDS = 7.5


@pytest.mark.parametrize("mode", ["commit", "statement"])
@pytest.mark.parametrize("case", [BLOG, OFFICE, PARTED], ids=lambda case: case.name)
async def test_nothing_is_ever_wrong(
    database: str, case: Case, mode: Literal["commit", "statement"]
) -> None:
    seed = random.randrange(10**6)
    result = await run_round(database, Round(case, mode, seed, SECONDS))
    assert result.watched.wrong == [], f"seed {seed}"
    assert result.watched.comparisons > 3
    assert result.ends["committed"] > SECONDS
    assert result.ends["level refused"] > 0


def test_a_storm_finds_what_a_missing_lock_does(
    database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same comparison does find wrong documents where there are some, and says which seed."""
    monkeypatch.chdir(tmp_path)
    arguments = options(["--seconds", "120", "--seed", "3", "--without", "lock documents"])
    assert soak(arguments, {"this one": database}) == 1
    saved = (tmp_path / ".fraiseql" / "soak-3.log").read_text()
    # Either the documents that Python computes differ, or some were repaired.
    assert "oracle" in saved or "repair mended" in saved


def test_a_soak_without_wrong_documents_ends_well(database: str) -> None:
    assert soak(options(["--seconds", "1"]), {"this one": database}) == 0
