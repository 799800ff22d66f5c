"""Purge entries, and those that are being computed right now.

Rows of the change log do it: no store returns an entry from before them, and a value that is being
computed is labelled with a snapshot from before them.
"""
# ruff: noqa: S608 - names are constants

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

from fraiseql.caching.changes.log import LOG
from fraiseql.caching.results.checks import EVERYTHING
from fraiseql.caching.results.dependencies import Dependencies
from fraiseql.caching.results.sql.views import ENTRIES
from fraiseql.caching.results.stores.base import Entry, Lookup, Store
from fraiseql.database.writing import AdminConnection

_LOG_TAGS: Final = f"""\
INSERT INTO {LOG} (tag, xid, at)
SELECT DISTINCT t.tag, pg_current_xact_id(), clock_timestamp() FROM unnest($1::text[]) AS t (tag)
ON CONFLICT DO NOTHING"""

_COUNT: Final = f"SELECT count(*) FROM {ENTRIES} WHERE tags && $1::text[]"
_CAN_COUNT: Final = f"SELECT to_regclass('{ENTRIES}') IS NOT NULL"

_NO_FINGERPRINT: Final = -1
_GUARD: Final = Lookup(Dependencies(tags=("fraiseql:purge",)))


@dataclass(frozen=True, slots=True)
class Purged:
    """Result of a purge.

    Attributes:
        entries: Number of purged entries; for a whole query it includes older ones of the same
            key. None where the stores cannot count.
        tags: Tags written to the change log.
    """

    entries: int | None
    tags: tuple[str, ...] = ()


async def purge_tags(connection: AdminConnection, tags: Collection[str]) -> Purged:
    """Purge entries that depend on any of ``tags``, as a write to them does.

    Raises:
        DatabaseError: The change log does not exist, or belongs to another role.
    """
    written = tuple(sorted(tags))
    count: int | None = None
    if await connection.fetchval(_CAN_COUNT):
        count = await connection.fetchval(_COUNT, written)
    async with connection.begun():
        await connection.execute(_LOG_TAGS, written)
    return Purged(count, written)


async def purge_queries(
    connection: AdminConnection, stores: Sequence[Store], names: Collection[str], *, whole: bool
) -> Purged:
    """Purge every entry of some queries.

    Args:
        connection: A connection outside of any transaction.
        stores: Stores that may have entries.
        names: Names of the queries.
        whole: Whether to empty the stores, including entries of other queries.

    Raises:
        FraiseQLError: A store, or the change log, cannot be written.
    """
    written = tuple(f"query:{name}" for name in sorted(names))
    # The log first: values that are being computed cannot replace the entries removed next.
    async with connection.begun():
        await connection.execute(_LOG_TAGS, written)
    count = 0
    for store in stores:
        if whole:
            count += await store.purge()
        else:
            count += sum([await store.purge(query=name) for name in names])
    return Purged(count, written)


async def purge_key(
    connection: AdminConnection, stores: Sequence[Store], key: bytes, max_wait: float
) -> Purged:
    """Purge one entry.

    A placeholder replaces it: newer than values that are being computed, older than later ones.

    Args:
        connection: A connection outside of any transaction.
        stores: Stores that may have the entry.
        key: 32 bytes.
        max_wait: Seconds that a computation may take.

    Raises:
        FraiseQLError: A store, or the change log, cannot be written.
    """
    # A ring may have older rows of the key, too.
    count = sum([min(1, await store.purge(key=key)) for store in stores])
    # The row ends entries in memory, and its transaction makes the next snapshot newer than those
    # before.
    async with connection.begun():
        await connection.execute(_LOG_TAGS, [EVERYTHING])
    for store in stores:
        lookup = await store.find(_GUARD, key)
        # Where nothing may be stored, nothing can replace the entry.
        if lookup.snapshot is not None:
            await store.put(_placeholder(key, lookup.snapshot, max_wait))
    return Purged(count)


def _placeholder(key: bytes, snapshot: str, ttl: float) -> Entry:
    return Entry(
        key=key,
        query="",
        tags=_GUARD.dependencies.tags,
        snapshot=snapshot,
        fingerprint=_NO_FINGERPRINT,
        ttl=ttl,
        cost_ms=0.0,
        body=b"",
        etag=bytes(16),
    )
