"""Memory: bounded in bytes, and never older than asked."""

from time import monotonic

from fraiseql.caching.results.memory import Memory, Remembered


def remembered(size: int = 10, *, ago: float = 0.0, until: float | None = None) -> Remembered:
    now = monotonic()
    return Remembered(b"x" * size, b"", now - ago, None if until is None else now + until, 1.0)


def test_bytes_are_bounded_and_the_oldest_goes_first() -> None:
    memory = Memory(10_000)
    for number in range(100):
        memory.put(bytes([number]), remembered(600))
        assert memory.size <= 10_000
        assert memory.get(b"\0", 60) is not None or number > 10
    assert memory.get(bytes([99]), 60) is not None
    assert len(memory) == 10


def test_what_is_used_stays() -> None:
    memory = Memory(10_000)
    for number in range(50):
        memory.put(bytes([number]), remembered(600))
        assert memory.get(b"\0", 60) is not None


def test_a_value_that_would_push_out_the_others_is_not_kept() -> None:
    memory = Memory(10_000)
    memory.put(b"small", remembered())
    memory.put(b"large", remembered(5_000))
    assert memory.get(b"large", 60) is None
    assert memory.get(b"small", 60) is not None


def test_nothing_is_given_that_is_too_old_or_whose_life_is_over() -> None:
    memory = Memory()
    memory.put(b"k", remembered(ago=2.0))
    found = memory.get(b"k", 5.0)
    assert found is not None
    assert 2.0 <= found[1] < 5.0
    assert memory.get(b"k", 1.0) is None
    memory.put(b"k", remembered(until=-0.1))
    assert memory.get(b"k", 5.0) is None
    assert (len(memory), memory.size) == (0, 0)
