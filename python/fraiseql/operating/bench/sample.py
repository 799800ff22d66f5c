"""Measured figures: medians with their spread."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median, quantiles


@dataclass(frozen=True, slots=True)
class Sample:
    """A measured figure.

    Attributes:
        value: The median; the code of an error, or an empty text, for a statement that may fail.
        low: The fifth percentile.
        high: The 95th.
        count: Number of runs.
        method: How it was measured.
    """

    value: float | str
    low: float = 0.0
    high: float = 0.0
    count: int = 1
    method: str = ""


def sample_of(values: Sequence[float], method: str) -> Sample:
    """Return the median of runs, and their spread."""
    low, high = values[0], values[0]
    if len(values) > 1:
        cuts = quantiles(values, n=20, method="inclusive")
        low, high = cuts[0], cuts[-1]
    return Sample(float(median(values)), low, high, len(values), method)


def quotient(first: Sample, second: Sample, method: str) -> Sample:
    """Return the ratio of two medians."""
    above, below = number(first), max(number(second), 1e-9)
    return Sample(above / below, count=min(first.count, second.count), method=method)


def total(parts: Sequence[Sample], method: str) -> Sample:
    """Return the sum of medians."""
    value = sum(number(each) for each in parts)
    return Sample(value, count=min(each.count for each in parts), method=method)


def number(sample: Sample) -> float:
    """Return the value of a sample that is a number."""
    return 0.0 if isinstance(sample.value, str) else sample.value
