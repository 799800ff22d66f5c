"""Statistics of paired times: ratio of medians, its interval, sign test."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from math import comb
from statistics import median
from typing import Final

_DRAWS: Final = 1_000
_TAIL: Final = 0.025
_LEAST: Final = 1e-6
_DROPPED: Final = 0.1


def sign_test(worse: int, pairs: int) -> float:
    """Return the probability of at least so many worse pairs if half of all were worse."""
    return 0.5**pairs * sum(comb(pairs, count) for count in range(worse, pairs + 1))


def without_slowest(times: Sequence[float], share: float = _DROPPED) -> list[float]:
    """Return the times in order, without the share of the slowest."""
    return sorted(times)[: max(1, len(times) - int(len(times) * share))]


@dataclass(frozen=True, slots=True)
class RatioInterval:
    """A ratio with the interval that contains it with 95 %."""

    ratio: float
    low: float
    high: float


def ratio_interval(before: Sequence[float], after: Sequence[float]) -> RatioInterval:
    """Return the median of ``before`` by that of ``after``, with its bootstrap interval.

    The pairs are drawn again with replacement; of each side the slowest tenth is dropped.

    Args:
        before: Times of one side.
        after: Of the other, each next to it.
    """
    pairs = list(zip(before, after, strict=True))
    # The same for the same times.
    source = random.Random(0)  # noqa: S311 - no secret
    draws = sorted(_ratio(source.choices(pairs, k=len(pairs))) for _ in range(_DRAWS))
    low, high = draws[int(_TAIL * _DRAWS)], draws[int((1 - _TAIL) * _DRAWS) - 1]
    ratio = _ratio(pairs)
    return RatioInterval(ratio, min(low, ratio), max(high, ratio))


def percentile(times: Sequence[float], share: float) -> float:
    """Return the time that a share of the runs did not exceed."""
    ordered = sorted(times)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def _ratio(pairs: Sequence[tuple[float, float]]) -> float:
    before, after = zip(*pairs, strict=True)
    return median(without_slowest(before)) / max(median(without_slowest(after)), _LEAST)
