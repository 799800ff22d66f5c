"""Redis client, bounded in connections and time."""

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
"""Seconds to connect, to get a response, and to get a free connection.

A process whose event loop is busy for as long misses responses that did arrive.
"""

CONNECTIONS: Final = 16


def connect(url: str, *, connections: int = CONNECTIONS, timeout: float = TIMEOUT) -> Redis:
    """Return a client, which connects with the first command.

    Raises:
        ConfigurationError: The address cannot be used; the message hides its password.
    """
    try:
        pool = BlockingConnectionPool.from_url(
            url,
            max_connections=connections,
            timeout=timeout,
            socket_timeout=timeout,
            socket_connect_timeout=timeout,
            # The store retries, after its backoff: no request waits for a retry.
            retry=Retry(NoBackoff(), 0),
            # Each of these would cost every connection another round trip.
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
def store_errors() -> Iterator[None]:
    """Turn errors of the client into errors of a store.

    Raises:
        StoreUnavailable: Redis cannot be reached, does not respond in time, or refuses.
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
    # Before version 7, a script's error has the code inside of the message.
    return isinstance(error, OutOfMemoryError) or (
        isinstance(error, ResponseError) and "OOM command not allowed" in str(error)
    )
