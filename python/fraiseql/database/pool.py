"""The pool: what runs statements; a read costs its own round trip and no other."""

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
from fraiseql.database.failures import RAISED, is_loss, mapped, mapped_assuming
from fraiseql.database.identity import Identity
from fraiseql.database.latency import UNTIMED, Latencies, Latency, Priority
from fraiseql.database.observing import observation
from fraiseql.database.origin import STATE, Origin
from fraiseql.errors import FraiseQLError
from fraiseql.settings import Settings

T = TypeVar("T")

_ENDED: Final = -1
"""Generation of a connection that is not to be used again."""


class Pool:
    """Connections of one process to one database, made when first needed; see ``open_pool``.

    Read-only mode, ``statement_timeout`` and the formats of values are set as a connection is made,
    so that a read is one round trip. Behind PgBouncer older than 1.21 in transaction mode prepared
    statements do not work, and session variables never do: connect to PostgreSQL itself, or use
    session mode with ``ignore_startup_parameters`` naming the settings that it complains about.

    Args:
        connector: Makes connections.
        settings: ``pool_size``, ``reserved_share`` and ``connect_timeout`` count.

    Attributes:
        size: Most connections at a time.
        latencies: How long statements took, which decides which queue they wait in.
        on_replaced: Called when all connections are replaced.
    """

    def __init__(self, connector: Connector, settings: Settings) -> None:
        self._connector = connector
        self.size: Final = max(1, settings.pool_size)
        share, patience = settings.reserved_share, settings.connect_timeout
        self._connections = ConnectionPool(connector, self.size, share, patience)
        self.latencies: Final = Latencies()
        self._spare = 0
        self._max_bytes = settings.max_response_bytes
        self._roles: int | None = None
        self.on_replaced: Callable[[], None] | None = None

    @property
    def server_version(self) -> int:
        """``server_version_num`` of the server, such as 150018; 0 before the first connection."""
        return self._connector.server_version

    def budget(self) -> Budget:
        """Return the bytes that the statements of one request may return (max_response_bytes)."""
        return Budget(self._max_bytes)

    def usage(self) -> Mapping[Priority, Usage]:
        """Return how many connections each class of statements holds and waits for."""
        return self._connections.usage()

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

        When the connection is lost meanwhile, the statement runs once more on a new one.

        Args:
            sql: A statement that sets nothing; ``$1`` and so on stand for ``args``.
            args: Values of the parameters, in the Python types that the driver encodes.
            identity: Role and session variables to run under.
            budget: Bytes that the rows may have; see ``budget``.
            latency: Of the statement: decides which queue it waits in.

        Raises:
            ResponseTooLarge: The rows have more bytes.
            DatabaseUnavailable: No connection could be had, or it was lost twice.
            StatementTimeout: ``statement_timeout`` passed.
            InputError: A value cannot be used.
            SourceError: A relation or column does not exist.
            DatabaseError: The server failed otherwise.
        """
        if observation.get() is not None:
            work = partial(self._observed, sql, args, identity, budget)
            return await self._run(work, identity, latency)
        pool = self._connections
        connection = pool.try_acquire(identity, latency) or await pool.acquire(latency)
        try:
            if connection.outdated or connection.identity is not identity:
                await connection.assume(identity)
            connection.settled = False
            rows = await connection.read(sql, args, budget)
        except RAISED as error:
            if pool.closed or not is_loss(error):
                raise self._failure(connection, error) from error
        except BaseException:
            pool.discard(connection)
            raise
        else:
            pool.release(connection)
            return rows
        return await self._again(connection, partial(_read, sql, args, identity, budget))

    async def inspect(self, sql: str, args: Sequence[Any] = ()) -> list[Record]:
        """Run a statement that names nothing of the application's; return its rows.

        Names without a schema are PostgreSQL's own in it, whatever the search path is.

        Raises:
            FraiseQLError: As ``fetch_bytes``.
        """
        return await self._run(partial(_inspect, sql, args), Identity.NONE)

    async def fetch_at(
        self, sql: str, args: Sequence[Any] = (), server: Origin | None = None
    ) -> tuple[list[Record], Origin] | None:
        """Run a statement as ``inspect`` does; return its rows, and where it ran.

        Args:
            sql: A statement that sets nothing.
            args: Values of its parameters.
            server: Where it has to run. Where the free connection is one to another server, nothing
                is run and None is returned.

        Raises:
            FraiseQLError: As ``fetch_bytes``.
        """
        return await self._run(partial(_inspect_at, sql, args, server), Identity.NONE)

    def outdate(self) -> None:
        """Have no statement run with a plan, or a role, from before now: rights have changed."""
        self._connections.outdate()

    async def check(self) -> Origin:
        """Notice roles and settings that have changed; see ``outdate`` and ``replace_all``.

        Returns the origin of the connection that was asked.

        Raises:
            DatabaseError: The database cannot be asked.
        """
        (row,), origin = await self._run(partial(_read_at, STATE), Identity.NONE)
        self._compare_roles(row["roles"], None)
        if (row["altered"], row["loaded"]) != (origin.altered, origin.loaded):
            self.replace_all()
        return origin

    def replace_all(self) -> None:
        """Replace every connection by a new one: settings have changed."""
        self._connections.replace_all()
        if self.on_replaced is not None:
            self.on_replaced()

    async def ready(self) -> bool:
        """Whether the database answers, found out with one round trip."""
        try:
            await self.fetch_bytes("SELECT 1")
        except FraiseQLError:
            return False
        return True

    @asynccontextmanager
    async def acquire(
        self, identity: Identity = Identity.NONE, latency: Latency = UNTIMED
    ) -> AsyncIterator[Connection]:
        """Acquire a connection that carries ``identity``, to run any SQL.

        Afterwards it is reset in the background before anyone else has it; a block that is
        cancelled ends the connection, and with it the statement that runs.

        Args:
            identity: Role and session variables.
            latency: Of what runs in the block: decides which queue it waits in.

        Raises:
            DatabaseUnavailable: No connection could be had.
            DatabaseError: The role or a variable cannot be set.
        """
        pool = self._connections
        connection = pool.try_acquire(identity, latency) or await pool.acquire(latency)
        seen = observation.get()
        try:
            steady = await self._assume(connection, identity)
            yield connection
            if seen is not None:
                await _note(connection, steady=steady)
        except Exception:
            if seen is not None:
                seen.note(connection.origin, steady=False)
            pool.reset(connection, failed=True)
            raise
        except BaseException:
            pool.discard(connection)
            raise
        pool.reset(connection)

    @asynccontextmanager
    async def acquire_spare(self, keep: int) -> AsyncIterator[Connection | None]:
        """Acquire a connection as ``acquire`` does if no other request has to wait, else None.

        For what holds a connection long and can do without one.

        Args:
            keep: Connections that stay free of such use; one does in any case.

        Raises:
            DatabaseUnavailable: A connection could not be made.
        """
        pool = self._connections
        if self._spare >= self.size - max(1, keep) or not pool.has_room:
            yield None
            return
        self._spare += 1
        try:
            async with self.acquire() as connection:
                yield connection
        finally:
            self._spare -= 1

    async def close(self) -> None:
        """End every connection, after a few seconds also those in use; safe to call again."""
        await self._connections.close()
        await self._connector.close()

    async def _run(
        self,
        work: Callable[[Connection], Awaitable[T]],
        identity: Identity,
        latency: Latency = UNTIMED,
    ) -> T:
        """Have work done on a connection; when that is lost, once more on a new one."""
        pool = self._connections
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
        return await self._again(connection, work)

    async def _again(self, lost: Connection, work: Callable[[Connection], Awaitable[T]]) -> T:
        """Have work done once more, on a new connection in the place of the lost one."""
        connection = await self._connections.replace(lost)
        try:
            result = await work(connection)
        except RAISED as error:
            raise self._failure(connection, error) from error
        except BaseException:
            self._connections.discard(connection)
            raise
        self._connections.release(connection)
        return result

    async def _observed(
        self,
        sql: str,
        args: Sequence[Any],
        identity: Identity,
        budget: Budget,
        connection: Connection,
    ) -> list[Record]:
        """Run a read for something that may be stored."""
        steady = await self._settle(connection, identity)
        connection.settled = False
        rows = await connection.read(sql, args, budget)
        await _note(connection, steady=steady)
        return rows

    async def _settle(self, connection: Connection, identity: Identity) -> bool:
        """Have a connection run without old plans; return whether that could be done."""
        try:
            roles, steady = await connection.settle(identity)
        except InsufficientPrivilegeError:
            # The role may not read the catalog: it is answered, and nothing is stored.
            await connection.assume(identity)
            return False
        self._compare_roles(roles, connection)
        return steady

    def _compare_roles(self, roles: int, current: Connection | None) -> None:
        if self._roles not in (None, roles):
            self._connections.outdate(but=current)
        self._roles = roles

    async def _assume(self, connection: Connection, identity: Identity) -> bool:
        """Give an acquired connection an identity; return whether plans are current."""
        steady = True
        try:
            if observation.get() is None:
                await connection.assume(identity)
            else:
                steady = await self._settle(connection, identity)
            await connection.discard_foreign_plans()
        except RAISED as error:
            raise mapped_assuming(error) from error
        return steady

    def _failure(self, connection: Connection, error: Exception) -> FraiseQLError:
        """Put the connection back and return what the failure of its statement means."""
        meaning = mapped_assuming(error) if connection.identity is None else mapped(error)
        self._connections.put_back(connection)
        return meaning


async def open_pool(
    url: str,
    settings: Settings,
    server_settings: Mapping[str, str] | None = None,
    *,
    own_path: bool = False,
) -> Pool:
    """Make a pool for ``url``.

    ``embedded:`` starts, or joins, the PostgreSQL under ``settings.data_dir``. With any other
    address nothing is connected yet: the first statement connects.

    Args:
        url: ``postgresql://…`` or ``embedded:``.
        settings: Settings of the application.
        server_settings: Settings of the server that take the place of the usual ones.
        own_path: Whether names without a schema are PostgreSQL's own in every statement: nothing
            that a developer wrote is run.

    Raises:
        ConfigurationError: The address cannot be used; the message does not show its password.
        EmbeddedServerError: The embedded PostgreSQL does not start.
    """
    connector = await Connector.prepare(url, settings, server_settings, own_path=own_path)
    return Pool(connector, settings)


async def _read(
    sql: str, args: Sequence[Any], identity: Identity, budget: Budget, connection: Connection
) -> list[Record]:
    await connection.assume(identity)
    connection.settled = False
    return await connection.read(sql, args, budget)


async def _inspect(sql: str, args: Sequence[Any], connection: Connection) -> list[Record]:
    await _plain(connection)
    return await connection.inspect(sql, args)


async def _inspect_at(
    sql: str, args: Sequence[Any], server: Origin | None, connection: Connection
) -> tuple[list[Record], Origin] | None:
    await _plain(connection)
    if server is not None and not server.same_server(connection.origin):
        return None
    return await connection.inspect(sql, args), connection.origin


async def _read_at(sql: str, connection: Connection) -> tuple[list[Record], Origin]:
    await _plain(connection)
    return await connection.read(sql, ()), connection.origin


async def _plain(connection: Connection) -> None:
    """Have a connection carry no identity."""
    if connection.outdated or connection.identity is not Identity.NONE:
        await connection.assume(Identity.NONE)


async def _note(connection: Connection, *, steady: bool) -> None:
    """Note what ran on a connection; one whose settings have changed is not used again."""
    seen = observation.get()
    unchanged = await connection.is_steady()
    if not unchanged:
        connection.generation = _ENDED
    if seen is not None:
        seen.note(connection.origin, steady=steady and unchanged)
