"""Metrics in Prometheus' text format."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from itertools import accumulate
from typing import Final

SECONDS: Final = (
    0.0005,
    0.001,
    0.0025,
    0.005,
    0.01,
    0.025,
    0.05,
    0.1,
    0.25,
    0.5,
    1.0,
    2.5,
    5.0,
)
"""Upper bounds of the buckets of durations; a last bucket has no bound."""

_BOUNDS: Final = (*map(str, SECONDS), "+Inf")
_bucket: Final = partial(bisect_left, SECONDS)


class Histogram:
    """Distribution of durations.

    Attributes:
        buckets: Number of durations in each bucket.
        sum: Sum of the durations in seconds.
    """

    __slots__ = ("buckets", "sum")

    def __init__(self) -> None:
        self.buckets = [0] * len(_BOUNDS)
        self.sum = 0.0

    def add(self, seconds: Iterable[float]) -> None:
        """Add durations."""
        durations = tuple(seconds)
        self.sum += sum(durations)
        for bucket, count in Counter(map(_bucket, durations)).items():
            self.buckets[bucket] += count

    def merge(self, other: "Histogram") -> None:
        """Add the durations of another one."""
        self.sum += other.sum
        self.buckets = [own + more for own, more in zip(self.buckets, other.buckets, strict=True)]

    def lines(self, metric: str, labels: Mapping[str, str]) -> Iterator[str]:
        """Yield its samples."""
        before = "".join(f'{name}="{escaped(value)}",' for name, value in labels.items())
        counts = list(accumulate(self.buckets))
        for bound, count in zip(_BOUNDS, counts, strict=True):
            yield f'{metric}_bucket{{{before}le="{bound}"}} {count}'
        yield sample(f"{metric}_sum", labels, self.sum)
        yield sample(f"{metric}_count", labels, counts[-1])


def head(metric: str, meaning: str, kind: str) -> Iterator[str]:
    """Yield the lines before the samples of a metric."""
    yield f"# HELP {metric} {meaning}."
    yield f"# TYPE {metric} {kind}"


def sample(metric: str, labels: Mapping[str, str], value: float) -> str:
    """Return the line of a sample."""
    listed = ",".join(f'{name}="{escaped(value)}"' for name, value in labels.items())
    return f"{metric}{{{listed}}} {value}" if listed else f"{metric} {value}"


def escaped(value: str) -> str:
    """Return the value of a label as Prometheus reads it between double quotes."""
    return value.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
