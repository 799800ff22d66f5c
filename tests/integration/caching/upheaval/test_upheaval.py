"""Answers during and after changes of every kind equal those of a new session."""

import pytest

from tests.integration.caching.upheaval.actors import ACTORS
from tests.integration.caching.upheaval.concurrent import Together
from tests.integration.caching.upheaval.rounds import DEPLOY, Seen, Upheaval

KINDS = [(Upheaval, "unlogged", 7.0), (Together, "redis", 4.0)]
SEED = 20261129


@pytest.mark.parametrize(("kind", "store", "seconds"), KINDS)
async def test_after_every_change_answers_are_those_of_a_new_session(
    database: str, redis_url: str, kind: type[Upheaval], store: str, seconds: float
) -> None:
    print(f"seed {SEED}")
    upheaval = kind(database, SEED, {*ACTORS, DEPLOY}, store, redis_url)
    seen: Seen = await upheaval.run(seconds)
    print(seen.changes, seen.outcomes, seen.comparisons, seen.unsure)
    assert seen.wrong == [], f"seed {SEED}"
    assert seen.outcomes["hit"] > seen.outcomes["bypass"]
    assert sum(seen.changes.values()) >= 1  # a busy machine gets through few
