"""Frames: how an entry is written as one value of Redis, and read again.

A frame begins with a code that only those make who have the secret: over the layout's version, the
key under which it is kept, and everything in it. Whatever else is found there is no frame: a value
cut short, one of another key, one that somebody else wrote.
"""

import re
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from hmac import compare_digest, new
from typing import Final

MAGIC: Final = b"FQR2"
"""With the version of the layout."""

_SKEW: Final = 0.1
"""Seconds by which two processes may reckon the clock of Redis differently."""

_CODE: Final = 32
"""Bytes of HMAC-SHA-256."""

_HEAD: Final = struct.Struct("!16sQddfq16sIII")

ORDER: Final = len(MAGIC) + _CODE
"""Bytes before those that tell which of two frames is newer: 16 of the epoch, 8 of the xmax."""

ORDER_END: Final = ORDER + 24
_START: Final = ORDER + _HEAD.size

_SNAPSHOT: Final = re.compile(r"[0-9]{1,19}:[0-9]{1,19}:[0-9,]*")

NO_END: Final = -1.0

_MOST: Final = 1e12
"""Above every number of seconds or milliseconds that an entry may say."""


@dataclass(frozen=True, slots=True)
class Frame:
    """An entry as Redis has it.

    Attributes:
        epoch: What the cluster was in when the snapshot was taken; empty for an entry that depends
            on nothing that is logged.
        snapshot: Text of the ``pg_snapshot``; empty likewise.
        made: When it was computed, by the clock of Redis: seconds since 1970.
        ttl: Seconds that it lives from then; None for no end.
        cost: Milliseconds that computing took.
        shape: Fingerprint of the definitions.
        etag: 16 bytes.
        query: Name of the query.
        tags: What invalidates it.
        body: JSON text.
    """

    epoch: str
    snapshot: str
    made: float
    ttl: float | None
    cost: float
    shape: int
    etag: bytes
    query: str
    tags: tuple[str, ...]
    body: bytes

    def age(self, now: float) -> float:
        """Return the seconds since it was computed, by the clock of Redis.

        Less than none where that clock was set back since: then they are not known.
        """
        age = now - self.made
        return 0.0 if -_SKEW < age < 0.0 else age

    def left(self, now: float) -> float | None:
        """Return the seconds that it may still be given; None for no end."""
        return None if self.ttl is None else self.ttl - self.age(now)


def pack(frame: Frame, key: bytes, secret: bytes) -> bytes:
    """Return the value to keep under a key."""
    label = f"{frame.epoch} {frame.snapshot}".encode() if frame.snapshot else b""
    query, tags = frame.query.encode(), "\0".join(frame.tags).encode()
    head = _HEAD.pack(
        epoch_digest(frame.epoch),
        xmax(frame.snapshot),
        frame.made,
        NO_END if frame.ttl is None else frame.ttl,
        frame.cost,
        frame.shape,
        frame.etag,
        len(query),
        len(label),
        len(tags),
    )
    rest = b"".join((head, query, label, tags, frame.body))
    return b"".join((MAGIC, _code(key, rest, secret), rest))


def unpack(value: bytes, key: bytes, secret: bytes) -> Frame | None:
    """Return what a value says; None where it is not what ``pack`` returned for this key."""
    if len(value) < _START or not value.startswith(MAGIC):
        return None
    code = _code(key, memoryview(value)[ORDER:], secret)
    if not compare_digest(code, value[len(MAGIC) : ORDER]):
        return None
    try:
        frame = _read(value)
    except UnicodeDecodeError:
        return None
    return frame if _is_sound(frame) else None


def _code(key: bytes, rest: bytes | memoryview, secret: bytes) -> bytes:
    code = new(secret, MAGIC + len(key).to_bytes(4, "big") + key, "sha256")
    code.update(rest)
    return code.digest()


def _is_sound(frame: Frame) -> bool:
    """Whether a frame says what an entry may: all of it is counted, or sent to PostgreSQL."""
    figures = (frame.made, frame.cost, frame.ttl or 0.0)
    if not all(0.0 <= one < _MOST for one in figures):
        return False
    return not frame.snapshot or _SNAPSHOT.fullmatch(frame.snapshot) is not None


def _read(value: bytes) -> Frame:
    _, _, made, ttl, cost, shape, etag, *lengths = _HEAD.unpack_from(value, ORDER)
    query, label, tags, start = _texts(value, lengths)
    epoch, _, snapshot = label.rpartition(" ")
    return Frame(
        epoch,
        snapshot,
        made,
        None if ttl == NO_END else ttl,
        cost,
        shape,
        etag,
        query,
        tuple(tags.split("\0")) if tags else (),
        value[start:],
    )


def _texts(value: bytes, lengths: Sequence[int]) -> tuple[str, str, str, int]:
    texts, start = [], _START
    for length in lengths:
        texts.append(value[start : start + length].decode())
        start += length
    return texts[0], texts[1], texts[2], start


def query_of(beginning: bytes) -> str | None:
    """Return the query of a frame of which only the beginning was read; None where it is none."""
    if len(beginning) < _START or not beginning.startswith(MAGIC):
        return None
    *_, length, _, _ = _HEAD.unpack_from(beginning, ORDER)
    return beginning[_START : _START + length].decode(errors="replace")


def xmax(snapshot: str) -> int:
    """Return the number of the first transaction that a snapshot knows nothing of."""
    return int(snapshot.split(":", 2)[1]) if snapshot else 0


def epoch_digest(epoch: str) -> bytes:
    """Return 16 bytes that stand for an epoch."""
    return sha256(epoch.encode()).digest()[:16] if epoch else bytes(16)
