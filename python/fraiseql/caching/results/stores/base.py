"""The interface of stores, with its parameters and results."""

import asyncio
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from hashlib import sha256
from typing import Literal, Protocol

from fraiseql.caching.dependencies.privileges import NOBODY, Reader
from fraiseql.caching.results.dependencies import Dependencies
from fraiseql.database import Origin
from fraiseql.results import CacheResult

Reason = Literal[
    "hit", "absent", "invalid", "expired", "changed", "compacted", "redefined", "foreign"
]
"""Outcome of a look-up.

``absent``: no entry; ``invalid``: damaged, or not written by this application; ``expired``: past
its TTL; ``changed``: a table that it reads was written; ``compacted``: the change log no longer
says whether one was; ``redefined``: a definition changed; ``foreign``: computed in another
database or cluster, or before a restore.
"""

PutOutcome = Literal["stored", "too_large", "full", "refused"]


def etag_of(body: bytes) -> bytes:
    """Return the digest of a body, 16 bytes."""
    return sha256(body).digest()[:16]


@dataclass(frozen=True, slots=True)
class Entry:
    """One value to store.

    Attributes:
        key: 32 bytes; see ``Keys``.
        query: Name of the query, or the ``query_type`` of ``DatabaseCache``.
        tags: Tags of the change log that invalidate it.
        snapshot: Text of the ``pg_snapshot`` that was taken before it was computed.
        fingerprint: Fingerprint of the definitions in that snapshot, combined with the digest of
            the reader's roles.
        ttl: Seconds until it expires; None for never.
        cost_ms: Milliseconds that computing took.
        body: JSON text.
        etag: Digest of ``body``, 16 bytes.
        origin: Connection that took ``snapshot``, which means nothing on another server.
    """

    key: bytes
    query: str
    tags: tuple[str, ...]
    snapshot: str
    fingerprint: int
    ttl: float | None
    cost_ms: float
    body: bytes
    etag: bytes
    origin: Origin | None = None


# Built for every request: a frozen dataclass takes three times as long to build.
@dataclass(slots=True)
class LookupResult:
    """Result of a look-up, all of it in one snapshot.

    Attributes:
        reason: ``hit``, or why there is none.
        snapshot: The look-up's own snapshot, which labels the next computed
            value. None where nothing may be stored: on a standby.
        fingerprint: Fingerprint of the definitions in it.
        hit: The value; None for no hit.
        source_seconds: Age of a source that may be stale, where the look-up asks for it.
        roles_digest: Digest of the roles that decide access. An entry's fingerprint is this
            ``fingerprint`` XOR ``roles_digest``.
        origin: Connection that looked up; None for none.
        steady: Whether that connection still has the settings that it began with.
    """

    reason: Reason
    snapshot: str | None
    fingerprint: int
    hit: CacheResult | None = None
    source_seconds: float | None = None
    roles_digest: int = 0
    origin: Origin | None = None
    steady: bool = True


@dataclass(frozen=True, slots=True)
class Lookup:
    """What to look up, apart from the key.

    Attributes:
        dependencies: Dependencies of the value.
        stale: Seconds that it may be behind.
        source_age: SQL expression of a source's age in seconds, or None.
        reader: Roles that decide the request's access.
    """

    dependencies: Dependencies
    stale: float = 0.0
    source_age: str | None = None
    reader: Reader = NOBODY


class Definitions(Protocol):
    """Checks definitions, privileges and settings of a look-up once for all who wait."""

    fingerprint: int
    """Fingerprint of an entry with the same definitions and roles."""

    def ask(self) -> "asyncio.Future[bool]":
        """Return the future of the next check: whether everything may still be the same."""

    async def found(
        self, snapshot: str, origin: Origin, sent: "asyncio.Future[bool] | None"
    ) -> LookupResult | None:
        """Return the look-up of an entry that is valid in a snapshot, without its hit.

        None where the definitions, privileges or settings may not be the same.

        Args:
            snapshot: Text of that snapshot, which is newer than the entry.
            origin: Connection that took it.
            sent: A check that was joined after the entry was read; None for none.
        """


class Store(Protocol):
    """Holds entries.

    Methods raise only ``FraiseQLError``; see ``transient_errors`` for those that are expected.
    """

    name: str
    """``unlogged``, ``logged`` or ``redis``."""

    async def find(
        self,
        lookup: Lookup,
        key: bytes,
        etags: Sequence[bytes] = (),
        definitions: Definitions | None = None,
    ) -> LookupResult:
        """Look up one entry.

        Args:
            lookup: What to look up.
            key: Key of the entry.
            etags: Digests of values that the client has.
            definitions: Check that may take the place of the look-up's own; None for none.
        """

    async def put(self, entry: Entry) -> PutOutcome:
        """Store an entry; it replaces older ones of its key."""

    def acquire_fill_lock(self, key: bytes) -> AbstractAsyncContextManager[bool]:
        """Enter with the lock for computing ``key``; false where another process holds it.

        The lock of a process that dies is released, and it blocks nothing else.
        """

    async def purge(self, *, key: bytes | None = None, query: str | None = None) -> int:
        """Remove entries, by default all, and return how many."""

    async def size(self) -> tuple[int, int]:
        """Return the number of entries and their bytes on disk or in memory."""

    async def close(self) -> None:
        """Close the connections that the store opened."""
