"""Entries in a ring of tables of the database, unlogged or logged."""
# ruff: noqa: S608 - names are constants

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any, Final

from fraiseql.caching.results.dependencies import Dependencies
from fraiseql.caching.results.sql.objects import TableStoreName, ring, segments
from fraiseql.caching.results.stores.base import (
    Definitions,
    Entry,
    Lookup,
    LookupResult,
    PutOutcome,
    etag_of,
)
from fraiseql.caching.results.stores.lookup import reader_arguments, table_lookup
from fraiseql.database import Origin, Pool
from fraiseql.database.writing import AdminConnection, open_admin
from fraiseql.errors import FraiseQLError
from fraiseql.results import CacheResult
from fraiseql.settings import Settings

_MAX_STATEMENTS: Final = 2_000
"""Look-ups whose SQL text is cached."""

_MAX_REWRITTEN: Final = 50_000
"""Keys that are remembered as rewritten since the ring last rotated."""

_PUT: Final = (
    'SELECT "fraiseql"."store_result_{store}"($1::bytea, $2::text, $3::text[],'
    " $4::text::pg_snapshot, $5::bigint, $6::double precision, $7::real, $8::bytea, $9::bytea,"
    " $10::bigint)"
)
_REWRITE: Final = 'SELECT "fraiseql"."keep_result_{store}"($1::bytea, $2::bigint)'
_BEGIN: Final = "BEGIN ISOLATION LEVEL READ COMMITTED READ ONLY"
_FILL_LOCK: Final = "SELECT pg_catalog.pg_try_advisory_xact_lock($1)"

_StatementKey = tuple[int, float, str | None, bool]


def open_store(name: str, settings: Settings, pool: Pool) -> "TableStore":
    """Return the store in the tables of the caches' own database."""
    return TableStore(
        "logged" if name == "logged" else "unlogged",
        pool,
        max_bytes=settings.cache_max_bytes,
        max_entry_bytes=settings.cache_max_entry_bytes,
    )


