"""Fill locks among all processes that share a Redis."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Final

from redis.asyncio import Redis
from redis.exceptions import RedisError

from fraiseql.caching.results.stores.redis.client import is_full, store_errors
from fraiseql.caching.results.stores.redis.scripts import RELEASE, RENEW

LEASE: Final = 2.0
"""Seconds after which the lock of a process that died ends."""


class RedisFillLocks:
    """Fill locks of one Redis: keys with a token that expire unless their holder renews them."""

    def __init__(self, client: Redis, lease: float = LEASE) -> None:
        self._client = client
        self._lease = lease
        self._renew = client.register_script(RENEW)
        self._release = client.register_script(RELEASE)

    @asynccontextmanager
    async def acquire(self, name: bytes) -> AsyncIterator[bool]:
        """Enter with the lock; false where another process holds it.

        Raises:
            StoreUnavailable: Redis cannot be reached.
        """
        token = secrets.token_bytes(16)
        with store_errors():
            acquired = await self._try_acquire(name, token)
        if not acquired:
            yield False
            return
        renewing = asyncio.create_task(self._renew_always(name, token))
        try:
            yield True
        finally:
            renewing.cancel()
            # A lock that is not released ends with its lease.
            with suppress(RedisError, OSError):
                await self._release(keys=[name], args=[token])

    async def _try_acquire(self, name: bytes, token: bytes) -> bool:
        try:
            return bool(await self._client.set(name, token, nx=True, px=self._milliseconds))
        except RedisError as error:
            # Without room for the lock there is none for the value: no request should wait for it.
            if is_full(error):
                return True
            raise

    async def _renew_always(self, name: bytes, token: bytes) -> None:
        alive = True
        while alive:
            await asyncio.sleep(self._lease / 4)
            # One lost renewal does not matter; when the lease ends another process computes.
            with suppress(RedisError, OSError):
                alive = bool(await self._renew(keys=[name], args=[token, self._milliseconds]))

    @property
    def _milliseconds(self) -> int:
        return round(self._lease * 1000)
