"""Memory: bounded in bytes, and never older than allowed."""

from time import monotonic

from fraiseql.caching.results.memory import Memory, MemoryEntry
from fraiseql.results import CacheResult


def remember(
    memory: Memory[None], key: bytes, size: int = 10, *, ago: float = 0.0, ttl: float | None = None
) -> None:
    memory.put(key, MemoryEntry(CacheResult("hit", b"x" * size, ttl=ttl), monotonic() - ago))


def test_bytes_are_bounded_and_the_oldest_goes_first() -> None:
    memory: Memory[None] = Memory(10_000)
    for number in range(100):
        remember(memory, bytes([number]), 600)
        assert memory.size <= 10_000
        assert memory.get(b"\0", 60) is not None or number > 10
    assert memory.get(bytes([99]), 60) is not None
    assert len(memory) == 10


def test_what_is_used_stays() -> None:
    memory: Memory[None] = Memory(10_000)
    for number in range(50):
        remember(memory, bytes([number]), 600)
        assert memory.get(b"\0", 60) is not None


def test_a_value_that_would_push_out_the_others_is_not_stored() -> None:
    memory: Memory[None] = Memory(10_000)
    remember(memory, b"small")
    remember(memory, b"large", 5_000)
    assert memory.get(b"large", 60) is None
    assert memory.get(b"small", 60) is not None


def test_a_value_that_is_too_old_or_expired_is_no_hit() -> None:
    memory: Memory[None] = Memory()
    remember(memory, b"k", ago=2.0)
    hit = memory.get(b"k", 5.0)
    assert hit is not None
    assert 2.0 <= hit.lag_seconds < 5.0
    assert memory.get(b"k", 1.0) is None
    remember(memory, b"k", ttl=-0.1)
    assert memory.get(b"k", 5.0) is None
    assert (len(memory), memory.size) == (0, 0)
