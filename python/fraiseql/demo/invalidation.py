"""Check of a result cache before and after writes in plain SQL."""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass, replace
from typing import Final

from fraiseql.database import Database, Pool
from fraiseql.database.writing import open_admin
from fraiseql.demo.check import fault_of
from fraiseql.demo.client import HttpClient
from fraiseql.demo.tour.aggregates import YEARS

MEMORY: Final = 'detail="memory"'
"""Part of ``Cache-Status`` of an answer from the process's memory."""

_ATTEMPTS: Final = 20
_PAUSE: Final = 0.05

CHANGE: Final = "UPDATE fraiseql_demo.tb_flight SET distance = distance + $1::int WHERE id = 1"


@dataclass(frozen=True, slots=True)
class CacheCheck:
    """One request and its answer.

    Attributes:
        name: The event before it.
        ms: Milliseconds until it was answered.
        cache: ``Cache-Status``.
        fault: The difference; None if the answer is right.
    """

    name: str
    ms: float
    cache: str
    fault: str | None


async def check_invalidation(client: HttpClient, pool: Pool) -> AsyncGenerator[CacheCheck]:
    """Request every airline's year while plain SQL changes a flight and changes it back.

    Every answer is compared with plain SQL.

    Args:
        client: Connected to the served demo.
        pool: Other connections than its own.

    Raises:
        OSError, http.client.HTTPException: The server went away.
        DatabaseError: The change could not be made.
    """
    yield await _asked(client, pool, "asked")
    yield await _asked(client, pool, "asked again", hit=True)
    yield await _from_memory(client, pool, "and again, from the process's memory")
    await _change(pool, 1)
    try:
        yield await _asked(client, pool, "after an UPDATE with plain SQL", hit=False)
        yield await _asked(client, pool, "asked again", hit=True)
        yield await _from_memory(client, pool, "and again, from the process's memory")
    finally:
        await _change(pool, -1)
    yield await _asked(client, pool, "after another one that takes it back", hit=False)


async def _from_memory(client: HttpClient, pool: Pool, name: str) -> CacheCheck:
    """Ask until the answer comes from memory, which begins as the server is first asked."""
    for _ in range(_ATTEMPTS):
        checked = await _asked(client, pool, name, hit=True)
        if checked.fault is not None or MEMORY in checked.cache:
            return checked
        await asyncio.sleep(_PAUSE)
    return replace(checked, fault="it never came from memory")


async def _change(pool: Pool, miles: int) -> None:
    async with open_admin(pool) as writer:
        await writer.execute(CHANGE, miles)


async def _asked(
    client: HttpClient, pool: Pool, name: str, *, hit: bool | None = None
) -> CacheCheck:
    """Send one request; ``hit`` is whether it must hit, None for either."""
    answer = await asyncio.to_thread(client.post, YEARS.query, YEARS.variables)
    fault = await fault_of(Database(pool), YEARS, answer)
    is_hit = "; hit" in answer.cache
    if fault is None and hit is not None and is_hit is not hit:
        fault = f"it is {'no' if hit else 'a'} hit of the result cache"
    return CacheCheck(name, answer.seconds * 1000, answer.cache, fault)
