"""SQL of resolvers: ``info.context["db"]`` and its transactions."""

from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from functools import partial
from typing import Any

from asyncpg import Record

from fraiseql.database.bounding import UNBOUNDED, Budget
from fraiseql.database.connection import Connection
from fraiseql.database.identity import Identity
from fraiseql.database.latency import UNTIMED, Latency, Priority, caller
from fraiseql.database.observing import noting_failure, record
from fraiseql.database.pool import Pool
from fraiseql.database.timing import StatementTimer
from fraiseql.database.transaction_control import ended_by, refuse_its_end
from fraiseql.database.write_tracking import in_transaction, opened
from fraiseql.errors import DatabaseError


class Transaction:
    """Statements of one transaction, all on one connection.

    Made by ``Database.transaction``, with the methods and errors of ``Database``.

    Args:
        connection: The connection, inside its transaction.
        recorder: Records the text of each statement; None for statements of the framework.
    """

    __slots__ = ("_current", "_recorder")

    def __init__(
        self, connection: Connection, recorder: Callable[[str], None] | None = None
    ) -> None:
        self._current: Connection | None = connection
        self._recorder = recorder

    @property
    def _connection(self) -> Connection:
        if self._current is None:
            raise DatabaseError(
                "The transaction has ended; its connection may serve another request.",
                hint="Run every statement inside the `async with` block.",
            )
        return self._current

    @contextmanager
    def _running(self, sql: str) -> Iterator[tuple[Connection, StatementTimer]]:
        """Record and time a statement of a developer, and map its errors."""
        connection = self._connection
        # The framework ends its own transactions, which have no recorder.
        within = self._recorder is not None and connection.is_in_transaction()
        if within:
            refuse_its_end(sql)
        if self._recorder is not None:
            self._recorder(sql)
        with connection.developer_sql(sql), StatementTimer(sql) as timer:
            yield connection, timer
        # Several statements in one text can end it, too.
        if within and not connection.is_in_transaction():
            self._end()
            raise ended_by(sql)

    async def _control(self, sql: str) -> str:
        """Run a command that begins or ends the transaction."""
        with self._connection.developer_sql(sql):
            return await self._connection.execute(sql)

    def _end(self) -> None:
        self._current = None

    async def fetch(self, sql: str, *args: Any) -> list[Record]:
        """Return all rows; arguments and errors are those of ``Database.fetch``."""
        with self._running(sql) as (connection, timer):
            rows = await connection.fetch(sql, *args)
            timer.rows = len(rows)
        return rows

    async def read(
        self,
        sql: str,
        args: Sequence[Any],
        usual: Priority = Priority.LIST,  # noqa: ARG002 - it has its connection
    ) -> list[Record]:
        """Return all rows; arguments and errors are those of ``Database.read``."""
        return await self.fetch(sql, *args)

    async def fetchrow(self, sql: str, *args: Any) -> Record | None:
        """Return the first row, or None.

        Arguments and errors are those of ``Database.fetch``.
        """
        with self._running(sql) as (connection, timer):
            row = await connection.fetchrow(sql, *args)
            timer.rows = 0 if row is None else 1
        return row

    async def fetchval(self, sql: str, *args: Any) -> Any:
        """Return the first column of the first row, or None.

        Arguments and errors are those of ``Database.fetch``.
        """
        with self._running(sql) as (connection, timer):
            timer.rows = 1
            return await connection.fetchval(sql, *args)

    async def execute(self, sql: str, *args: Any) -> str:
        """Run a statement; return PostgreSQL's command tag, such as ``INSERT 0 1``.

        Arguments and errors are those of ``Database.fetch``.
        """
        with self._running(sql) as (connection, _):
            return await connection.execute(sql, *args)


