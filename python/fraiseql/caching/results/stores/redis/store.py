"""Entries in Redis, validated in each reader's snapshot."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Final

from redis.exceptions import RedisError, ResponseError

from fraiseql.caching.results.dependencies import NOTHING
from fraiseql.caching.results.stores.base import (
    Definitions,
    Entry,
    Lookup,
    LookupResult,
    PutOutcome,
)
from fraiseql.caching.results.stores.redis import contents
from fraiseql.caching.results.stores.redis.client import (
    CONNECTIONS,
    TIMEOUT,
    connect,
    is_full,
    store_errors,
)
from fraiseql.caching.results.stores.redis.clock import Clock
from fraiseql.caching.results.stores.redis.encoding import ORDER_END, Frame, pack, unpack
from fraiseql.caching.results.stores.redis.epoch import crash_epoch
from fraiseql.caching.results.stores.redis.fill_lock import LEASE, RedisFillLocks
from fraiseql.caching.results.stores.redis.group_validation import GroupValidation
from fraiseql.caching.results.stores.redis.scripts import PUT, REMOVE
from fraiseql.caching.results.stores.redis.validation import Validation, validate
from fraiseql.caching.results.stores.secret import load_secret, secret_of
from fraiseql.database import Pool
from fraiseql.errors import ConfigurationError
from fraiseql.results import CacheResult
from fraiseql.settings import Settings

MAX_ENTRY_BYTES: Final = 8 * 1024 * 1024
"""Bytes of the largest value that is stored."""

LONGEST_TTL: Final = 7 * 86_400.0
"""TTL in Redis of entries without one, so that unused keys disappear."""


def open_store(_name: str, settings: Settings, pool: Pool) -> "RedisStore":
    """Return the store in the Redis of the settings.

    Raises:
        ConfigurationError: The address is missing or cannot be used, or the secret is too short.
    """
    if not settings.redis_url:
        raise ConfigurationError(
            'store="redis" is declared, and redis_url is not set.',
            hint="Set FRAISEQL_REDIS_URL=redis://host:6379/0, or declare another store.",
        )
    return RedisStore(
        settings.redis_url,
        pool,
        secret=secret_of(settings.cache_secret),
        max_entry_bytes=settings.cache_max_entry_bytes,
    )


class RedisStore:
    """Holds entries in one Redis, whose ``maxmemory`` decides how many, and which go first.

    Args:
        url: ``redis://…``, ``rediss://…`` or ``unix://…``.
        pool: The caches' own connections to PostgreSQL, which validate entries.
        secret: Secret that authenticates entries; empty for the database's own.
        max_entry_bytes: Bytes of the largest value that is stored.
        connections: Most connections to Redis.
        timeout: Seconds that Redis may take for one operation.
        lease: Seconds after which the fill lock of a process that died ends.

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
        max_entry_bytes: int = MAX_ENTRY_BYTES,
        connections: int = CONNECTIONS,
        timeout: float = TIMEOUT,
        lease: float = LEASE,
    ) -> None:
        self._client = connect(url, connections=connections, timeout=timeout)
        self._pool = pool
        self._group = GroupValidation(pool)
        self._configured_secret = secret
        self._secret = secret
        self._max_entry_bytes = max_entry_bytes
        self._clock = Clock(self._client)
        self._locks = RedisFillLocks(self._client, lease)
        self._put = self._client.register_script(PUT)
        self._remove = self._client.register_script(REMOVE)

    async def find(
        self,
        lookup: Lookup,
        key: bytes,
        etags: Sequence[bytes] = (),
        definitions: Definitions | None = None,
    ) -> LookupResult:
        """Look up one entry in Redis, then validate it in a newer snapshot.

        With ``definitions``, all exact entries that wait are validated with one statement. An entry
        without logged dependencies needs no validation by PostgreSQL.

        Raises:
            StoreUnavailable: Redis cannot be reached, does not respond in time, or refuses.
            DatabaseError: PostgreSQL cannot validate, or has no secret.
        """
        secret = await self._current_secret()
        with store_errors():
            value, now = await self._read(key), await self._clock.now()
            frame = None if value is None else unpack(value, key, secret)
            if frame is None and value is not None:
                await self._remove_invalid(key)
                return (await self._validate(lookup, None, 0.0)).result("invalid")
        left = None if frame is None else frame.left(now)
        age = 0.0 if frame is None else frame.age(now)
        if left is not None and (left <= 0.0 or age < 0.0):
            return (await self._validate(lookup, None, 0.0)).result("expired")
        if frame is not None and definitions is not None:
            found = await self._group.validate(frame, definitions)
            if found is not None:
                found.hit = _hit(Validation("hit"), frame, age, left, etags)
                return found
        verdict = await self._validate(lookup, frame, age)
        if value is not None and verdict.reason == "foreign":
            await self._remove_foreign(key, value)
        if frame is None or verdict.reason != "hit":
            return verdict.result(verdict.reason)
        return verdict.result("hit", _hit(verdict, frame, age, left, etags))

    async def put(self, entry: Entry) -> PutOutcome:
        """Store an entry, unless a newer one of its key exists.

        Raises:
            StoreUnavailable: Redis cannot be reached, does not respond in time, or refuses.
        """
        if len(entry.body) > self._max_entry_bytes:
            return "too_large"
        secret = await self._current_secret()
        with store_errors():
            frame = _frame(entry, await self._clock.now())
            left = LONGEST_TTL if entry.ttl is None else entry.ttl - entry.cost_ms / 1000
            if left <= 0.0:
                return "refused"
            try:
                stored = await self._put(
                    keys=[contents.entry_name(entry.key)],
                    args=[pack(frame, entry.key, secret), max(1, round(left * 1000))],
                )
            except RedisError as error:
                # A full Redis still answers; its maxmemory policy may evict unused keys.
                if is_full(error):
                    return "full"
                raise
        return "stored" if stored else "refused"

    @asynccontextmanager
    async def acquire_fill_lock(self, key: bytes) -> AsyncIterator[bool]:
        """Enter with the lock for computing ``key``, among all processes that share the Redis.

        Raises:
            StoreUnavailable: Redis cannot be reached.
        """
        async with self._locks.acquire(contents.lock_name(key)) as acquired:
            yield acquired

    async def purge(self, *, key: bytes | None = None, query: str | None = None) -> int:
        """Remove entries, by default all in this Redis, and return how many.

        Raises:
            StoreUnavailable: Redis cannot be reached, does not respond in time, or refuses.
        """
        with store_errors():
            if key is not None:
                return int(await self._client.unlink(contents.entry_name(key)))
            return await contents.remove(self._client, query)

    async def size(self) -> tuple[int, int]:
        """Return the number of entries of all applications in this Redis, and their bytes.

        Raises:
            StoreUnavailable: Redis cannot be reached, does not respond in time, or refuses.
        """
        with store_errors():
            return await contents.size(self._client)

    async def close(self) -> None:
        """Close every connection; one that does not close in time is left to the event loop."""
        await self._group.close()
        with suppress(RedisError, OSError):
            await self._client.aclose()

    async def _current_secret(self) -> bytes:
        """Return the secret that authenticates entries, loaded once."""
        if not self._secret:
            self._secret = await load_secret(self._pool)
        return self._secret

    async def _remove_invalid(self, key: bytes) -> None:
        """Remove a value that is no frame; the secret may have changed, so it is loaded again."""
        self._secret = self._configured_secret
        await self._client.unlink(contents.entry_name(key))

    async def _remove_foreign(self, key: bytes, value: bytes) -> None:
        """Remove a frame of another epoch, or of a later snapshot: it may seem valid later."""
        with store_errors():
            await self._remove(keys=[contents.entry_name(key)], args=[value[:ORDER_END]])

    async def _validate(self, lookup: Lookup, frame: Frame | None, age: float) -> Validation:
        if lookup.dependencies == NOTHING:
            return Validation("absent" if frame is None else "hit")
        verdict = await validate(self._pool, lookup, frame, age)
        if verdict.orphaned and await crash_epoch(self._pool) is not None:
            verdict = await validate(self._pool, lookup, frame, age)
        return verdict

    async def _read(self, key: bytes) -> bytes | None:
        """Return the value of a key; empty for a value of another type, such as a list."""
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
        computed_at=now - entry.cost_ms / 1000,
        ttl=entry.ttl,
        cost_ms=entry.cost_ms,
        fingerprint=entry.fingerprint,
        etag=entry.etag,
        query=entry.query,
        tags=entry.tags,
        body=entry.body,
    )


def _hit(
    verdict: Validation, frame: Frame, age: float, left: float | None, etags: Sequence[bytes]
) -> CacheResult:
    unchanged = frame.etag in etags
    return CacheResult(
        "hit",
        None if unchanged else frame.body,
        unchanged=unchanged,
        ttl=left,
        lag_seconds=verdict.lag_seconds,
        age_seconds=age,
        cost_ms=frame.cost_ms,
        source_seconds=verdict.source_seconds,
        etag=frame.etag.hex(),
    )
