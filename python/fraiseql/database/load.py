"""Load: one writing transaction that makes tables and fills them from CSV text with COPY."""

from collections.abc import AsyncIterable, AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Final

from fraiseql.database.facade import Transaction
from fraiseql.database.identity import Identity
from fraiseql.database.pool import Pool

# Building an index over a whole table takes as long as it takes, and more memory than a query.
_ROOMY: Final = "SET LOCAL statement_timeout = 0; SET LOCAL maintenance_work_mem = '128MB'"


class Load(Transaction):
    """A transaction that also takes files. Nothing of it stays unless its block ends well."""

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
        """Append the rows of a CSV text with a header line, and return their number.

        Args:
            schema: Namespace of the table.
            table: Its name; it was made in this transaction, since its rows are written frozen.
            columns: Columns in the order of the text.
            text: The file in pieces of any size.
            null: What stands for null where it is not quoted.

        Raises:
            InputError: The text is not CSV, or a value does not fit its column.
            DatabaseError: The server refused it otherwise.
        """
        with self._connection.foreign("COPY"):
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
    """Begin a writing transaction without time limit; commit when the block ends without an error.

    Raises:
        DatabaseError: The database cannot be reached or refused a statement.
    """
    # What an error leaves behind, the pool rolls back before the connection is used again.
    async with pool.acquire(Identity.NONE) as connection:
        load = Load(connection)
        await load.execute(f"BEGIN READ WRITE; {_ROOMY}")
        yield load
        await load.execute("COMMIT")
