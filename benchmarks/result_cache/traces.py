"""Power-law traces, and hit rates of exact caches."""

from bisect import bisect
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from itertools import accumulate
from random import Random


def zipf(universe: int, skew: float, seed: int) -> Iterator[int]:
    """Yield keys below ``universe`` without end: the n-th most popular with weight ``n ** -skew``.

    Numbers of keys are independent of their popularity.
    """
    random = Random(seed)
    weights = list(accumulate((number + 1) ** -skew for number in range(universe)))
    names = random.sample(range(universe), universe)
    while True:
        yield names[bisect(weights, random.random() * weights[-1])]


def lru(trace: Sequence[int], capacity: int, warm: int) -> float:
    """Return the share of hits after ``warm`` requests, the least recently used leaving first."""
    return _hits(trace, capacity, warm, renew=True)


def fifo(trace: Sequence[int], capacity: int, warm: int) -> float:
    """Return the share of hits after ``warm`` requests, the oldest entry leaving first."""
    return _hits(trace, capacity, warm, renew=False)


def _hits(trace: Sequence[int], capacity: int, warm: int, *, renew: bool) -> float:
    held: OrderedDict[int, None] = OrderedDict()
    hits = 0
    for number, key in enumerate(trace):
        if key in held:
            hits += number >= warm
            if renew:
                held.move_to_end(key)
            continue
        held[key] = None
        if len(held) > capacity:
            held.popitem(last=False)
    return hits / (len(trace) - warm)
