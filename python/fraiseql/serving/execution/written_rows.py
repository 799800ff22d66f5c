"""Rows of the answer of a mutation, with its writes."""

from typing import Any

from fraiseql.database import WriteTransaction
from fraiseql.serving.execution.reading import Reading
from fraiseql.serving.execution.stored_statement import StoredStatement, ignore_report
from fraiseql.serving.execution.withheld import StoredReader


class _NotReadError(Exception):
    """The stored documents cannot be read; the block of the read is undone."""


async def written_rows(db: WriteTransaction, reading: Reading, *, stored: bool) -> list[Any]:
    """Return the rows of a read, with the writes of the transaction.

    Stored documents are brought up to date before the commit, which then has no work left. So the
    answer is the document that other requests read after the commit, and is computed once.

    Args:
        db: The transaction.
        reading: The read.
        stored: Whether stored documents may be read: no write follows in the transaction.

    Raises:
        FraiseQLError: The query failed, or the documents cannot be brought up to date.
    """
    statement = reading.prepared.stored
    # A write after the flush would take locks in another order than other transactions do.
    if statement is not None and stored and db.single and db.identity.role is None:
        rows = await _stored_rows(db, reading, statement)
        if rows is not None:
            return rows
    return await reading.rows(db.read, None, ignore_report)


async def _stored_rows(
    db: WriteTransaction, reading: Reading, statement: StoredStatement
) -> list[Any] | None:
    """Return the rows of stored documents; None if they cannot be read."""
    flush = statement.source.source.flush
    if flush is None:
        return None
    reader = StoredReader(None, db.read, lambda _: None)
    try:
        async with db.flushed(*flush):
            rows = await statement.rows(reader, reading.values, "", ignore_report)
            if rows is None:
                raise _NotReadError
    except _NotReadError:
        return None
    return rows
