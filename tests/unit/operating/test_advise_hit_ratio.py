"""Predicted hit ratio of a result cache, beside a simulation of requests and writes."""

import random

import pytest

from fraiseql.operating.advise.cached_candidates import hit_ratio

SECONDS = 4_000.0


def simulated(shares: list[float], asks: float, writes: float, stale: float) -> float:
    """Return the share of hits of random requests and writes."""
    source = random.Random(1)
    moments = [(source.uniform(0, SECONDS), "write") for _ in range(round(writes * SECONDS))]
    moments += [(source.uniform(0, SECONDS), "ask") for _ in range(round(asks * SECONDS))]
    first_write: dict[int, float] = {}
    stored: set[int] = set()
    hits = total = 0
    for moment, kind in sorted(moments):
        if kind == "write":
            for key in stored:
                first_write.setdefault(key, moment)
            continue
        key = source.choices(range(len(shares)), shares)[0]
        fresh = key in stored and moment - first_write.get(key, moment) <= stale
        hit = fresh and (key not in first_write or stale > 0)
        total += 1
        hits += hit
        if not hit:
            stored.add(key)
            first_write.pop(key, None)
    return hits / total


@pytest.mark.parametrize(
    ("shares", "asks", "writes", "stale"),
    [
        ([1.0], 5.0, 0.5, 0.0),
        ([0.7, 0.2, 0.1], 5.0, 1.0, 0.0),
        ([0.1] * 10, 2.0, 1.0, 0.0),
        ([1.0], 2.0, 2.0, 5.0),
    ],
)
def test_the_formula_is_near_the_simulation(
    shares: list[float], asks: float, writes: float, stale: float
) -> None:
    expected = simulated(shares, asks, writes, stale)
    assert hit_ratio(shares, asks, writes, stale) == pytest.approx(expected, abs=0.05)


def test_without_writes_every_request_is_a_hit() -> None:
    assert hit_ratio([0.5, 0.5], 1.0, 0.0) == 1.0
