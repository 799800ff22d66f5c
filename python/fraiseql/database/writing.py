"""Administrative connections: they may write, and their statements have no time limit."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from fraiseql.database.facade import Transaction
from fraiseql.database.identity import Identity
from fraiseql.database.pool import Pool
from fraiseql.errors import FraiseQLError
from fraiseql.sql_names import OWN_PATH

# No limit for building indexes or rewriting tables; waits for locks have their own limit. Read
# committed, so that a statement after such a wait sees the changes of the other transaction.
_WRITABLE: Final = (
    "SET default_transaction_read_only = off; SET statement_timeout = 0;"
    " SET idle_in_transaction_session_timeout = 0;"
    f" SET default_transaction_isolation = 'read committed'; {OWN_PATH}"
)


class AdminConnection(Transaction):
    """One connection, outside of any transaction until ``begun`` is entered.

    Names without a schema are PostgreSQL's own, but for what runs inside of ``declared``.
    """

    __slots__ = ()

    @property
    def usable(self) -> bool:
        """Whether the connection is open and not in a transaction."""
        return not self._connection.is_closed() and not self._connection.is_in_transaction()

    @asynccontextmanager
    async def declared(self) -> AsyncIterator[None]:
        """Run SQL of developers in the block, on their search path."""
        await self.execute("SET search_path TO DEFAULT")
        try:
            yield
        except Exception:
            # A transaction is rolled back, and the path with it.
            if self.usable:
                await self.execute(OWN_PATH)
            raise
        await self.execute(OWN_PATH)

    @asynccontextmanager
    async def begun(self, *, lock_timeout: float = 0.0) -> AsyncIterator[None]:
        """Run the block in one transaction: committed at its end, rolled back on any exception.

        Args:
            lock_timeout: Seconds that a statement waits for a lock; 0 waits for ever.

        Raises:
            DatabaseError: A statement failed, or the commit did.
        """
        limit = f"SET LOCAL lock_timeout = {round(lock_timeout * 1000)}"
        async with self._within(f"BEGIN READ WRITE; {limit}"):
            yield

    @asynccontextmanager
    async def snapshot(self) -> AsyncIterator[None]:
        """Run the block in one transaction whose statements all see the database as it is now.

        Raises:
            DatabaseError: A statement failed.
        """
        async with self._within("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"):
            yield

    @asynccontextmanager
    async def _within(self, begin: str) -> AsyncIterator[None]:
        await self.execute(begin)
        try:
            yield
            await self.execute("COMMIT")
        except Exception:
            if not self._connection.is_closed() and self._connection.is_in_transaction():
                await self.execute("ROLLBACK")
            raise


@asynccontextmanager
async def open_admin(pool: Pool) -> AsyncIterator[AdminConnection]:
    """Acquire a connection that may write and whose statements have no time limit.

    Raises:
        DatabaseError: The database cannot be reached or refused a statement.
    """
    # The pool undoes these settings and frees advisory locks before the next use.
    async with pool.acquire(Identity.NONE) as connection:
        writer = AdminConnection(connection)
        await writer.execute(_WRITABLE)
        yield writer


def server_message(error: FraiseQLError) -> str:
    """Return PostgreSQL's own words behind an error: for developers, never for clients."""
    cause = error.__cause__
    return str(cause) if cause is not None else error.message
