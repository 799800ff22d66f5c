"""Frames: what is written is read again, and nothing else is taken for a frame."""

import random
from dataclasses import replace

from fraiseql.caching.results.redis_store.frames import Frame, pack, query_of, unpack, xmax

FRAME = Frame(
    epoch="6b1c/1",
    snapshot="10:20:11,12",
    made=1_790_000_000.25,
    ttl=2.5,
    cost=1.5,
    shape=-5,
    etag=bytes(range(16)),
    query="usersÄ",
    tags=("16384", "label:ü"),
    body=b'{"a":1}',
)


def test_what_is_written_is_read_again() -> None:
    without = replace(FRAME, epoch="", snapshot="", ttl=None, tags=(), query="", body=b"")
    for frame in (FRAME, without, replace(FRAME, shape=2**63 - 1, body=b"\0" * 1000)):
        assert unpack(pack(frame)) == frame
    assert xmax(FRAME.snapshot) == 20


def test_nothing_that_was_changed_is_a_frame() -> None:
    value = pack(FRAME)
    for place in range(len(value)):
        changed = bytearray(value)
        changed[place] ^= 1 << random.randrange(8)
        assert unpack(bytes(changed)) is None
        assert unpack(value[:place]) is None
    assert unpack(value + b"\0") is None


def test_the_query_is_known_from_the_beginning() -> None:
    value = pack(FRAME)
    assert query_of(value[:100]) == "usersÄ"
    assert query_of(b"of somebody else" * 20) is None
    assert query_of(b"") is None


def test_time_is_that_of_redis() -> None:
    assert FRAME.age(FRAME.made + 2.0) == 2.0
    assert FRAME.age(FRAME.made - 0.05) == 0.0, "two processes reckon it a little differently"
    assert FRAME.age(FRAME.made - 2.0) < 0, "the clock was set back"
    assert FRAME.left(FRAME.made + 2.0) == 0.5
    assert replace(FRAME, ttl=None).left(0.0) is None
