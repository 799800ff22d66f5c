"""Frames: what is written is read again, and nothing else is taken for a frame."""

import random
from dataclasses import replace
from math import inf, nan

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fraiseql.caching.results.stores.redis import encoding
from fraiseql.caching.results.stores.redis.encoding import Frame, pack, query_of, unpack, xmax

KEY = b"k" * 32
SECRET = b"s" * 32
FRAME = Frame(
    epoch="6b1c/1",
    snapshot="10:20:11,12",
    computed_at=1_790_000_000.25,
    ttl=2.5,
    cost_ms=1.5,
    fingerprint=-5,
    etag=bytes(range(16)),
    query="usersÄ",
    tags=("16384", "label:ü"),
    body=b'{"a":1}',
)
VALUE = pack(FRAME, KEY, SECRET)


def read(value: bytes) -> Frame | None:
    return unpack(value, KEY, SECRET)


def test_what_is_written_is_read_again() -> None:
    without = replace(FRAME, epoch="", snapshot="", ttl=None, tags=(), query="", body=b"")
    for frame in (FRAME, without, replace(FRAME, fingerprint=2**63 - 1, body=b"\0" * 1000)):
        assert read(pack(frame, KEY, SECRET)) == frame
    assert xmax(FRAME.snapshot) == 20


def test_nothing_that_was_changed_is_a_frame() -> None:
    chance = random.Random(1)
    for place in range(len(VALUE)):
        changed = bytearray(VALUE)
        changed[place] ^= 1 << chance.randrange(8)
        assert read(bytes(changed)) is None
        assert read(VALUE[:place]) is None
    assert read(VALUE + b"\0") is None


def test_a_frame_is_of_one_key_and_one_secret() -> None:
    assert unpack(VALUE, b"j" * 32, SECRET) is None, "put under another key"
    assert unpack(VALUE, KEY, b"t" * 32) is None, "written with another secret"
    assert unpack(VALUE, KEY, b"") is None
    moved = pack(FRAME, KEY[:-1], SECRET)
    assert unpack(moved, KEY, SECRET) is None, "the end of a key is not the start of a frame"


def test_a_layout_without_a_code_is_no_frame() -> None:
    """The layout before began with a checksum, which everybody can make."""
    rest = VALUE[encoding.ORDER :]
    for head in (
        b"FQR1" + bytes(4),
        b"FQR1" + bytes(32),
        encoding.MAGIC,
        encoding.MAGIC + bytes(32),
    ):
        assert read(head + rest) is None
    assert read(b"FQR1" + VALUE[4:]) is None, "the code is over the version too"


@settings(max_examples=300, derandomize=True, deadline=None)
@given(st.binary(max_size=300), st.booleans())
def test_any_bytes_are_no_frame(value: bytes, marked: bool) -> None:
    assert read(encoding.MAGIC + value if marked else value) is None
    query_of(encoding.MAGIC + value if marked else value)


@settings(max_examples=500, derandomize=True, deadline=None)
@given(st.binary(min_size=encoding._HEAD.size, max_size=300), st.booleans())
def test_bytes_with_a_code_that_is_right_are_a_sound_frame_or_none(rest: bytes, edit: bool) -> None:
    """Also a fault of those who have the secret fails no request."""
    if edit:
        rest = VALUE[encoding.ORDER : -len(rest)] + rest
    frame = read(encoding.MAGIC + encoding._code(KEY, rest, SECRET) + rest)
    if frame is not None:
        left = frame.left(frame.computed_at + 1.0)
        assert left is None or int(left) >= -1
        assert int(frame.age(0.0)) <= 0
        assert xmax(frame.snapshot) >= 0


@pytest.mark.parametrize("figure", ["computed_at", "ttl", "cost_ms"])
@pytest.mark.parametrize("value", [inf, -inf, nan, -2.0, 1e30])
def test_figures_that_are_none_make_no_frame(figure: str, value: float) -> None:
    assert read(pack(replace(FRAME, **{figure: value}), KEY, SECRET)) is None


def test_a_snapshot_has_its_form() -> None:
    assert encoding._is_valid(replace(FRAME, snapshot="1:2:"))
    for text in ("1:2", "1:2:3;", "1:2:\n", "-1:2:", "1:" + "2" * 20 + ":", "nothing"):
        assert not encoding._is_valid(replace(FRAME, snapshot=text))


def test_the_query_is_known_from_the_beginning() -> None:
    assert query_of(VALUE[:150]) == "usersÄ"
    assert query_of(b"of somebody else" * 20) is None
    assert query_of(b"") is None


def test_time_is_that_of_redis() -> None:
    assert FRAME.age(FRAME.computed_at + 2.0) == 2.0
    assert FRAME.age(FRAME.computed_at - 0.05) == 0.0, (
        "two processes reckon it a little differently"
    )
    assert FRAME.age(FRAME.computed_at - 2.0) < 0, "the clock was set back"
    assert FRAME.left(FRAME.computed_at + 2.0) == 0.5
    assert replace(FRAME, ttl=None).left(0.0) is None
