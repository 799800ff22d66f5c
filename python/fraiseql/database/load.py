"""Loading of tables with COPY, from CSV text or from another database."""

import asyncio
from collections.abc import AsyncIterable, AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Final

from fraiseql.database.facade import Transaction
from fraiseql.database.identity import Identity
from fraiseql.database.pool import Pool

# Building an index of a whole table takes long, and more memory than a query.
_PIECES: Final = 32
"""Pieces of rows that wait for the slower side."""

_ROOMY: Final = "SET LOCAL statement_timeout = 0; SET LOCAL maintenance_work_mem = '128MB'"


class Load(Transaction):
    """A transaction that also loads files; an error in its block rolls it back."""

    __slots__ = ()

    async def copy_csv(
        self,
        schema: str,
        table: str,
        columns: Sequence[str],
        text: AsyncIterable[bytes],
        *,
        null: str = "",
    ) -> int:
        """Append the rows of a CSV text with a header, and return their number.

        Args:
            schema: Schema of the table.
            table: A table made in this transaction, since its rows are written frozen.
            columns: Columns in the order of the text.
            text: The file in pieces of any size.
            null: The unquoted text of null.

        Raises:
            InputError: The text is not CSV, or a value does not fit its column.
            DatabaseError: The server refused it otherwise.
        """
        with self._connection.developer_sql("COPY"):
            status = await self._connection.copy_to_table(
                table,
                schema_name=schema,
                columns=columns,
                source=text,
                format="csv",
                header=True,
                null=null,
                freeze=True,
            )
        return int(status.rpartition(" ")[2])


@asynccontextmanager
async def open_load(pool: Pool) -> AsyncIterator[Load]:
    """Begin a writable transaction without time limit; commit at the end of the block.

    Raises:
        DatabaseError: The database cannot be reached or refused a statement.
    """
    # After an error, the pool rolls back before the next use of the connection.
    async with pool.acquire(Identity.NONE) as connection:
        load = Load(connection)
        await load.execute(f"BEGIN READ WRITE; {_ROOMY}")
        yield load
        await load.execute("COMMIT")


async def copy_rows(
    source: Transaction,
    target: Transaction,
    query: str,
    table: tuple[str, str],
    columns: Sequence[str],
) -> int:
    """Append the rows of a query in one database to a table in another; return their number.

    Args:
        source: Where the query runs.
        target: Where the table is.
        query: A query without parameters.
        table: Schema and name of the table.
        columns: Its columns, in the order of the query.

    Raises:
        DatabaseError: One of the two refused it.
    """
    pieces: asyncio.Queue[bytes] = asyncio.Queue(_PIECES)
    reading = asyncio.create_task(_send(source, query, pieces))
    try:
        with target._connection.developer_sql("COPY"):  # noqa: SLF001 - of the same package
            status = await target._connection.copy_to_table(  # noqa: SLF001 - the same
                table[1],
                schema_name=table[0],
                columns=columns,
                source=_received(pieces),
            )
        await reading
    finally:
        reading.cancel()
        await asyncio.wait([reading])
    return int(status.rpartition(" ")[2])


async def _send(source: Transaction, query: str, pieces: asyncio.Queue[bytes]) -> None:
    """Send the rows, and an empty piece at their end or when the query fails."""
    connection = source._connection  # noqa: SLF001 - of the same package
    try:
        with connection.developer_sql(query):
            await connection.copy_from_query(query, output=pieces.put)
    except Exception:
        await pieces.put(b"")
        raise
    await pieces.put(b"")


async def _received(pieces: asyncio.Queue[bytes]) -> AsyncIterator[bytes]:
    while piece := await pieces.get():
        yield piece
