"""Flight: who computes a key among all processes that share a Redis."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Final

from redis.asyncio import Redis
from redis.exceptions import RedisError

from fraiseql.caching.results.stores.redis.client import is_full, told
from fraiseql.caching.results.stores.redis.scripts import BEAT, RELEASE

LEASE: Final = 2.0
"""Seconds after which a leader that has died is replaced."""


class Flight:
    """Leads of one Redis: a key with a token, which ends by itself unless its holder lives on."""

    def __init__(self, client: Redis, lease: float = LEASE) -> None:
        self._client = client
        self._lease = lease
        self._beat = client.register_script(BEAT)
        self._release = client.register_script(RELEASE)

    @asynccontextmanager
    async def lead(self, name: bytes) -> AsyncIterator[bool]:
        """Enter as the one who computes; false when another process does.

        Raises:
            StoreUnavailable: Redis cannot tell.
        """
        token = secrets.token_bytes(16)
        with told():
            leading = await self._taken(name, token)
        if not leading:
            yield False
            return
        beating = asyncio.create_task(self._keep(name, token))
        try:
            yield True
        finally:
            beating.cancel()
            # What is not released ends with its lease.
            with suppress(RedisError, OSError):
                await self._release(keys=[name], args=[token])

    async def _taken(self, name: bytes, token: bytes) -> bool:
        try:
            return bool(await self._client.set(name, token, nx=True, px=self._milliseconds))
        except RedisError as error:
            # Where there is no room for the lead there is none for the value: nobody waits for it.
            if is_full(error):
                return True
            raise

    async def _keep(self, name: bytes, token: bytes) -> None:
        alive = True
        while alive:
            await asyncio.sleep(self._lease / 4)
            # One beat that is lost does not matter, and when the lease ends another one leads.
            with suppress(RedisError, OSError):
                alive = bool(await self._beat(keys=[name], args=[token, self._milliseconds]))

    @property
    def _milliseconds(self) -> int:
        return round(self._lease * 1000)