class Database:
    """Runs a resolver's own SQL under the request's role and session variables.

    Parameters are ``$1``, ``$2``; their values are sent separately and never become SQL text.
    Everything is read-only outside ``transaction(readonly=False)``. Each call may run on another
    connection: settings end with the call or the transaction.

    Args:
        pool: Source of connections.
        identity: Role and session variables of the request.
        budget: Bytes that reads of the framework may return in the request.

    Raises:
        DatabaseUnavailable, StatementTimeout, InputError, SourceError, DatabaseError: From every
            method, as in ``Pool.fetch_bytes``; after a lost connection there is no retry.

    Example:
        ``row = await info.context["db"].fetchrow("SELECT data FROM tv_user WHERE id = $1", id)``
    """

    __slots__ = ("_budget", "_identity", "_pool")

    def __init__(
        self, pool: Pool, identity: Identity = Identity.NONE, budget: Budget = UNBOUNDED
    ) -> None:
        self._budget = budget
        self._pool = pool
        self._identity = identity

    @property
    def pool(self) -> Pool:
        """Source of connections."""
        return self._pool

    @property
    def identity(self) -> Identity:
        """Role and session variables that statements run under."""
        return self._identity

    async def read(
        self, sql: str, args: Sequence[Any], usual: Priority = Priority.LIST
    ) -> list[Record]:
        """Return all rows of a read-only statement of the framework, in one round trip.

        Args:
            sql: The statement.
            args: Values of its parameters.
            usual: Its class while it is not slow.
        """
        latency = self._latency(sql, usual)
        return await self._pool.fetch_bytes(sql, args, self._identity, self._budget, latency)

    async def read_plainly(
        self, sql: str, args: Sequence[Any], usual: Priority = Priority.LIST
    ) -> list[Record]:
        """Return the same as the connection's own role, without session variables.

        Arguments and errors are those of ``read``.
        """
        latency = self._latency(sql, usual)
        return await self._pool.fetch_bytes(sql, args, Identity.NONE, self._budget, latency)

    async def fetch(self, sql: str, *args: Any) -> list[Record]:
        """Return all rows.

        Args:
            sql: One statement, with ``$1``, ``$2`` in place of values.
            args: The values.

        Raises:
            DatabaseError: The statement failed, or the database cannot be reached.
        """
        async with self._acquire(sql, Priority.LIST) as connection:
            return await self._own(connection).fetch(sql, *args)

    async def fetchrow(self, sql: str, *args: Any) -> Record | None:
        """Return the first row, or None; arguments and errors are those of ``fetch``."""
        async with self._acquire(sql, Priority.KEY) as connection:
            return await self._own(connection).fetchrow(sql, *args)

    async def fetchval(self, sql: str, *args: Any) -> Any:
        """Return the first column of the first row, or None.

        Arguments and errors are those of ``fetch``.
        """
        async with self._acquire(sql, Priority.KEY) as connection:
            return await self._own(connection).fetchval(sql, *args)

    async def execute(self, sql: str, *args: Any) -> str:
        """Run a statement; return PostgreSQL's command tag, such as ``SET``.

        Arguments and errors are those of ``fetch``.
        """
        async with self._acquire(sql, Priority.KEY) as connection:
            return await self._own(connection).execute(sql, *args)

    @asynccontextmanager
    async def transaction(self, *, readonly: bool = True) -> AsyncIterator[Transaction]:
        """Run statements in one transaction: committed at the end, rolled back on an exception.

        Args:
            readonly: False to allow writing.

        Raises:
            DatabaseError: Also if a statement failed and the block went on; the transaction was
                rolled back.

        Example:
            ``async with db.transaction(readonly=False) as t: await t.execute("DELETE FROM draft")``
        """
        async with self._acquire(f"transaction of {caller.get()}", Priority.KEY) as connection:
            own = self._own(connection)
            try:
                await own._control("BEGIN READ ONLY" if readonly else "BEGIN READ WRITE")  # noqa: SLF001 - not for users
                with opened(writable=not readonly):
                    yield own
                await _commit(own)
            except Exception:
                if not connection.is_closed() and connection.is_in_transaction():
                    await own._control("ROLLBACK")  # noqa: SLF001 - not for users
                raise
            finally:
                own._end()  # noqa: SLF001 - not for users

    @asynccontextmanager
    async def _acquire(self, statement: str, usual: Priority) -> AsyncIterator[Connection]:
        latency = self._latency(statement, usual)
        with noting_failure():
            async with self._pool.acquire(self._identity, latency, recorded=True) as connection:
                yield connection

    def _own(self, connection: Connection) -> Transaction:
        return Transaction(connection, partial(record, self._pool, self._identity))

    def _latency(self, statement: str, usual: Priority) -> Latency:
        # A request that holds a connection must not wait for others that hold one: it goes first.
        return UNTIMED if in_transaction() else self._pool.latencies.of(statement, usual)


async def _commit(transaction: Transaction) -> None:
    if await transaction._control("COMMIT") == "ROLLBACK":  # noqa: SLF001 - not for users
        raise DatabaseError(
            "The transaction was rolled back, because a statement in it had failed.",
            hint="Let the exception of the statement leave the transaction's block.",
        )
