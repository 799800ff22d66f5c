"""Remove unusable entries and reclaim their space."""
# ruff: noqa: S608 - names are constants

from dataclasses import dataclass
from typing import Final

from fraiseql.caching.advisory_locks import STORE_INSERTS
from fraiseql.caching.changes.compaction import compact
from fraiseql.caching.changes.log import LOG
from fraiseql.caching.results.sql.objects import TableStoreName, segments
from fraiseql.caching.results.sql.views import BEHIND
from fraiseql.caching.results.stats import fold
from fraiseql.database.writing import AdminConnection

_LOCK_TIMEOUT: Final = 5.0
"""Seconds that truncating waits for readers; new readers wait behind it."""

_MAX_ROUNDS: Final = 1_000
"""Rounds of compacting the change log, each with a bounded number of rows."""


@dataclass(frozen=True, slots=True)
class Cleaned:
    """Result of cleaning.

    Attributes:
        size: Bytes of disk space that were freed.
        segments: Tables that were truncated.
        logged: Rows that were removed from the change log.
        folded: Ended processes whose statistics were merged into one row.
    """

    size: int
    segments: int
    logged: int
    folded: int


async def clean(connection: AdminConnection, stores: list[TableStoreName], stale: float) -> Cleaned:
    """Truncate tables without usable entries, compact the change log, and fold statistics.

    Args:
        connection: A connection outside of any transaction.
        stores: Stores that are tables.
        stale: Longest declared ``stale`` in seconds: for as long, a row that misses a write may
            still be used.

    Raises:
        DatabaseError: An object does not exist, belongs to another role, or was locked too long.
    """
    freed = [
        await _truncate_unusable(connection, store, table, stale)
        for store in stores
        for table in segments(store)
    ]
    folded = await fold(connection.read)
    sizes = [size for size in freed if size]
    return Cleaned(sum(sizes), len(sizes), await _compact_log(connection, stale), folded)


async def _truncate_unusable(
    connection: AdminConnection, store: TableStoreName, table: str, stale: float
) -> int:
    """Truncate one table of a ring if it has no usable row; return the bytes that were freed."""
    async with connection.begun(lock_timeout=_LOCK_TIMEOUT):
        # Blocks inserts. A separate statement, so that the next ones see earlier inserts.
        await connection.execute("SELECT pg_advisory_xact_lock($1)", STORE_INSERTS[store])
        size: int = await connection.fetchval(f"SELECT pg_total_relation_size('{table}')")
        if await connection.fetchval(f"SELECT EXISTS (SELECT FROM {table})") is False:
            return 0
        if await connection.fetchval(_has_usable_row(store, table), stale):
            return 0
        await connection.execute(f"TRUNCATE {table}")
        left: int = await connection.fetchval(f"SELECT pg_total_relation_size('{table}')")
        return size - left


def _has_usable_row(store: TableStoreName, table: str) -> str:
    """Return the query that checks for a valid row, which is the newest of its key.

    A row without a value hides older rows of its key, and is needed as long as they exist.
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


async def _compact_log(connection: AdminConnection, stale: float) -> int:
    """Compact the change log as far as possible; return how many rows were removed."""
    count = f"SELECT count(*) FROM {LOG}"
    first: int = await connection.fetchval(count)
    before = first
    for _ in range(_MAX_ROUNDS):
        await compact(connection, stale)
        now: int = await connection.fetchval(count)
        if now >= before:
            break
        before = now
    return max(0, first - before)
