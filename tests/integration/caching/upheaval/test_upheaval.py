"""Upheaval: after changes of every kind, answers are what a new session reads."""

from tests.integration.caching.upheaval.actors import ACTORS
from tests.integration.caching.upheaval.rounds import DEPLOY, Upheaval

SECONDS = 12.0
SEED = 20261129


async def test_after_every_change_answers_are_those_of_a_new_session(database: str) -> None:
    print(f"seed {SEED}")
    seen = await Upheaval(database, SEED, {*ACTORS, DEPLOY}).run(SECONDS)
    print(seen.changes, seen.outcomes, seen.comparisons)
    assert seen.wrong == [], f"seed {SEED}"
    assert seen.outcomes["hit"] > seen.outcomes["bypass"]
    assert sum(seen.changes.values()) > 10
