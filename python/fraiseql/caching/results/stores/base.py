"""Stores: the one interface of everything that holds entries."""

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from hashlib import sha256
from math import inf
from typing import Literal, Protocol

from fraiseql.caching.dependencies.privileges import NOBODY, Reader
from fraiseql.caching.results.dependencies import Dependencies
from fraiseql.database import Origin

Reason = Literal[
    "hit", "absent", "invalid", "expired", "changed", "compacted", "redefined", "foreign"
]
"""Why an entry is given, or not: there is none; it is damaged, or was not written by this
application; its time is over; a table that it reads was written; that is no longer known, since
the log was compacted; a definition changed; it was made elsewhere (restore, clone, other
cluster)."""

Put = Literal["stored", "too_large", "full", "refused"]


def etag_of(body: bytes) -> bytes:
    """Return the digest of a body, of 16 bytes."""
    return sha256(body).digest()[:16]


@dataclass(frozen=True, slots=True)
class Entry:
    """One value that is kept.

    Attributes:
        key: 32 bytes: everything that the value depends on, hashed.
        query: Name of the query, or the ``query_type`` of ``DatabaseCache``.
        tags: What invalidates it: tags of the change log.
        snapshot: Text of the ``pg_snapshot`` taken before it was computed.
        shape: Fingerprint of the definitions in that snapshot, and of the rights of a role.
        ttl: Seconds that it lives; None for no end.
        cost: Milliseconds that computing took.
        body: JSON text.
        etag: 16 bytes: digest of ``body``.
        origin: Where ``snapshot`` was taken: it means nothing on another server.
    """

    key: bytes
    query: str
    tags: tuple[str, ...]
    snapshot: str
    shape: int
    ttl: float | None
    cost: float
    body: bytes
    etag: bytes
    origin: Origin | None = None


# One is made for every request: a frozen one takes three times as long to make.
@dataclass(slots=True)
class Found:
    """What a look-up found, all of it in one snapshot.

    Attributes:
        reason: ``hit`` where the entry may be given.
        snapshot: The look-up's own snapshot: what is computed now is labelled with it. None where
            nothing may be stored: on a standby.
        shape: Fingerprint of the definitions in it.
        rights: Digest of the roles that count. An entry's shape is this ``shape`` with ``rights``
            folded in (``^``).
        body: JSON text; None for no hit, and where the client has it (``unchanged``).
        unchanged: Whether the entry's etag is one of those given.
        seconds: Age of the oldest committed write that the value lacks: 0.0 for none.
        made: Seconds since it was computed.
        ttl: Seconds left; None for no end.
        cost: Milliseconds that computing took.
        etag: 16 bytes.
        source_seconds: The age of a source that may be stale, where one was asked about.
        origin: Of the connection that looked up; None where none did.
        steady: Whether that connection still has the settings that it began with.
    """

    reason: Reason
    snapshot: str | None
    shape: int
    body: bytes | None = None
    unchanged: bool = False
    seconds: float = 0.0
    made: float = 0.0
    ttl: float | None = None
    cost: float = 0.0
    etag: bytes = b""
    source_seconds: float | None = None
    rights: int = 0
    origin: Origin | None = None
    steady: bool = True

    @property
    def sound(self) -> bool:
        """Whether what was found may be given, as far as its form tells: it is counted, and sent.

        Only a hit can be unsound. Comparisons with what is no number are false.
        """
        if self.reason != "hit":
            return True
        left = 0.0 if self.ttl is None else self.ttl
        figures = (self.seconds, self.made, self.cost, left)
        return (self.unchanged or self.body is not None) and all(
            0.0 <= one < inf for one in figures
        )


@dataclass(frozen=True, slots=True)
class Lookup:
    """What is asked of a store, apart from the key.

    Attributes:
        dependencies: Of the value.
        stale: Seconds that it may be behind.
        source_age: SQL expression of a source's age in seconds, or None.
        reader: The roles by which the request is judged.
    """

    dependencies: Dependencies
    stale: float = 0.0
    source_age: str | None = None
    reader: Reader = NOBODY


class Store(Protocol):
    """Holds entries; every method raises only what ``forgiven`` knows, or ``FraiseQLError``."""

    name: str
    """``unlogged``, ``logged`` or ``redis``."""

    async def find(self, lookup: Lookup, key: bytes, etags: Sequence[bytes] = ()) -> Found:
        """Look one entry up."""

    async def put(self, entry: Entry) -> Put:
        """Keep an entry; an older one of its key is not given any more."""

    def lead(self, key: bytes) -> AbstractAsyncContextManager[bool]:
        """Enter as the one who computes ``key`` among all processes; false when another one does.

        Whoever leads and dies is replaced; nothing else is held meanwhile.
        """

    async def purge(self, *, key: bytes | None = None, query: str | None = None) -> int:
        """Remove entries, all of them when nothing is named, and return how many."""

    async def size(self) -> tuple[int, int]:
        """Return the number of entries and the bytes on disk, or in memory."""
