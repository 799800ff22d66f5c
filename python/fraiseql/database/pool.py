"""The pool, which runs statements; a read is one round trip."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import Any, Final, TypeVar

from asyncpg import InsufficientPrivilegeError, Record

from fraiseql.database.admission import Usage
from fraiseql.database.bounding import UNBOUNDED, Budget
from fraiseql.database.connection import Connection
from fraiseql.database.connection_pool import ConnectionPool
from fraiseql.database.connector import Connector
from fraiseql.database.failures import RAISED, is_loss, mapped, mapped_setting_identity
from fraiseql.database.identity import Identity
from fraiseql.database.key_reads import KeyReads
from fraiseql.database.latency import UNTIMED, Latencies, Latency, Priority
from fraiseql.database.observing import observation, recording
from fraiseql.database.origin import STATE, Origin
from fraiseql.database.timing import report_failure, report_read, timed_read
from fraiseql.errors import FraiseQLError
from fraiseql.settings import Settings

T = TypeVar("T")

_ENDED: Final = -1
"""Generation of a connection that must not be used again."""


class Pool:
    """Connections of a process to a database, opened when needed; see ``open_pool``.

    Read-only mode, ``statement_timeout`` and the formats of values are set when a connection opens,
    so that a read is one round trip. Behind PgBouncer in transaction mode, session variables do not
    work: use session mode, with ``ignore_startup_parameters`` for the settings that it refuses.

    Args:
        connector: Opens connections.
        settings: Limits of connections and of statements.

    Attributes:
        size: Maximum connections.
        connections: The connections; a connection that is acquired from them has to be returned.
        latencies: Durations of statements, which decide in which queue they wait.
        key_reads: Runs reads by key.
        on_replaced: Called when all connections are replaced.
    """

    def __init__(self, connector: Connector, settings: Settings) -> None:
        self._connector = connector
        self.size: Final = max(1, settings.pool_size)
        share, timeout = settings.reserved_share, settings.connect_timeout
        self.connections: Final = ConnectionPool(connector, self.size, share, timeout)
        self.latencies: Final = Latencies()
        self._spare = 0
        self.key_reads: Final = KeyReads(self.connections, settings, self.fetch_bytes)
        self._max_bytes = settings.max_response_bytes
        self._roles: int | None = None
        self.on_replaced: Callable[[], None] | None = None

    @property
    def server_version(self) -> int:
        """``server_version_num`` of the server, such as 150018; 0 before the first connection."""
        return self._connector.server_version

    def budget(self) -> Budget:
        """Return a budget for the statements of one request (max_response_bytes)."""
        return Budget(self._max_bytes)

    def usage(self) -> Mapping[Priority, Usage]:
        """Return the connections that each class of statements holds and waits for."""
        return self.connections.usage()

    @property
    def login_role(self) -> str:
        """Role that connections log in as; empty before the first connection."""
        return self._connector.login_role

    async def fetch_bytes(
        self,
        sql: str,
        args: Sequence[Any] = (),
        identity: Identity = Identity.NONE,
        budget: Budget = UNBOUNDED,
        latency: Latency = UNTIMED,
    ) -> list[Record]:
        """Run one of the framework's own read-only statements and return its rows.

        If the connection is lost, the statement runs once more on a new one.

        Args:
            sql: A statement that sets nothing; ``$1`` and so on refer to ``args``.
            args: Values of the parameters, in Python types that the driver encodes.
            identity: Role and session variables to run under.
            budget: Bytes that the rows may have; see ``budget``.
            latency: Latency of the statement, which decides in which queue it waits.

        Raises:
            ResponseTooLarge: The rows have more bytes.
            DatabaseUnavailable: No connection was available, or it was lost twice.
            StatementTimeout: ``statement_timeout`` passed.
            InputError: A value cannot be used.
            SourceError: A relation or column does not exist.
            DatabaseError: The server failed otherwise.
        """
        if observation.get() is not None:
            work = partial(self._observed, sql, args, identity, budget)
            with recording(self, identity, sql):
                return await self._run(work, identity, latency)
        pool = self.connections
        connection = pool.try_acquire(identity, latency) or await pool.acquire(latency)
        try:
            if connection.outdated or connection.identity is not identity:
                await connection.set_identity(identity)
            connection.isolated = False
            rows = await connection.read(sql, args, budget)
        except RAISED as error:
            report_failure(connection, sql)
            if pool.closed or not is_loss(error):
                raise self._failure(connection, error) from error
        except BaseException:
            report_failure(connection, sql)
            pool.discard(connection)
            raise
        else:
            report_read(sql, args, pool.release(connection), rows)
            return rows
        return await self._retry(connection, partial(_read, sql, args, identity, budget))

    async def inspect(self, sql: str, args: Sequence[Any] = ()) -> list[Record]:
        """Run a statement without names of the application; return its rows.

        Unqualified names are PostgreSQL's own, whatever the search path.

        Raises:
            FraiseQLError: As ``fetch_bytes``.
        """
        return await self._run(partial(_inspect, sql, args), Identity.NONE)

    async def fetch_at(
        self, sql: str, args: Sequence[Any] = (), server: Origin | None = None
    ) -> tuple[list[Record], Origin] | None:
        """Run a statement as ``inspect`` does; return its rows and its origin.

        Args:
            sql: A statement that sets nothing.
            args: Values of its parameters.
            server: The server to run it on; None if the free connection is to another one.

        Raises:
            FraiseQLError: As ``fetch_bytes``.
        """
        return await self._run(partial(_inspect_at, sql, args, server), Identity.NONE)

    def outdate(self) -> None:
        """Discard all plans and roles before the next statements: privileges have changed."""
        self.connections.outdate()

    async def check(self) -> Origin:
        """Detect changed roles and settings; return the origin of the used connection.

        Raises:
            DatabaseError: The query failed.
        """
        (row,), origin = await self._run(_read_state, Identity.NONE)
        self._compare_roles(row["roles"], None)
        if (row["altered"], row["loaded"]) != (origin.altered, origin.loaded):
            self.replace_all()
        return origin

    def replace_all(self) -> None:
        """Replace all connections: settings have changed."""
        self.connections.replace_all()
        if self.on_replaced is not None:
            self.on_replaced()

    async def ready(self) -> bool:
        """Return whether the database answers a query."""
        try:
            await self.fetch_bytes("SELECT 1")
        except FraiseQLError:
            return False
        return True

    @asynccontextmanager
    async def acquire(
        self,
        identity: Identity = Identity.NONE,
        latency: Latency = UNTIMED,
        *,
        recorded: bool = False,
    ) -> AsyncIterator[Connection]:
        """Acquire a connection that carries ``identity``, to run any SQL.

        Afterwards it is reset in the background. Cancelling the block closes the connection and
        cancels the running statement.

        Args:
            identity: Role and session variables.
            latency: Latency of the block, which decides in which queue it waits.
            recorded: Whether the caller records its statements, or they read no data.

        Raises:
            DatabaseUnavailable: No connection was available.
            DatabaseError: The role or a variable cannot be set.
        """
        pool = self.connections
        connection = pool.try_acquire(identity, latency) or await pool.acquire(latency)
        observed = observation.get()
        if observed is not None and not recorded:
            observed.miss("a connection of the pool")
        try:
            steady = await self._set_identity(connection, identity)
            yield connection
            if observed is not None:
                await _note(connection, steady=steady)
        except Exception:
            if observed is not None:
                observed.note(connection.origin, steady=False)
            pool.reset(connection, failed=True)
            raise
        except BaseException:
            pool.discard(connection)
            raise
        pool.reset(connection)

    @asynccontextmanager
    async def acquire_spare(self, keep: int) -> AsyncIterator[Connection | None]:
        """Acquire a connection for optional work if no other request has to wait, else None.

        Args:
            keep: Connections to leave to other uses; at least one is.

        Raises:
            DatabaseUnavailable: Opening a connection failed.
        """
        if self._spare >= self.size - max(1, keep) or not self.connections.has_room:
            yield None
            return
        self._spare += 1
        try:
            async with self.acquire(recorded=True) as connection:
                yield connection
        finally:
            self._spare -= 1

    async def close(self) -> None:
        """Close all connections, those in use after a few seconds; safe to call again."""
        await self.key_reads.close()
        await self.connections.close()
        await self._connector.close()

    async def _run(
        self,
        work: Callable[[Connection], Awaitable[T]],
        identity: Identity,
        latency: Latency = UNTIMED,
    ) -> T:
        """Run work on a connection; if that is lost, once more on a new one."""
        pool = self.connections
        connection = pool.try_acquire(identity, latency) or await pool.acquire(latency)
        try:
            result = await work(connection)
        except RAISED as error:
            if pool.closed or not is_loss(error):
                raise self._failure(connection, error) from error
        except BaseException:
            pool.discard(connection)
            raise
        else:
            pool.release(connection)
            return result
        return await self._retry(connection, work)

    async def _retry(self, lost: Connection, work: Callable[[Connection], Awaitable[T]]) -> T:
        """Run work once more, on a new connection that replaces the lost one."""
        connection = await self.connections.replace(lost)
        try:
            result = await work(connection)
        except RAISED as error:
            raise self._failure(connection, error) from error
        except BaseException:
            self.connections.discard(connection)
            raise
        self.connections.release(connection)
        return result

    async def _observed(
        self,
        sql: str,
        args: Sequence[Any],
        identity: Identity,
        budget: Budget,
        connection: Connection,
    ) -> list[Record]:
        """Run a read whose result may be stored."""
        steady = await self._isolate(connection, identity)
        connection.isolated = False
        rows = await timed_read(connection, sql, args, budget)
        await _note(connection, steady=steady)
        return rows

    async def _isolate(self, connection: Connection, identity: Identity) -> bool:
        """Discard old plans of a connection; return whether its settings are unchanged."""
        try:
            roles, steady = await connection.isolate(identity)
        except InsufficientPrivilegeError:
            # The role may not read the catalog: its result is not stored.
            await connection.set_identity(identity)
            return False
        self._compare_roles(roles, connection)
        return steady

    def _compare_roles(self, roles: int, current: Connection | None) -> None:
        if self._roles not in (None, roles):
            self.connections.outdate(but=current)
        self._roles = roles

    async def _set_identity(self, connection: Connection, identity: Identity) -> bool:
        """Set the identity of an acquired connection; return whether plans are current."""
        steady = True
        try:
            if observation.get() is None:
                await connection.set_identity(identity)
            else:
                steady = await self._isolate(connection, identity)
            await connection.discard_foreign_plans()
        except RAISED as error:
            raise mapped_setting_identity(error) from error
        return steady

    def _failure(self, connection: Connection, error: Exception) -> FraiseQLError:
        """Return the connection to the pool, and the error of its statement."""
        failure = mapped_setting_identity(error) if connection.identity is None else mapped(error)
        self.connections.put_back(connection)
        return failure


async def open_pool(
    url: str,
    settings: Settings,
    server_settings: Mapping[str, str] | None = None,
    *,
    own_path: bool = False,
) -> Pool:
    """Open a pool for ``url``.

    ``embedded:`` starts or joins the server in ``data_dir``; others connect at the first statement.

    Args:
        url: ``postgresql://…`` or ``embedded:``.
        settings: Settings of the application.
        server_settings: Settings of the server that replace the default ones.
        own_path: Whether unqualified names are PostgreSQL's own in every statement, for pools that
            run no SQL of developers.

    Raises:
        ConfigurationError: The address is invalid; the message does not show its password.
        EmbeddedServerError: The embedded PostgreSQL does not start.
    """
    connector = await Connector.prepare(url, settings, server_settings, own_path=own_path)
    return Pool(connector, settings)


async def _read(
    sql: str, args: Sequence[Any], identity: Identity, budget: Budget, connection: Connection
) -> list[Record]:
    await connection.set_identity(identity)
    connection.isolated = False
    return await timed_read(connection, sql, args, budget)


async def _inspect(sql: str, args: Sequence[Any], connection: Connection) -> list[Record]:
    await connection.clear_identity()
    return await connection.inspect(sql, args)


async def _inspect_at(
    sql: str, args: Sequence[Any], server: Origin | None, connection: Connection
) -> tuple[list[Record], Origin] | None:
    await connection.clear_identity()
    if server is not None and not server.same_server(connection.origin):
        return None
    return await connection.inspect(sql, args), connection.origin


async def _read_state(connection: Connection) -> tuple[list[Record], Origin]:
    await connection.clear_identity()
    return await connection.read(STATE, ()), connection.origin


async def _note(connection: Connection, *, steady: bool) -> None:
    """Record the use of a connection; if its settings have changed, it is not used again."""
    observed = observation.get()
    unchanged = await connection.has_initial_settings()
    if not unchanged:
        connection.generation = _ENDED
    if observed is not None:
        observed.note(connection.origin, steady=steady and unchanged)
