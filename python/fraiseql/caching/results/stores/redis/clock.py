"""Clock: what time it is at Redis, which all who share it agree on."""

import time
from typing import Final

from redis.asyncio import Redis

TRUSTED: Final = 60.0
"""Seconds after which the difference of the clocks is asked for again."""


class Clock:
    """The clock of one Redis, as this process reckons it."""

    def __init__(self, client: Redis) -> None:
        self._client = client
        self._ahead = 0.0
        self._until = 0.0

    async def now(self) -> float:
        """Return the seconds since 1970; a round trip now and then.

        Raises:
            RedisError: It was to be asked for, and could not be had.
        """
        here = time.monotonic()
        if here >= self._until:
            seconds, microseconds = await self._client.time()
            here = time.monotonic()
            self._ahead = seconds + microseconds / 1_000_000 - here
            self._until = here + TRUSTED
        return here + self._ahead
