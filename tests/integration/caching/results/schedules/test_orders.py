"""Orders: every order of the steps of who fills, writes and compacts; no look finds a wrong hit."""

from functools import partial

import pytest

from tests.integration.caching.results.schedules.actors import WRITES, Stage


@pytest.mark.parametrize("end", ["COMMIT", "ROLLBACK"])
async def test_a_write_at_every_step_of_a_fill(stage: Stage, end: str) -> None:
    """Read then filled, refilled before the commit, rolled back in whole or in part."""
    # All orders of all writes for one store; of the others a part: they share the look-up's rules.
    chosen = list(WRITES) if stage.env.kind == "unlogged" and end == "COMMIT" else ["update"]
    for write in chosen:
        wrong = await stage.wrong(stage.filling, partial(stage.writing, write, end))
        assert wrong == []
    assert stage.hits > 9 * len(chosen)


async def test_what_is_numbered_first_commits_last(stage: Stage) -> None:
    late = partial(stage.writing_late, "insert")
    other = partial(stage.writing, "rename")
    assert await stage.wrong(stage.filling, late, other, every=_thin(stage, 16)) == []
    assert stage.hits > 15


async def test_two_fills_and_a_write(stage: Stage) -> None:
    """Also where the older one is stored last."""
    second = partial(stage.filling, "G")
    write = partial(stage.writing, "update")
    assert await stage.wrong(stage.filling, second, write, every=_thin(stage, 16)) == []
    assert stage.hits > 15


async def test_compaction_at_every_step(stage: Stage) -> None:
    write = partial(stage.writing, "insert")
    assert await stage.wrong(stage.filling, write, stage.compacting, every=_thin(stage, 6)) == []
    assert stage.hits > 15


def _thin(stage: Stage, every: int) -> int:
    return every if stage.env.kind == "unlogged" else 2 * every
