"""Walk over the entries in Redis: sizes and removal."""

from collections.abc import AsyncIterator, Sequence
from typing import Final

from redis.asyncio import Redis

from fraiseql.caching.results.stores.redis.encoding import query_of

PREFIX: Final = b"fraiseql:"
_ENTRIES: Final = PREFIX + b"?" * 64
"""Pattern of entries: not of fill locks, nor of other applications' keys."""

_BATCH: Final = 500
_SAMPLE: Final = 1_000
"""Entries whose bytes are measured; the total is extrapolated."""

_BEGINNING: Final = 4096
"""Bytes at the beginning of a frame that contain its query's name."""


def entry_name(key: bytes) -> bytes:
    """Return the Redis key of an entry."""
    return PREFIX + key.hex().encode()


def lock_name(key: bytes) -> bytes:
    """Return the Redis key of a fill lock."""
    return PREFIX + b"lead:" + key.hex().encode()


async def size(client: Redis) -> tuple[int, int]:
    """Return the number of entries, and an estimate of their bytes in memory."""
    count = sampled = total = 0
    async for names in _batches(client):
        count += len(names)
        if sampled < _SAMPLE:
            async with client.pipeline(transaction=False) as pipeline:
                for name in names:
                    pipeline.memory_usage(name)
                sizes = [size for size in await pipeline.execute() if size]
            sampled += len(sizes)
            total += sum(sizes)
    return count, round(total / sampled * count) if sampled else 0


async def remove(client: Redis, query: str | None) -> int:
    """Remove the entries of one query, or of all, and return how many."""
    removed = 0
    async for names in _batches(client):
        matching = names if query is None else await _of_query(client, names, query)
        if matching:
            removed += await client.unlink(*matching)
    return removed


async def _of_query(client: Redis, names: Sequence[bytes], query: str) -> list[bytes]:
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
    """Yield the keys of entries; one that exists all the time is yielded at least once."""
    cursor = None
    while cursor != 0:
        cursor, batch = await client.scan(cursor or 0, match=_ENTRIES, count=_BATCH)
        # Always bytes, since the client decodes nothing; its types allow text.
        if names := [name for name in batch if isinstance(name, bytes)]:
            yield names
