"""Store: entries in Redis, each judged in the snapshot of the one who asks for it."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any, Final

from redis.exceptions import RedisError, ResponseError

from fraiseql.caching.results.dependencies import NOTHING
from fraiseql.caching.results.stores.base import Entry, Found, Lookup, Put, Reason
from fraiseql.caching.results.stores.redis import contents
from fraiseql.caching.results.stores.redis.client import (
    CONNECTIONS,
    TIMEOUT,
    connect,
    is_full,
    told,
)
from fraiseql.caching.results.stores.redis.clock import Clock
from fraiseql.caching.results.stores.redis.encoding import ORDER_END, Frame, pack, unpack
from fraiseql.caching.results.stores.redis.epoch import crash_epoch
from fraiseql.caching.results.stores.redis.fill_lock import LEASE, Flight
from fraiseql.caching.results.stores.redis.scripts import PUT, REMOVE
from fraiseql.caching.results.stores.redis.validation import Verdict, judge
from fraiseql.caching.results.stores.secret import load_secret
from fraiseql.database import Pool

MOST: Final = 8 * 1024 * 1024
"""Bytes of the largest value that is kept."""

LONGEST: Final = 7 * 86_400.0
"""Seconds after which an entry without an end goes away, so that what no key leads to does."""


class RedisStore:
    """Holds entries in one Redis; how many, and which go first, its ``maxmemory`` says.

    Args:
        url: ``redis://…``, ``rediss://…`` or ``unix://…``.
        pool: The result caches' own, in which entries are judged.
        secret: What entries are authenticated with; the database's own where it is empty.
        max_entry_bytes: Bytes of the largest value that is kept.
        connections: Most connections to Redis.
        timeout: Seconds that Redis may take for anything.
        lease: Seconds after which a leader that has died is replaced.

    Raises:
        ConfigurationError: The address cannot be used.
    """

    name: str = "redis"

    def __init__(
        self,
        url: str,
        pool: Pool,
        *,
        secret: bytes = b"",
        max_entry_bytes: int = MOST,
        connections: int = CONNECTIONS,
        timeout: float = TIMEOUT,
        lease: float = LEASE,
    ) -> None:
        self._client = connect(url, connections=connections, timeout=timeout)
        self._pool = pool
        self._given = secret
        self._secret = secret
        self._max_entry_bytes = max_entry_bytes
        self._clock = Clock(self._client)
        self._flight = Flight(self._client, lease)
        self._put = self._client.register_script(PUT)
        self._remove = self._client.register_script(REMOVE)

    async def find(self, lookup: Lookup, key: bytes, etags: Sequence[bytes] = ()) -> Found:
        """Look one entry up: first what Redis has, then, in a younger snapshot, whether it is true.

        What depends on nothing that is logged is given without a word from PostgreSQL.

        Raises:
            StoreUnavailable: Redis cannot be reached, does not answer in time, or refuses.
            DatabaseError: PostgreSQL cannot judge, or does not give the secret.
        """
        secret = await self._secret_now()
        with told():
            value, now = await self._read(key), await self._clock.now()
            frame = None if value is None else unpack(value, key, secret)
            if frame is None and value is not None:
                await self._remove_invalid(key)
                return _missed(await self._judge(lookup, None, 0.0), "invalid")
        left = None if frame is None else frame.left(now)
        age = 0.0 if frame is None else frame.age(now)
        if left is not None and (left <= 0.0 or age < 0.0):
            verdict = await self._judge(lookup, None, 0.0)
            return _missed(verdict, "expired")
        verdict = await self._judge(lookup, frame, age)
        if value is not None and verdict.reason == "foreign":
            await self._remove_foreign(key, value)
        if frame is None or verdict.reason != "hit":
            return _missed(verdict, verdict.reason)
        return _hit(verdict, frame, age, left, etags)

    async def put(self, entry: Entry) -> Put:
        """Keep an entry, unless a newer one of its key is there.

        Raises:
            StoreUnavailable: Redis cannot be reached, does not answer in time, or refuses.
        """
        if len(entry.body) > self._max_entry_bytes:
            return "too_large"
        secret = await self._secret_now()
        with told():
            frame = _frame(entry, await self._clock.now())
            left = LONGEST if entry.ttl is None else entry.ttl - entry.cost / 1000
            if left <= 0.0:
                return "refused"
            try:
                kept = await self._put(
                    keys=[contents.entry_name(entry.key)],
                    args=[pack(frame, entry.key, secret), max(1, round(left * 1000))],
                )
            except RedisError as error:
                # It answers as before, and drops what nobody asks for when it is told to.
                if is_full(error):
                    return "full"
                raise
        return "stored" if kept else "refused"

    @asynccontextmanager
    async def lead(self, key: bytes) -> AsyncIterator[bool]:
        """Enter as the one who computes ``key`` among all who share the Redis.

        Raises:
            StoreUnavailable: Redis cannot tell.
        """
        async with self._flight.lead(contents.lead_name(key)) as leading:
            yield leading

    async def purge(self, *, key: bytes | None = None, query: str | None = None) -> int:
        """Remove entries and return how many: all that are in this Redis when nothing is named.

        Raises:
            StoreUnavailable: Redis cannot be reached, does not answer in time, or refuses.
        """
        with told():
            if key is not None:
                return int(await self._client.unlink(contents.entry_name(key)))
            return await contents.remove(self._client, query)

    async def size(self) -> tuple[int, int]:
        """Return the number of entries in this Redis, whoever's, and their bytes, estimated.

        Raises:
            StoreUnavailable: Redis cannot be reached, does not answer in time, or refuses.
        """
        with told():
            return await contents.size(self._client)

    async def close(self) -> None:
        """End every connection; one that Redis does not let go in time is left to the loop."""
        with suppress(RedisError, OSError):
            await self._client.aclose()

    async def _secret_now(self) -> bytes:
        """Return what entries are authenticated with, loaded once."""
        if not self._secret:
            self._secret = await load_secret(self._pool)
        return self._secret

    async def _remove_invalid(self, key: bytes) -> None:
        """Remove what is no frame, whoever put it there; the secret may be another one now."""
        self._secret = self._given
        await self._client.unlink(contents.entry_name(key))

    async def _remove_foreign(self, key: bytes, value: bytes) -> None:
        """Remove what is ahead of the database, or of another epoch: it may seem true later."""
        with told():
            await self._remove(keys=[contents.entry_name(key)], args=[value[:ORDER_END]])

    async def _judge(self, lookup: Lookup, frame: Frame | None, age: float) -> Verdict:
        if lookup.dependencies == NOTHING:
            return Verdict("absent" if frame is None else "hit")
        verdict = await judge(self._pool, lookup, frame, age)
        if verdict.orphaned and await crash_epoch(self._pool) is not None:
            verdict = await judge(self._pool, lookup, frame, age)
        return verdict

    async def _read(self, key: bytes) -> bytes | None:
        """Return what is kept; no bytes for what is none, such as a list."""
        try:
            value = await self._client.get(contents.entry_name(key))
        except ResponseError as error:
            if not str(error).startswith("WRONGTYPE"):
                raise
            return b""
        return value if value is None or isinstance(value, bytes) else b""


def _frame(entry: Entry, now: float) -> Frame:
    epoch, _, snapshot = entry.snapshot.rpartition(" ")
    return Frame(
        epoch=epoch,
        snapshot=snapshot,
        made=now - entry.cost / 1000,
        ttl=entry.ttl,
        cost=entry.cost,
        shape=entry.shape,
        etag=entry.etag,
        query=entry.query,
        tags=entry.tags,
        body=entry.body,
    )


def _missed(verdict: Verdict, reason: Reason) -> Found:
    return Found(reason, verdict.label, verdict.shape, **_reader(verdict))


def _reader(verdict: Verdict) -> dict[str, Any]:
    """Return what every look-up tells of the reader."""
    return {
        "source_seconds": verdict.source_seconds,
        "rights": verdict.rights,
        "origin": verdict.origin,
        "steady": verdict.steady,
    }


def _hit(
    verdict: Verdict, frame: Frame, age: float, left: float | None, etags: Sequence[bytes]
) -> Found:
    unchanged = frame.etag in etags
    return Found(
        "hit",
        verdict.label,
        verdict.shape,
        body=None if unchanged else frame.body,
        unchanged=unchanged,
        seconds=verdict.seconds,
        made=age,
        ttl=left,
        cost=frame.cost,
        etag=frame.etag,
        **_reader(verdict),
    )
