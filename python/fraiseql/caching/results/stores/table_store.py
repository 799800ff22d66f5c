"""Table store: entries in a ring of tables of the database, unlogged or logged."""
# ruff: noqa: S608 - names are constants

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any, Final

from fraiseql.caching.results.dependencies import Dependencies
from fraiseql.caching.results.sql.objects import TableStoreName, ring, segments
from fraiseql.caching.results.stores.base import Entry, Found, Lookup, Put, etag_of
from fraiseql.caching.results.stores.lookup import reader_arguments, table_lookup
from fraiseql.database import Origin, Pool
from fraiseql.database.writing import AdminConnection, open_admin
from fraiseql.errors import FraiseQLError

_STATEMENTS: Final = 2_000
"""Look-ups whose SQL text is kept."""

_KEPT: Final = 50_000
"""Keys that are remembered as written again since the last turn of the ring."""

_PUT: Final = (
    'SELECT "fraiseql"."store_result_{store}"($1::bytea, $2::text, $3::text[],'
    " $4::text::pg_snapshot, $5::bigint, $6::double precision, $7::real, $8::bytea, $9::bytea,"
    " $10::bigint)"
)
_KEEP: Final = 'SELECT "fraiseql"."keep_result_{store}"($1::bytea, $2::bigint)'
_BEGIN: Final = "BEGIN ISOLATION LEVEL READ COMMITTED READ ONLY"
_LEAD: Final = "SELECT pg_catalog.pg_try_advisory_xact_lock($1)"

_Place = tuple[int, float, str | None, bool]


