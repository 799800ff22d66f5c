"""The keys with the most hits: exact while there is room, and the frequent ones stay beyond it."""

import random
from collections import Counter

from fraiseql.caching.results.hot_keys import HotKeys


def _key(number: int) -> bytes:
    return number.to_bytes(32, "big")


def test_is_exact_while_there_is_room() -> None:
    top = HotKeys(10)
    for number in (1, 2, 2, 3, 3, 3):
        top.hit(_key(number), "users")
    assert [(entry.key, entry.hits) for entry in top.most(2)] == [(_key(3), 3), (_key(2), 2)]
    assert len(top) == 3


def test_never_holds_more_keys_than_it_may() -> None:
    top = HotKeys(100)
    for number in range(10_000):
        top.hit(_key(number), "users")
        assert len(top) <= 100


def test_frequent_keys_stay_whatever_else_is_asked_for() -> None:
    rng = random.Random(5)
    hot = [_key(number) for number in range(20)]
    stream = [key for key in hot for _ in range(3_000)] + [_key(n) for n in range(100, 140_100)]
    rng.shuffle(stream)
    top = HotKeys(200)
    for key in stream:
        top.hit(key, "users")
    # Each hot key has 3,000 of 200,000 hits: more than 2 in 200.
    assert set(hot) <= {entry.key for entry in top.most(40)}


def test_never_reports_more_hits_than_happened() -> None:
    rng = random.Random(6)
    top, true = HotKeys(50), Counter[bytes]()
    for _ in range(50_000):
        key = _key(int(rng.paretovariate(0.7)) % 5_000)
        true[key] += 1
        top.hit(key, "users")
    assert all(0 < entry.hits <= true[entry.key] for entry in top)
