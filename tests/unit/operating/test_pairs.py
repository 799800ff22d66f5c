"""Statistics of paired times."""

import random

from fraiseql.operating.pairs import percentile, ratio_interval, without_slowest


def test_the_slowest_tenth_does_not_count() -> None:
    assert without_slowest([1.0] * 27 + [500.0] * 3) == [1.0] * 27
    assert without_slowest([5.0]) == [5.0]


def test_the_interval_contains_the_true_ratio_in_most_draws() -> None:
    source, hits, draws = random.Random(1), 0, 60
    for _ in range(draws):
        before = [8 * source.lognormvariate(0, 0.3) for _ in range(30)]
        after = [2 * source.lognormvariate(0, 0.3) for _ in range(30)]
        interval = ratio_interval(before, after)
        assert interval.low <= interval.ratio <= interval.high
        hits += interval.low <= 4 <= interval.high
    assert hits >= 0.85 * draws


def test_equal_sides_have_a_ratio_near_one() -> None:
    interval = ratio_interval([3.0] * 30, [3.0] * 30)
    assert (interval.low, interval.ratio, interval.high) == (1, 1, 1)


def test_a_percentile_is_a_time() -> None:
    assert percentile([3.0, 1.0, 2.0], 0.95) == 3
    assert percentile(list(map(float, range(100))), 0.95) == 95
