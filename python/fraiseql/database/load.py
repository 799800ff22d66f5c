"""Load: one writing transaction that makes tables and fills them from CSV text with COPY."""

from collections.abc import AsyncIterable, AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import asyncpg

_QUICK_TO_FILL = {"maintenance_work_mem": "128MB", "synchronous_commit": "off"}


class Load:
    """A transaction under way; nothing of it stays unless the block of `open_load` ends well."""

    def __init__(self, connection: "asyncpg.Connection[asyncpg.Record]") -> None:
        self._connection = connection

    async def execute(self, sql: str) -> None:
        """Run one or more statements without parameters."""
        await self._connection.execute(sql)

    async def fetchval(self, sql: str, *parameters: Any) -> Any:
        """Return the first column of the first row, or None when there is no row."""
        return await self._connection.fetchval(sql, *parameters)

    async def copy_csv(
        self, schema: str, table: str, columns: Sequence[str], text: AsyncIterable[bytes], *, null: str = ""
    ) -> int:
        """Append the rows of a CSV text, header line first, and return their number.

        Args:
            schema: Namespace of the table.
            table: Its name; it was made in this transaction (its rows are written frozen).
            columns: Columns in the order of the text.
            text: The file in pieces of any size.
            null: What stands for null where it is not quoted.
        """
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
async def open_load(url: str) -> AsyncIterator[Load]:
    """Connect to ``url``, begin, and commit when the block ends without an error.

    Raises:
        DatabaseError: The database cannot be reached or refused a statement.
    """
    connection = await asyncpg.connect(url, server_settings={"TimeZone": "UTC"} | _QUICK_TO_FILL)
    try:
        async with connection.transaction(readonly=False):
            yield Load(connection)
    finally:
        await connection.close()
