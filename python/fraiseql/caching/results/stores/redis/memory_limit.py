"""Limit of Redis' memory, and its answer to a full one."""

from dataclasses import dataclass

from fraiseql.caching.results.stores.redis.client import connect, store_errors


@dataclass(frozen=True, slots=True)
class MemoryLimit:
    """Settings of a Redis server.

    Attributes:
        bytes: Its ``maxmemory``; 0 for no limit.
        policy: Its ``maxmemory-policy``.
    """

    bytes: int
    policy: str


async def memory_limit(url: str) -> MemoryLimit:
    """Return the limit of a server.

    Args:
        url: Its address.

    Raises:
        ConfigurationError: The address cannot be used.
        StoreUnavailable: It cannot be reached, or does not allow ``CONFIG GET``.
    """
    client = connect(url)
    try:
        with store_errors():
            settings = await client.config_get("maxmemory*")
    finally:
        await client.aclose()
    texts = {_text(name): _text(value) for name, value in settings.items()}
    return MemoryLimit(int(texts["maxmemory"]), texts["maxmemory-policy"])


def _text(value: str | bytes | None) -> str:
    return value.decode() if isinstance(value, bytes) else value or ""
