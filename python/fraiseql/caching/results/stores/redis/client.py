"""Client: connections to Redis, bounded in number and in the time that they may take."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as NoConnection
from redis.exceptions import OutOfMemoryError, RedisError, ResponseError
from redis.exceptions import TimeoutError as NoAnswer

from fraiseql.caching.results.stores.transient_errors import StoreUnavailable
from fraiseql.errors import ConfigurationError

TIMEOUT: Final = 0.25
"""Seconds for connecting, for an answer, and for a connection that is free.

A process that is busy with something else for as long takes an answer that has come for none.
"""

CONNECTIONS: Final = 16


def connect(url: str, *, connections: int = CONNECTIONS, timeout: float = TIMEOUT) -> Redis:
    """Make a client; nothing is connected before the first command.

    Raises:
        ConfigurationError: The address cannot be used; the message does not show its password.
    """
    try:
        pool = BlockingConnectionPool.from_url(
            url,
            max_connections=connections,
            timeout=timeout,
            socket_timeout=timeout,
            socket_connect_timeout=timeout,
            # Who asks again is the store, when it has rested: a request is not kept waiting.
            retry=Retry(NoBackoff(), 0),
            # Each of these would be a round trip more for every connection.
            protocol=2,
            driver_info=None,
        )
    except (ValueError, TypeError) as error:
        raise ConfigurationError(
            "redis_url cannot be used.",
            hint="Write redis://host:6379/0, rediss://user:password@host:6380/0, or unix:///path.",
        ) from error
    return Redis.from_pool(pool)


@contextmanager
def told() -> Iterator[None]:
    """Tell a failure of Redis as a store's.

    Raises:
        StoreUnavailable: Redis cannot be reached, does not answer in time, or refuses.
    """
    try:
        yield
    except (RedisError, OSError) as error:
        raise StoreUnavailable(_kind(error)) from error


def _kind(error: Exception) -> str:
    match error:
        case NoAnswer():
            return "redis_timeout"
        case NoConnection() | OSError():
            return "redis_connection"
        case _:
            return "redis_full" if is_full(error) else "redis_response"


def is_full(error: Exception) -> bool:
    """Whether a command was refused because Redis has no memory left for it."""
    # A script's failure has the code inside of the message in versions before 7.
    return isinstance(error, OutOfMemoryError) or (
        isinstance(error, ResponseError) and "OOM command not allowed" in str(error)
    )
