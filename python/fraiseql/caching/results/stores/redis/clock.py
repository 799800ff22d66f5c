"""The clock of Redis, shared by all of its clients."""

import time
from typing import Final

from redis.asyncio import Redis

TRUSTED: Final = 60.0
"""Seconds after which the offset of the clocks is measured again."""


class Clock:
    """The clock of one Redis, estimated from the local clock."""

    def __init__(self, client: Redis) -> None:
        self._client = client
        self._offset = 0.0
        self._until = 0.0

    async def now(self) -> float:
        """Return the seconds since 1970; it asks Redis now and then.

        Raises:
            RedisError: Redis could not be asked.
        """
        local = time.monotonic()
        if local >= self._until:
            seconds, microseconds = await self._client.time()
            local = time.monotonic()
            self._offset = seconds + microseconds / 1_000_000 - local
            self._until = local + TRUSTED
        return local + self._offset
