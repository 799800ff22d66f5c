"""Time of writes to a table, in savepoints that are rolled back."""

import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from statistics import median
from typing import Final

from fraiseql.catalog.picture import quote
from fraiseql.database import Transaction
from fraiseql.sql_files import load_sql

ROWS: Final = 1_000
"""Rows that are deleted and inserted, and others that are updated, in a turn."""

_SQL: Final = load_sql(__name__)
_TURNS: Final = 7
_SECONDS: Final = 5.0
"""Seconds after which no further turn begins."""

_SAMPLE: Final = "pg_temp.fraiseql_written"
_SAVEPOINT: Final = "fraiseql_writes"
_TURN: Final = "fraiseql_turn"
_PLACES: Final = f"SELECT fraiseql_place FROM {_SAMPLE} WHERE fraiseql_number"  # noqa: S608 - constants


async def microseconds_per_write(session: Transaction, table: str) -> float | None:
    """Return the median time of one written row: deleted, inserted or updated.

    Deferred triggers run too, foreign keys are not checked. Nothing remains of it.

    Args:
        session: A transaction of a superuser.
        table: The quoted name of the table.

    Returns:
        Microseconds; None for an empty table.

    Raises:
        DatabaseError: The rows cannot be written.
    """
    async with _sampled(session, table) as run:
        return None if run is None else median([await run() for _ in _turns()])


async def write_times(
    session: Transaction, table: str, indexes: Sequence[int]
) -> tuple[float, float] | None:
    """Return the median time of one written row without some indexes and with them, in turn.

    Args:
        session: A transaction of a superuser.
        table: The quoted name of the table.
        indexes: Ids of the indexes.

    Returns:
        Microseconds; None for an empty table.

    Raises:
        DatabaseError: The rows cannot be written.
    """
    times: dict[bool, list[float]] = {False: [], True: []}
    async with _sampled(session, table) as run:
        if run is None:
            return None
        for _ in _turns():
            for used, taken in times.items():
                await session.execute(_SQL["use_indexes"].text, list(indexes), used)
                taken.append(await run())
    return median(times[False]), median(times[True])


def _turns() -> Iterator[int]:
    """Yield the turns; fewer where the triggers of stored documents take long."""
    end = time.monotonic() + _SECONDS
    for turn in range(_TURNS):
        if turn and time.monotonic() > end:
            return
        yield turn


@asynccontextmanager
async def _sampled(
    session: Transaction, table: str
) -> AsyncIterator[Callable[[], Awaitable[float]] | None]:
    """Choose rows for the block; yield a function that writes them; None for an empty table."""
    row = await session.fetchrow(_SQL["columns"].text, table)
    assert row is not None  # noqa: S101 - an aggregate has one row
    columns = ", ".join(map(quote, row["inserted"]))
    await session.execute(f"SAVEPOINT {_SAVEPOINT}")
    try:
        # No foreign key is checked: the same rows come back.
        await session.execute("SET LOCAL session_replication_role = replica")
        await session.execute(
            f"CREATE TEMPORARY TABLE {_SAMPLE.partition('.')[2]} ON COMMIT DROP AS"  # noqa: S608 - quoted names
            f" SELECT ctid AS fraiseql_place, row_number() OVER () AS fraiseql_number, {columns}"
            f" FROM (SELECT ctid, * FROM {table}"
            f" ORDER BY pg_catalog.hashtext(ctid::text) LIMIT {2 * ROWS}) AS chosen"
        )
        count = await session.fetchval(f"SELECT count(*) FROM {_SAMPLE}")  # noqa: S608 - a constant
        updated = quote(row["updated"][0]) if row["updated"] else None
        writes = 2 * (count // 2) + (count - count // 2 if updated else 0)
        statements = _statements(table, columns, updated, count // 2)

        async def run() -> float:
            return float(await _turn(session, statements) * 1e6 / max(writes, 1))

        yield run if count else None
    finally:
        await session.execute(f"ROLLBACK TO {_SAVEPOINT}; RELEASE {_SAVEPOINT}")
        # The entries of rows that were rolled back remain, and each search would read them.
        await session.fetch(_SQL["clean_pending"].text, table)


def _statements(table: str, columns: str, updated: str | None, half: int) -> list[str]:
    first, others = f"{_PLACES} <= {half}", f"{_PLACES} > {half}"
    delete = f"DELETE FROM {table} WHERE ctid = ANY (ARRAY({first}))"  # noqa: S608 - quoted names
    rows = f"SELECT {columns} FROM {_SAMPLE} WHERE fraiseql_number <= {half}"  # noqa: S608 - the same
    insert = f"INSERT INTO {table} ({columns}) OVERRIDING SYSTEM VALUE {rows}"
    same = f"UPDATE {table} SET {updated} = {updated} WHERE ctid = ANY (ARRAY({others}))"  # noqa: S608 - the same
    updates = [] if updated is None else [same]
    return [delete, insert, *updates, "SET CONSTRAINTS ALL IMMEDIATE"]


async def _turn(session: Transaction, statements: list[str]) -> float:
    """Run the statements in a savepoint that is rolled back; return their seconds."""
    await session.execute(f"SAVEPOINT {_TURN}")
    start = time.perf_counter()
    for statement in statements:
        await session.execute(statement)
    seconds = time.perf_counter() - start
    await session.execute(f"ROLLBACK TO {_TURN}; RELEASE {_TURN}")
    return seconds
