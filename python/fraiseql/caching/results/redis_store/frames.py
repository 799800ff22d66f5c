"""Frames: how an entry is written as one value of Redis, and read again.

Whatever else is found under one of our keys, such as a value cut short, is no frame.
"""

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Final
from zlib import crc32

MAGIC: Final = b"FQR1"
"""With the version of the layout."""

_SKEW: Final = 0.1
"""Seconds by which two processes may reckon the clock of Redis differently."""

_SUM: Final = struct.Struct("!4sI")
_HEAD: Final = struct.Struct("!16sQddfq16sIII")
_START: Final = _SUM.size + _HEAD.size

ORDER_END: Final = _SUM.size + 24
"""Bytes from the start that tell which of two frames is newer: 16 of the epoch, 8 of the xmax."""

NO_END: Final = -1.0


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


def pack(frame: Frame) -> bytes:
    """Return the value to keep."""
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
    return _SUM.pack(MAGIC, crc32(rest)) + rest


def unpack(value: bytes) -> Frame | None:
    """Return what a value says; None where it is not, or no longer, what ``pack`` returned."""
    if len(value) < _START:
        return None
    magic, total = _SUM.unpack_from(value)
    if magic != MAGIC or crc32(memoryview(value)[_SUM.size :]) != total:
        return None
    _, _, made, ttl, cost, shape, etag, *lengths = _HEAD.unpack_from(value, _SUM.size)
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
    *_, length, _, _ = _HEAD.unpack_from(beginning, _SUM.size)
    return beginning[_START : _START + length].decode(errors="replace")


def xmax(snapshot: str) -> int:
    """Return the number of the first transaction that a snapshot knows nothing of."""
    return int(snapshot.split(":", 2)[1]) if snapshot else 0


def epoch_digest(epoch: str) -> bytes:
    """Return 16 bytes that stand for an epoch."""
    return sha256(epoch.encode()).digest()[:16] if epoch else bytes(16)