class TableStore:
    """A ring of tables; see ``Store``.

    Args:
        name: ``unlogged`` or ``logged``.
        pool: The caches' own, see ``open_cache_pool``.
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
        self._keep = _KEEP.format(store=name)
        self._statements: dict[_Place, tuple[Dependencies, str]] = {}
        self._turn = -1
        self._kept: set[bytes] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    async def find(self, lookup: Lookup, key: bytes, etags: Sequence[bytes] = ()) -> Found:
        """Look one entry up, with one statement.

        Raises:
            FraiseQLError: The tables are not there, or the database cannot be asked.
        """
        args = (key, etags, *reader_arguments(lookup))
        fetched = await self._pool.fetch_at(self._statement(lookup), args)
        assert fetched is not None  # noqa: S101 - no server was asked for
        (row,), origin = fetched
        if row["reason"] == "foreign":
            self._start(key)
        if row["reason"] != "hit":
            return Found(row["reason"], row["snapshot"], row["shape"], **_reader(row, origin))
        if row["turn"] is not None:
            self._second_chance(key, row["turn"])
        return _hit(row, origin)

    async def put(self, entry: Entry) -> Put:
        """Keep an entry, with one statement.

        Raises:
            FraiseQLError: The tables are not there, or cannot be written.
        """
        if len(entry.body) > self._max_entry_bytes:
            return "too_large"
        args = (
            entry.key,
            entry.query,
            entry.tags,
            entry.snapshot,
            entry.shape,
            entry.ttl,
            entry.cost,
            entry.body,
            entry.etag,
            self._max_bytes,
        )
        fetched = await self._pool.fetch_at(self._put, args, entry.origin)
        if fetched is None:
            return "refused"
        answer: Put = fetched[0][0][0]
        return answer

    @asynccontextmanager
    async def lead(self, key: bytes) -> AsyncIterator[bool]:
        """Enter as the one who computes ``key``; also where no connection is free to say so.

        The lock belongs to a transaction that does nothing else: it ends with the block, and with
        its connection.

        Raises:
            FraiseQLError: The database cannot be asked.
        """
        async with self._pool.acquire_spare(max(1, self._pool.size // 2)) as connection:
            if connection is None:
                yield True
                return
            writer = AdminConnection(connection)
            await writer.execute(_BEGIN)
            # In a statement of its own: what is looked up next sees what the last leader stored.
            mine = await writer.fetchval(_LEAD, int.from_bytes(key[:8], "big", signed=True))
            try:
                yield mine
            finally:
                # Where the connection is lost the lock is free already.
                with suppress(FraiseQLError):
                    await writer.execute("COMMIT")

    async def purge(self, *, key: bytes | None = None, query: str | None = None) -> int:
        """Remove entries, all of them when nothing is named, and return how many.

        Raises:
            FraiseQLError: The tables are not there, or this role may not.
        """
        async with open_admin(self._pool) as writer, writer.begun(lock_timeout=1.0):
            if key is None and query is None:
                return await self._purge_all(writer)
            count = 0
            for table in segments(self._ring):
                done = await writer.execute(
                    f"DELETE FROM {table} WHERE ($1::bytea IS NULL OR key = $1)"
                    " AND ($2::text IS NULL OR query = $2)",
                    key,
                    query,
                )
                count += int(done.rpartition(" ")[2])
            return count

    async def size(self) -> tuple[int, int]:
        """Return the number of entries, older ones of a key counted too, and the bytes on disk.

        Raises:
            FraiseQLError: The tables are not there.
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
        """Wait for what is written in the background."""
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _statement(self, lookup: Lookup) -> str:
        # By identity: hashing what a look-up depends on would take longer than binding its values.
        dependencies = lookup.dependencies
        place = (id(dependencies), lookup.stale, lookup.source_age, lookup.reader.role is None)
        found = self._statements.get(place)
        if found is None:
            if len(self._statements) >= _STATEMENTS:
                del self._statements[next(iter(self._statements))]
            # The dependencies with it, so that no others come to have their identity.
            found = dependencies, table_lookup(self._ring, lookup)
            self._statements[place] = found
        return found[1]

    async def _purge_all(self, writer: AdminConnection) -> int:
        tables = segments(self._ring)
        await writer.execute(f"LOCK TABLE {', '.join(tables)} IN ACCESS EXCLUSIVE MODE")
        counts = " + ".join(f"(SELECT count(*) FROM {table})" for table in tables)
        count: int = await writer.fetchval(f"SELECT {counts}")
        await writer.execute(f"TRUNCATE {', '.join(tables)}")
        await writer.execute(f"UPDATE {ring(self._ring)} SET rest = '-infinity'")
        return count

    def _second_chance(self, key: bytes, turn: int) -> None:
        """Write an entry again whose segment is emptied next, once in each turn of the ring."""
        if turn != self._turn or len(self._kept) >= _KEPT:
            self._turn = turn
            self._kept.clear()
        if key in self._kept:
            return
        self._kept.add(key)
        self._start(key)

    def _start(self, key: bytes) -> None:
        """Have an entry written again, or removed where it is not of this database's time."""
        task = asyncio.get_running_loop().create_task(self._write_again(key))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _write_again(self, key: bytes) -> None:
        # What is not written again is computed again when it is next asked for.
        with suppress(FraiseQLError):
            await self._pool.inspect(self._keep, (key, self._max_bytes))


def _reader(row: Any, origin: Origin) -> dict[str, Any]:
    """Return what every look-up tells of the reader."""
    return {
        "source_seconds": row["source_seconds"],
        "rights": row["rights"],
        "origin": origin,
        "steady": row["loaded"] == origin.loaded,
    }


def _hit(row: Any, origin: Origin) -> Found:
    body, etag = row["body"], row["etag"]
    # What somebody else wrote into the table, or a disk has spoilt, is not given.
    whole = body is None or etag_of(body) == etag
    return Found(
        "hit" if whole else "invalid",
        row["snapshot"],
        row["shape"],
        body=body,
        unchanged=body is None,
        seconds=row["seconds"],
        made=max(0.0, row["age"]),
        ttl=row["left_seconds"],
        cost=row["cost"],
        etag=etag,
        **_reader(row, origin),
    )
