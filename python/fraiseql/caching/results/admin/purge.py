"""Purging: takes back what is kept, also what is computed right now and would be kept next.

Rows of the change log do it: what was computed from before them is not given any more, whoever
holds it, and what is under way is labelled with a snapshot from before them.
"""
# ruff: noqa: S608 - names are constants

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

from fraiseql.caching.changes.log import LOG
from fraiseql.caching.results.dependencies import Dependencies
from fraiseql.caching.results.sql.views import ENTRIES
from fraiseql.caching.results.stores.base import Entry, Lookup, Store
from fraiseql.database.writing import AdminConnection

_LOGGED: Final = f"""\
INSERT INTO {LOG} (tag, xid, at)
SELECT DISTINCT t.tag, pg_current_xact_id(), clock_timestamp() FROM unnest($1::text[]) AS t (tag)
ON CONFLICT DO NOTHING"""

_TAGGED: Final = f"SELECT count(*) FROM {ENTRIES} WHERE tags && $1::text[]"
_COUNTED: Final = f"to_regclass('{ENTRIES}') IS NOT NULL"

_SPENT: Final = "SELECT pg_current_xact_id()"

_NO_FINGERPRINT: Final = -1
_GUARD: Final = Lookup(Dependencies(tags=("fraiseql:purge",)))


@dataclass(frozen=True, slots=True)
class Purged:
    """What was taken back.

    Attributes:
        entries: Entries that were there, older ones of a key counted too where a whole query is
            taken back; None where the stores cannot tell.
        tags: What was written to the change log.
    """

    entries: int | None
    tags: tuple[str, ...] = ()


async def purge_tags(writer: AdminConnection, tags: Collection[str]) -> Purged:
    """Take back what depends on any of ``tags``, as if that had been written.

    Raises:
        DatabaseError: The log is not there, or another role's.
    """
    written = tuple(sorted(tags))
    count: int | None = None
    if await writer.fetchval(f"SELECT {_COUNTED}"):
        count = await writer.fetchval(_TAGGED, written)
    async with writer.begun():
        await writer.execute(_LOGGED, written)
    return Purged(count, written)


async def purge_queries(
    writer: AdminConnection, stores: Sequence[Store], names: Collection[str], *, whole: bool
) -> Purged:
    """Take back every entry of some queries.

    Args:
        writer: Outside of any transaction.
        stores: Where the entries are.
        names: Of the queries.
        whole: Whether the stores are emptied, of whatever else they hold too.

    Raises:
        FraiseQLError: A store, or the log, cannot be written.
    """
    written = tuple(f"query:{name}" for name in sorted(names))
    # First the log: what is removed next cannot be put back by somebody who has computed it.
    async with writer.begun():
        await writer.execute(_LOGGED, written)
    count = 0
    for store in stores:
        if whole:
            count += await store.purge()
        else:
            count += sum([await store.purge(query=name) for name in names])
    return Purged(count, written)


async def purge_key(
    writer: AdminConnection, stores: Sequence[Store], key: bytes, patience: float
) -> Purged:
    """Take back one entry.

    An entry without a value takes its place: newer than whatever is computed now, older than what
    is computed from now on.

    Args:
        writer: Outside of any transaction.
        stores: Where it may be.
        key: 32 bytes.
        patience: Seconds that a computation may take.

    Raises:
        FraiseQLError: A store cannot be written.
    """
    # A ring may hold older rows of the key, too.
    count = sum([min(1, await store.purge(key=key)) for store in stores])
    # A transaction's number is spent, so that the next snapshot tells itself from those before.
    async with writer.begun():
        await writer.execute(_SPENT)
    for store in stores:
        found = await store.find(_GUARD, key)
        # Where nothing may be stored there is nothing to guard against.
        if found.snapshot is not None:
            await store.put(_placeholder(key, found.snapshot, patience))
    return Purged(count)


def _placeholder(key: bytes, snapshot: str, seconds: float) -> Entry:
    return Entry(
        key=key,
        query="",
        tags=_GUARD.dependencies.tags,
        snapshot=snapshot,
        fingerprint=_NO_FINGERPRINT,
        ttl=seconds,
        cost_ms=0.0,
        body=b"",
        etag=bytes(16),
    )
