"""The read-write transaction of a mutation."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar
from functools import partial
from typing import Any, Final, Protocol

from asyncpg import Record

from fraiseql.database.connection import Connection
from fraiseql.database.facade import Transaction
from fraiseql.database.identity import Identity
from fraiseql.database.latency import Priority
from fraiseql.database.observing import record
from fraiseql.database.pool import Pool
from fraiseql.database.write_tracking import opened
from fraiseql.errors import DatabaseError

_SAVEPOINT: Final = "fraiseql_block"

_inside: Final[ContextVar[object]] = ContextVar("fraiseql_block", default=None)
"""The innermost block that the caller is in."""


class RefusableRows(Protocol):
    """Rows of an input."""

    async def locate(self, pool: Pool, error: Exception) -> None:
        """Set the place in the input of an error of the commit."""


class WriteTransaction(Transaction):
    """Statements of a mutation, all in one transaction on one connection.

    It has the methods and errors of ``Database``. Statements that run at the same time wait for
    each other.

    Args:
        connection: The connection, inside its transaction.
        pool: Source of the connection.
        identity: Role and session variables that the connection has.

    Attributes:
        written: Keys of the rows that generated mutations have written, by type.
        single: Whether it is of one root field alone.
        created: The rows of ``createMany``, which a deferred constraint may refuse.
    """

    __slots__ = (
        "_block",
        "_cancelled",
        "_lock",
        "_pool",
        "created",
        "identity",
        "single",
        "written",
    )

    def __init__(self, connection: Connection, pool: Pool, identity: Identity) -> None:
        super().__init__(connection, partial(record, pool, identity))
        self._block: object = None
        self._cancelled = False
        self._lock = asyncio.Lock()
        self._pool = pool
        self.identity = identity
        self.written: dict[str, list[Any]] = {}
        self.single = False
        self.created: RefusableRows | None = None

    @property
    def pool(self) -> Pool:
        """Source of connections."""
        return self._pool

    async def fetch(self, sql: str, *args: Any) -> list[Record]:
        """Return all rows; arguments and errors are those of ``Database.fetch``."""
        async with self._lock:
            return await super().fetch(sql, *args)

    async def fetchrow(self, sql: str, *args: Any) -> Record | None:
        """Return the first row, or None.

        Arguments and errors are those of ``Database.fetch``.
        """
        async with self._lock:
            return await super().fetchrow(sql, *args)

    async def fetchval(self, sql: str, *args: Any) -> Any:
        """Return the first column of the first row, or None.

        Arguments and errors are those of ``Database.fetch``.
        """
        async with self._lock:
            return await super().fetchval(sql, *args)

    async def execute(self, sql: str, *args: Any) -> str:
        """Run a statement; return PostgreSQL's command tag, such as ``INSERT 0 1``.

        Arguments and errors are those of ``Database.fetch``.
        """
        async with self._lock:
            return await super().execute(sql, *args)

    async def read_plainly(
        self, sql: str, args: Sequence[Any], usual: Priority = Priority.LIST
    ) -> list[Record]:
        """Return the rows: the transaction has one identity.

        Arguments and errors are those of ``Database.read``.
        """
        return await self.read(sql, args, usual)

    @asynccontextmanager
    async def transaction(self, *, readonly: bool = True) -> AsyncIterator["WriteTransaction"]:
        """Run statements in a savepoint: undone on an exception, which leaves the block.

        If the block is cancelled, also by a deadline around it, nothing of the mutation is written.

        Args:
            readonly: False to allow writing.

        Raises:
            DatabaseError: A statement failed, or another task has an open block: the end of one
                would undo or keep the writes of both.

        Example:
            ``async with db.transaction(readonly=False) as t: await t.execute("DELETE FROM draft")``
        """
        mode = "; SET TRANSACTION READ ONLY" if readonly else ""
        with self._nested():
            await self._controlled(f"SAVEPOINT {_SAVEPOINT}{mode}")
            try:
                yield self
            except BaseException as error:
                await self._undo(error)
                raise
            await self._controlled(f"RELEASE SAVEPOINT {_SAVEPOINT}")

    @asynccontextmanager
    async def flushed(self, before: str, after: str) -> AsyncIterator[None]:
        """Run a block in a savepoint, between two commands.

        Args:
            before: Command at its start; empty for none.
            after: Command at its end.

        Raises:
            DatabaseError: A command failed.
        """
        with self._nested():
            try:
                await self._controlled(f"SAVEPOINT {_SAVEPOINT}; {before}")
                yield
            except BaseException as error:
                await self._undo(error)
                raise
            await self._controlled(f"RELEASE SAVEPOINT {_SAVEPOINT}; {after}")

    async def _undo(self, error: BaseException) -> None:
        """Undo a block that an exception has left."""
        if not isinstance(error, Exception):
            # A cancelled task must not wait for the server; so the whole is undone.
            self._cancelled = True
        elif self.is_open:
            undo = f"ROLLBACK TO SAVEPOINT {_SAVEPOINT}; RELEASE SAVEPOINT {_SAVEPOINT}"
            await self._controlled(undo)

    @contextmanager
    def _nested(self) -> Iterator[None]:
        """Refuse a block that would overlap with another one."""
        above = self._block
        if above is not None and above is not _inside.get():
            raise DatabaseError(
                "Another block of the transaction is open.",
                hint="Run blocks one after another: they are savepoints on one connection.",
            )
        self._block = own = object()
        _inside.set(own)
        try:
            yield
        finally:
            # A task that goes on in a block inside of this one has not ended it.
            self._cancelled |= self._block is not own
            self._block = above
            _inside.set(above)

    @property
    def is_open(self) -> bool:
        """Whether it is neither committed nor rolled back."""
        connection = self._current
        return (
            connection is not None and not connection.is_closed() and connection.is_in_transaction()
        )

    async def commit(self) -> None:
        """Commit.

        Raises:
            DatabaseError: A deferred constraint refused it, it conflicts with another transaction,
                a statement in it had failed, or a block of it was cancelled: nothing was written.
        """
        if self._cancelled:
            raise DatabaseError(
                "The transaction was rolled back, because a block of it was cancelled.",
                hint="Put deadlines around other work than blocks of db.transaction.",
            )
        if await self._controlled("COMMIT") == "ROLLBACK":
            raise DatabaseError(
                "The transaction was rolled back, because a statement in it had failed.",
                hint="Let the exception of the statement leave the mutation, or run the statement"
                " in a block of db.transaction(readonly=False).",
            )

    async def _controlled(self, sql: str) -> str:
        async with self._lock:
            return await self._control(sql)


@asynccontextmanager
async def write_transaction(
    pool: Pool, identity: Identity, name: str, isolation: str | None = None
) -> AsyncIterator[WriteTransaction]:
    """Begin a transaction that is rolled back at the end of the block unless it is committed.

    Args:
        pool: Source of the connection.
        identity: Role and session variables of the request.
        name: Name of its functions, by which its latency is measured.
        isolation: Isolation level in SQL; None for the default of the database.

    Raises:
        DatabaseUnavailable: No connection was available.
        DatabaseError: The role or a variable cannot be set.
    """
    level = "" if isolation is None else f" ISOLATION LEVEL {isolation}"
    latency = pool.latencies.of(f"transaction of {name}", Priority.KEY)
    async with pool.acquire(identity, latency, recorded=True) as connection:
        own = WriteTransaction(connection, pool, identity)
        try:
            await own._controlled(f"BEGIN{level} READ WRITE")  # noqa: SLF001 - not for users
            with opened(writable=True):
                yield own
            await _roll_back(own)
        except Exception:
            await _roll_back(own)
            raise
        finally:
            own._end()  # noqa: SLF001 - not for users


async def _roll_back(transaction: WriteTransaction) -> None:
    if transaction.is_open:
        await transaction._controlled("ROLLBACK")  # noqa: SLF001 - not for users
