"""Predictions of advice beside their measurements, as ``python -m benchmarks.advise_pairs``."""

import asyncio
from collections import Counter
from pathlib import Path
from statistics import median

from benchmarks.advise_pairs.__main__ import of_seed
from tests.integration.operating.scratch import Scratch, Scratches

SEED = 3
LEAST_PAIRS = 10
MOST_ERROR = 3.0
"""Times are those of a processor, which other programs change by less than this."""


def test_measured_gains_are_near_the_predicted_ones(scratches: Scratches, tmp_path: Path) -> None:
    scratch: Scratch = scratches("embedded")
    scratch.run("CREATE DATABASE predicted")
    url = scratch.url.replace("/doctor?", "/predicted?")
    try:
        pairs = asyncio.run(of_seed(url, SEED, tmp_path, wall=False, letters="a"))
    finally:
        scratch.run("DROP DATABASE predicted WITH (FORCE)")
    kinds = Counter(pair.candidate.kind for pair in pairs)
    # Those of result caches are times of a clock.
    errors = [pair.error for pair in pairs if not pair.wall]
    print(kinds, sorted(errors))
    assert len(pairs) >= LEAST_PAIRS
    assert {"index", "expression index", "rolling index"} <= kinds.keys()
    assert all(pair.measured.equal for pair in pairs)
    assert median(errors) <= MOST_ERROR
