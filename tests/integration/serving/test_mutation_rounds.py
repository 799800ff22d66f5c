"""Random generated mutations at the same time: answers, stored and cached reads are equal."""

import random

import pytest

from tests.integration.serving import test_writes_everywhere
from tests.integration.serving.mutation_rounds import mutation_round


@pytest.mark.parametrize("strategy", test_writes_everywhere.STRATEGIES)
def test_answers_and_reads_have_every_write(database: str, strategy: str) -> None:
    seed = random.randrange(10**6)
    seen = mutation_round(database, strategy, seed, 0.5)
    assert seen.wrong == [], f"seed {seed}"
    assert seen.comparisons >= 96, seen
