"""Contents: what a Redis holds of ours, found by walking over its keys."""

from collections.abc import AsyncIterator, Sequence
from typing import Final

from redis.asyncio import Redis

from fraiseql.caching.results.stores.redis.encoding import query_of

PREFIX: Final = b"fraiseql:"
_ENTRIES: Final = PREFIX + b"?" * 64
"""Pattern of our entries alone: neither of leads nor of what others keep there."""

_AT_ONCE: Final = 500
_SAMPLE: Final = 1_000
"""Entries whose bytes are asked for; the others are taken to have as many on average."""

_BEGINNING: Final = 4096
"""Bytes of a frame in which the name of its query ends."""


def entry_name(key: bytes) -> bytes:
    """Return the name under which an entry is kept."""
    return PREFIX + key.hex().encode()


def lead_name(key: bytes) -> bytes:
    """Return the name under which the lead of a key is taken."""
    return PREFIX + b"lead:" + key.hex().encode()


async def size(client: Redis) -> tuple[int, int]:
    """Return the number of entries, and the bytes that they take in memory."""
    seen = sampled = total = 0
    async for names in _batches(client):
        seen += len(names)
        if sampled < _SAMPLE:
            async with client.pipeline(transaction=False) as pipeline:
                for name in names:
                    pipeline.memory_usage(name)
                found = [taken for taken in await pipeline.execute() if taken]
            sampled += len(found)
            total += sum(found)
    return seen, round(total / sampled * seen) if sampled else 0


async def remove(client: Redis, query: str | None) -> int:
    """Remove the entries of a query, or all, and return how many."""
    removed = 0
    async for names in _batches(client):
        chosen = names if query is None else await _of(client, names, query)
        if chosen:
            removed += await client.unlink(*chosen)
    return removed


async def _of(client: Redis, names: Sequence[bytes], query: str) -> list[bytes]:
    async with client.pipeline(transaction=False) as pipeline:
        for name in names:
            pipeline.getrange(name, 0, _BEGINNING)
        beginnings = await pipeline.execute(raise_on_error=False)
    return [
        name
        for name, beginning in zip(names, beginnings, strict=True)
        if isinstance(beginning, bytes) and query_of(beginning) == query
    ]


async def _batches(client: Redis) -> AsyncIterator[list[bytes]]:
    """Yield the names of entries, those that are there all the while at least once."""
    cursor = None
    while cursor != 0:
        cursor, found = await client.scan(cursor or 0, match=_ENTRIES, count=_AT_ONCE)
        # Bytes, since the client decodes nothing; its types do not know.
        if names := [name for name in found if isinstance(name, bytes)]:
            yield names
