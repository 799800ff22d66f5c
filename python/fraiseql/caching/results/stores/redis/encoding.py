"""Encoding of an entry as one value of Redis: a frame.

A frame begins with a message authentication code over the layout's version, the key and the
content. It detects truncated values, values of another key, and values that were written without
the secret.
"""

import re
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from hmac import compare_digest, new
from typing import Final

MAGIC: Final = b"FQR2"
"""Includes the version of the layout."""

_SKEW: Final = 0.1
"""Seconds by which two processes may estimate the clock of Redis differently."""

_CODE: Final = 32
"""Bytes of HMAC-SHA-256."""

_HEAD: Final = struct.Struct("!16sQddfq16sIII")

ORDER: Final = len(MAGIC) + _CODE
"""Offset of the bytes that order frames: 16 of the epoch, 8 of the xmax."""

ORDER_END: Final = ORDER + 24
_START: Final = ORDER + _HEAD.size

_SNAPSHOT: Final = re.compile(r"[0-9]{1,19}:[0-9]{1,19}:[0-9,]*")

NO_EXPIRY: Final = -1.0

_MAX_NUMBER: Final = 1e12
"""Above every number of seconds or milliseconds of an entry."""


@dataclass(frozen=True, slots=True)
class Frame:
    """An entry in Redis.

    Attributes:
        epoch: Epoch of the cluster when the snapshot was taken; empty for an entry without logged
            dependencies.
        snapshot: Text of the ``pg_snapshot``; empty likewise.
        computed_at: When it was computed, by the clock of Redis: seconds since 1970.
        ttl: Seconds until it expires, from then; None for never.
        cost_ms: Milliseconds that computing took.
        fingerprint: Fingerprint of the definitions and roles.
        etag: 16 bytes.
        query: Name of the query.
        tags: Tags of the change log that invalidate it.
        body: JSON text.
    """

    epoch: str
    snapshot: str
    computed_at: float
    ttl: float | None
    cost_ms: float
    fingerprint: int
    etag: bytes
    query: str
    tags: tuple[str, ...]
    body: bytes

    def age(self, now: float) -> float:
        """Return the seconds since it was computed, by the clock of Redis.

        Negative where that clock was set back since: then the age is unknown.
        """
        age = now - self.computed_at
        return 0.0 if -_SKEW < age < 0.0 else age

    def left(self, now: float) -> float | None:
        """Return the seconds until it expires; None for never."""
        return None if self.ttl is None else self.ttl - self.age(now)


def pack(frame: Frame, key: bytes, secret: bytes) -> bytes:
    """Return the value to store under a key."""
    label = f"{frame.epoch} {frame.snapshot}".encode() if frame.snapshot else b""
    query, tags = frame.query.encode(), "\0".join(frame.tags).encode()
    head = _HEAD.pack(
        epoch_digest(frame.epoch),
        xmax(frame.snapshot),
        frame.computed_at,
        NO_EXPIRY if frame.ttl is None else frame.ttl,
        frame.cost_ms,
        frame.fingerprint,
        frame.etag,
        len(query),
        len(label),
        len(tags),
    )
    content = b"".join((head, query, label, tags, frame.body))
    return b"".join((MAGIC, _code(key, content, secret), content))


def unpack(value: bytes, key: bytes, secret: bytes) -> Frame | None:
    """Return the frame of a value; None where ``pack`` did not return it for this key."""
    if len(value) < _START or not value.startswith(MAGIC):
        return None
    code = _code(key, memoryview(value)[ORDER:], secret)
    if not compare_digest(code, value[len(MAGIC) : ORDER]):
        return None
    try:
        frame = _read(value)
    except UnicodeDecodeError:
        return None
    return frame if _is_valid(frame) else None


def _code(key: bytes, content: bytes | memoryview, secret: bytes) -> bytes:
    code = new(secret, MAGIC + len(key).to_bytes(4, "big") + key, "sha256")
    code.update(content)
    return code.digest()


def _is_valid(frame: Frame) -> bool:
    """Whether its numbers and snapshot can be counted and sent to PostgreSQL."""
    numbers = (frame.computed_at, frame.cost_ms, frame.ttl or 0.0)
    if not all(0.0 <= number < _MAX_NUMBER for number in numbers):
        return False
    return not frame.snapshot or _SNAPSHOT.fullmatch(frame.snapshot) is not None


def _read(value: bytes) -> Frame:
    _, _, computed_at, ttl, cost_ms, fingerprint, etag, *lengths = _HEAD.unpack_from(value, ORDER)
    query, label, tags, start = _texts(value, lengths)
    epoch, _, snapshot = label.rpartition(" ")
    return Frame(
        epoch,
        snapshot,
        computed_at,
        None if ttl == NO_EXPIRY else ttl,
        cost_ms,
        fingerprint,
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
    """Return the query of a frame's beginning; None where it is no frame."""
    if len(beginning) < _START or not beginning.startswith(MAGIC):
        return None
    *_, length, _, _ = _HEAD.unpack_from(beginning, ORDER)
    return beginning[_START : _START + length].decode(errors="replace")


def xmax(snapshot: str) -> int:
    """Return the first transaction number after a snapshot."""
    return int(snapshot.split(":", 2)[1]) if snapshot else 0


def epoch_digest(epoch: str) -> bytes:
    """Return the digest of an epoch, 16 bytes."""
    return sha256(epoch.encode()).digest()[:16] if epoch else bytes(16)