class TableStore:
    """A ring of tables; see ``Store``.

    Args:
        name: ``unlogged`` or ``logged``.
        pool: The caches' own connections, see ``open_cache_pool``.
        max_bytes: Most bytes of all tables of the ring.
        max_entry_bytes: Largest body.
    """

    def __init__(
        self, name: TableStoreName, pool: Pool, *, max_bytes: int, max_entry_bytes: int
    ) -> None:
        self.name: str = name
        self._ring: TableStoreName = name
        self._pool = pool
        self._max_bytes = max_bytes
        self._max_entry_bytes = max_entry_bytes
        self._put = _PUT.format(store=name)
        self._rewrite_sql = _REWRITE.format(store=name)
        self._statements: dict[_StatementKey, tuple[Dependencies, str]] = {}
        self._rotation = -1
        self._rewritten: set[bytes] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    async def find(
        self,
        lookup: Lookup,
        key: bytes,
        etags: Sequence[bytes] = (),
        definitions: Definitions | None = None,  # noqa: ARG002 - the statement checks them too
    ) -> LookupResult:
        """Look up one entry, with one statement.

        Raises:
            FraiseQLError: The tables do not exist, or the database cannot be reached.
        """
        # As text: of an array of bytea, the driver would first have to ask for the type.
        written = [f"\\x{etag.hex()}" for etag in etags]
        args = (key, written, *reader_arguments(lookup))
        fetched = await self._pool.fetch_at(self._statement(lookup), args)
        assert fetched is not None  # noqa: S101 - no particular server was requested
        (row,), origin = fetched
        if row["reason"] == "foreign":
            self._start_rewrite(key)
        if row["reason"] == "hit" and row["rotation"] is not None:
            self._second_chance(key, row["rotation"])
        return _result(row, origin)

    async def put(self, entry: Entry) -> PutOutcome:
        """Store an entry, with one statement.

        Raises:
            FraiseQLError: The tables do not exist, or cannot be written.
        """
        if len(entry.body) > self._max_entry_bytes:
            return "too_large"
        args = (
            entry.key,
            entry.query,
            entry.tags,
            entry.snapshot,
            entry.fingerprint,
            entry.ttl,
            entry.cost_ms,
            entry.body,
            entry.etag,
            self._max_bytes,
        )
        fetched = await self._pool.fetch_at(self._put, args, entry.origin)
        if fetched is None:
            return "refused"
        outcome: PutOutcome = fetched[0][0][0]
        return outcome

    @asynccontextmanager
    async def acquire_fill_lock(self, key: bytes) -> AsyncIterator[bool]:
        """Enter with the lock for computing ``key``, or where no connection is free to lock.

        A transaction that does nothing else holds the lock: it ends with the block, and with its
        connection.

        Raises:
            FraiseQLError: The database cannot be reached.
        """
        async with self._pool.acquire_spare(max(1, self._pool.size // 2)) as connection:
            if connection is None:
                yield True
                return
            writer = AdminConnection(connection)
            await writer.execute(_BEGIN)
            # A separate statement: the next look-up sees the last holder's entry.
            number = int.from_bytes(key[:8], "big", signed=True)
            acquired = await writer.fetchval(_FILL_LOCK, number)
            try:
                yield acquired
            finally:
                # A lost connection has released the lock already.
                with suppress(FraiseQLError):
                    await writer.execute("COMMIT")

    async def purge(self, *, key: bytes | None = None, query: str | None = None) -> int:
        """Remove entries, by default all, and return how many.

        Raises:
            FraiseQLError: The tables do not exist, or this role may not delete from them.
        """
        async with open_admin(self._pool) as writer, writer.begun(lock_timeout=1.0):
            if key is None and query is None:
                return await self._purge_all(writer)
            count = 0
            for table in segments(self._ring):
                status = await writer.execute(
                    f"DELETE FROM {table} WHERE ($1::bytea IS NULL OR key = $1)"
                    " AND ($2::text IS NULL OR query = $2)",
                    key,
                    query,
                )
                count += int(status.rpartition(" ")[2])
            return count

    async def size(self) -> tuple[int, int]:
        """Return the number of entries, with older ones of the same key, and the bytes on disk.

        Raises:
            FraiseQLError: The tables do not exist.
        """
        parts = [
            f"SELECT count(*) AS n, pg_catalog.pg_total_relation_size('{table}') AS b FROM {table}"
            for table in segments(self._ring)
        ]
        union = " UNION ALL ".join(parts)
        rows: Any = await self._pool.inspect(
            f"SELECT sum(n)::bigint, sum(b)::bigint FROM ({union}) AS every"
        )
        return rows[0][0], rows[0][1]

    async def close(self) -> None:
        """Wait for background writes."""
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _statement(self, lookup: Lookup) -> str:
        # By identity: hashing dependencies takes longer than binding parameters.
        dependencies = lookup.dependencies
        key = (id(dependencies), lookup.stale, lookup.source_age, lookup.reader.role is None)
        cached = self._statements.get(key)
        if cached is None:
            if len(self._statements) >= _MAX_STATEMENTS:
                del self._statements[next(iter(self._statements))]
            # Holding the dependencies prevents that others get their identity.
            cached = dependencies, table_lookup(self._ring, lookup)
            self._statements[key] = cached
        return cached[1]

    async def _purge_all(self, writer: AdminConnection) -> int:
        tables = segments(self._ring)
        await writer.execute(f"LOCK TABLE {', '.join(tables)} IN ACCESS EXCLUSIVE MODE")
        counts = " + ".join(f"(SELECT count(*) FROM {table})" for table in tables)
        count: int = await writer.fetchval(f"SELECT {counts}")
        await writer.execute(f"TRUNCATE {', '.join(tables)}")
        await writer.execute(f"UPDATE {ring(self._ring)} SET rest = '-infinity'")
        return count

    def _second_chance(self, key: bytes, rotation: int) -> None:
        """Rewrite an entry in the segment that is emptied next, once in each rotation."""
        if rotation != self._rotation or len(self._rewritten) >= _MAX_REWRITTEN:
            self._rotation = rotation
            self._rewritten.clear()
        if key not in self._rewritten:
            self._rewritten.add(key)
            self._start_rewrite(key)

    def _start_rewrite(self, key: bytes) -> None:
        """Rewrite an entry in the background, or remove it if it came with a backup."""
        task = asyncio.get_running_loop().create_task(self._rewrite(key))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _rewrite(self, key: bytes) -> None:
        # An entry that is lost is computed again.
        with suppress(FraiseQLError):
            await self._pool.inspect(self._rewrite_sql, (key, self._max_bytes))


def _result(row: Any, origin: Origin) -> LookupResult:
    hit = _hit(row) if row["reason"] == "hit" else None
    return LookupResult(
        "invalid" if row["reason"] == "hit" and hit is None else row["reason"],
        row["snapshot"],
        row["shape"],
        hit=hit,
        source_seconds=row["source_seconds"],
        roles_digest=row["roles_digest"],
        origin=origin,
        steady=row["loaded"] == origin.loaded,
    )


def _hit(row: Any) -> CacheResult | None:
    """Return the hit of a row; None if the body does not match its digest."""
    body, etag = row["body"], row["etag"]
    if body is not None and etag_of(body) != etag:
        return None
    return CacheResult(
        "hit",
        body,
        unchanged=body is None,
        ttl=row["left_seconds"],
        lag_seconds=row["seconds"],
        age_seconds=max(0.0, row["age"]),
        cost_ms=row["cost"],
        source_seconds=row["source_seconds"],
        etag=etag.hex(),
    )
