"""Cleaning: takes away what can never be given again."""
# ruff: noqa: S608 - names are constants

from dataclasses import dataclass
from typing import Final

from fraiseql.caching.changes.compaction import compact
from fraiseql.caching.changes.log import LOG
from fraiseql.caching.results.sql.objects import TableStoreName, segments
from fraiseql.caching.results.sql.ring import LOCKS
from fraiseql.caching.results.sql.views import BEHIND
from fraiseql.caching.results.stats import fold
from fraiseql.database.writing import AdminConnection

_PATIENCE: Final = 5.0
"""Seconds that emptying waits for those who read; they wait behind it."""

_ROUNDS: Final = 1_000
"""Most times that the log is compacted, a bounded number of rows each time."""


@dataclass(frozen=True, slots=True)
class Cleaned:
    """What was taken away.

    Attributes:
        size: Bytes on disk that are free now.
        segments: Tables that were emptied.
        logged: Rows of the change log.
        folded: Processes that ended, whose figures are one row now.
    """

    size: int
    segments: int
    logged: int
    folded: int


async def clean(writer: AdminConnection, stores: list[TableStoreName], stale: float) -> Cleaned:
    """Empty tables of which no row can be given again, compact the log, fold figures.

    Args:
        writer: Outside of any transaction.
        stores: Those that are tables.
        stale: Seconds that anything declared may be behind: so long a row that lacks a write may
            still be given.

    Raises:
        DatabaseError: Something is not there, another role's, or locked for too long.
    """
    freed = [
        await _emptied(writer, store, table, stale) for store in stores for table in segments(store)
    ]
    folded = await fold(writer.read)
    found = [size for size in freed if size]
    return Cleaned(sum(found), len(found), await _compacted(writer, stale), folded)


async def _emptied(writer: AdminConnection, store: TableStoreName, table: str, stale: float) -> int:
    """Empty one table of a ring if nothing in it can be given; return the bytes that are free."""
    async with writer.begun(lock_timeout=_PATIENCE):
        # Nobody adds a row meanwhile; in a statement of its own, so that what was added is seen.
        await writer.execute("SELECT pg_advisory_xact_lock($1)", LOCKS[store])
        size: int = await writer.fetchval(f"SELECT pg_total_relation_size('{table}')")
        if await writer.fetchval(f"SELECT EXISTS (SELECT FROM {table})") is False:
            return 0
        if await writer.fetchval(_alive(store, table), stale):
            return 0
        await writer.execute(f"TRUNCATE {table}")
        left: int = await writer.fetchval(f"SELECT pg_total_relation_size('{table}')")
        return size - left


def _alive(store: TableStoreName, table: str) -> str:
    """Return the query whether a row could be given: true, of this database, the newest one.

    A row without a value hides older ones of its key, and is of use as long as they are there.
    """
    newer = " OR ".join(
        f"EXISTS (SELECT FROM {other} o WHERE o.key = r.key AND o.upto > r.upto)"
        for other in segments(store)
    )
    return f"""\
SELECT EXISTS (SELECT FROM {table} r
  WHERE r.home = r.tableoid
    AND (r.expires IS NULL OR r.expires > clock_timestamp())
    AND pg_snapshot_xmax(r.snap) <= pg_snapshot_xmax(pg_current_snapshot())
    AND NOT ({newer})
    AND coalesce({BEHIND}, 0) <= $1::double precision)"""


async def _compacted(writer: AdminConnection, stale: float) -> int:
    """Compact the log until there is nothing left to be taken away; return how many rows went."""
    counted = f"SELECT count(*) FROM {LOG}"
    first: int = await writer.fetchval(counted)
    before = first
    for _ in range(_ROUNDS):
        await compact(writer, stale)
        now: int = await writer.fetchval(counted)
        if now >= before:
            break
        before = now
    return max(0, first - before)
