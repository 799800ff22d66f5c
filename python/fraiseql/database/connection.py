"""A connection and its identity."""

import asyncio
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final

import asyncpg

from fraiseql.bounded import Bounded
from fraiseql.database.bounding import UNBOUNDED, BoundedProtocol, Budget
from fraiseql.database.built_in_types import BUILT_IN
from fraiseql.database.endpoint import Endpoint
from fraiseql.database.failures import RAISED, mapped
from fraiseql.database.identity import Identity
from fraiseql.database.latency import UNTIMED, Latency, Priority
from fraiseql.database.origin import STATE, Origin
from fraiseql.database.pooler import Pooler, Pooling
from fraiseql.errors import ConfigurationError, ResponseTooLarge
from fraiseql.sql_names import OWN_PATH, OWN_PATH_OF_TRANSACTION

_RESET: Final = (
    "RESET SESSION AUTHORIZATION; RESET ROLE; RESET ALL; CLOSE ALL; UNLISTEN *; "
    "SELECT pg_catalog.pg_advisory_unlock_all(); DISCARD TEMP; DISCARD SEQUENCES"
)
# DISCARD ALL would also deallocate all prepared statements.

_PAST_RESET: Final = re.compile(r"(?im)(?:^|;|\*/)\s*(?:prepare|deallocate|discard|load)\b")
"""Commands with effects that ``_RESET`` does not undo."""


_NOT_SEPARATED: Final[Mapping[Pooling, str]] = {
    "transaction": "A role and session variables cannot be separated through a pooler that shares"
    " servers between transactions.",
    "unknown": "A role and session variables are refused, since the pooler has only one server for"
    " all: it is not known whether it shares servers between transactions.",
}
"""Why identities are refused, by how the pooler shares servers."""

_MOST_STATEMENTS: Final = 1_000
"""Statements that stay prepared on one connection."""

_RECURSIVE: Final = "WITH RECURSIVE"
# PostgreSQL allocates and clears the hash tables of a recursive query as it starts, for as many
# rows as it estimates: megabytes for the few rows of a catalog, in a third of the statement's time.
_SMALL_TABLES: Final = "; SET LOCAL work_mem = '256kB'"

_SAVEPOINT: Final = "SAVEPOINT fraiseql_types"
_LOADED: Final = "SELECT pg_catalog.pg_conf_load_time()"

_INVALID: Final = (
    asyncpg.exceptions.OutdatedSchemaCacheError,
    asyncpg.InvalidCachedStatementError,
)


class Connection(asyncpg.Connection):
    """A connection of the driver with an identity and statistics.

    Attributes:
        identity: Role and variables set on the connection; None while they are unknown. Such a
            connection is closed or reset before the next use.
        tainted: Whether a statement had effects that a reset does not undo.
        reads: Prepared statements of the framework, by their text and role.
        origin: The server, and the initial settings.
        endpoint: The server, for other connections to it.
        generation: Generation of the pool in which it was opened.
        isolated: Whether no statement since ``isolate`` may have changed settings.
        outdated: Whether roles have changed since its plans were made.
        roles: Digest of all roles when its plans were last discarded; None before that.
        since: Time of its acquisition.
        plans_role: Role that last ran SQL of a developer on the connection.
        latency: Latency of the statement that holds it.
        priority: Class of that statement; KEY for a free connection.
        pooler: The pooler in front of PostgreSQL, shared by all connections of a pool.
        own_path: Whether unqualified names are always PostgreSQL's own: no SQL of developers runs
            on the connection.
    """

    __slots__ = (
        "bound",
        "endpoint",
        "generation",
        "identity",
        "isolated",
        "latency",
        "origin",
        "outdated",
        "own_path",
        "plans_role",
        "pooler",
        "priority",
        "reads",
        "roles",
        "since",
        "tainted",
    )
    bound: BoundedProtocol
    endpoint: Endpoint
    identity: Identity | None
    tainted: bool
    reads: Bounded[str | tuple[str, str], Any]
    origin: Origin
    generation: int
    isolated: bool
    outdated: bool
    roles: int | None
    plans_role: str | None
    own_path: bool
    pooler: Pooler
    latency: Latency
    priority: Priority
    since: float
    _protocol: Any
    _transport: Any

    def begin(self, origin: Origin, prepared_bytes: int) -> None:
        """Initialise a connection that was just opened.

        Args:
            origin: Its server and settings.
            prepared_bytes: Maximum bytes of SQL that stay prepared on it.
        """
        self.bound = BoundedProtocol(self._protocol, self._transport)
        self._transport.set_protocol(self.bound)
        self.identity = Identity.NONE
        self.tainted = False
        # The driver closes statements without references.
        self.reads = Bounded(_MOST_STATEMENTS, prepared_bytes)
        self.origin = origin
        self.generation = 0
        self.latency = UNTIMED
        self.priority = Priority.KEY
        self.since = 0.0
        self.isolated = True
        self.outdated = False
        self.roles = None
        self.plans_role = None
        self.own_path = False

    @property
    def transport(self) -> asyncio.Transport:
        """The transport under the driver's protocol."""
        transport: asyncio.Transport = self._transport
        return transport

    async def set_own_path(self) -> None:
        """Resolve unqualified names to PostgreSQL's own from now on, also after a reset."""
        self.own_path = True
        await self.execute(OWN_PATH)

    async def inspect(self, sql: str, args: Sequence[Any]) -> list[asyncpg.Record]:
        """Run a statement of the framework whose unqualified names are PostgreSQL's own.

        It runs in its own transaction, so that this works through any pooler.
        """
        if self.own_path:
            return await self.read(sql, args)
        small = _SMALL_TABLES if _RECURSIVE in sql else ""
        await self.execute(f"BEGIN; {OWN_PATH_OF_TRANSACTION}{small}")
        try:
            rows = await self.read(sql, args)
        except RAISED:
            if not self.is_closed():
                await self.execute("ROLLBACK")
            raise
        await self.execute("COMMIT")
        return rows

    async def read(
        self, sql: str, args: Sequence[Any], budget: Budget = UNBOUNDED
    ) -> list[asyncpg.Record]:
        """Run a statement of the framework; the first use prepares it.

        Args:
            sql: The statement.
            args: Values of its parameters.
            budget: Bytes that it may return.

        Raises:
            ResponseTooLarge: It returned more; the connection was closed.
        """
        self.bound.budget = budget
        try:
            return await self._read(sql, args)
        except RAISED:
            if self.bound.exceeded:
                raise ResponseTooLarge(budget.most) from None
            raise
        finally:
            self.bound.budget = UNBOUNDED

    async def _read(self, sql: str, args: Sequence[Any]) -> list[asyncpg.Record]:
        """Run a statement.

        The driver's ``fetch`` needs five more calls, which take longer than the binding itself. So
        this calls the driver's protocol, and ``fetch`` where a changed schema has made the prepared
        statement invalid.
        """
        if not self.reads.takes(len(sql)):
            return await self.fetch(sql, *args)
        identity = self.identity
        role = None if identity is None else identity.role
        # A plan may inline a function that only one role may call.
        key = sql if role is None else (role, sql)
        statement = self.reads.get(key)
        if statement is None:
            statement = await self._prepare_read(key, sql)
        state = statement._state  # noqa: SLF001 - see above
        try:
            rows: list[asyncpg.Record] = await self._protocol.bind_execute(
                state, args, "", 0, False, None
            )
        except _INVALID:
            self.reads.remove(key)
            return await self.fetch(sql, *args)
        return rows

    async def _prepare_read(self, key: str | tuple[str, str], sql: str) -> Any:
        return self.reads.put(key, await self.prepare(sql), len(sql))

    async def parse(self, sql: str) -> None:
        """Have the server parse a statement that will not run."""
        # Without the queries by which the driver loads the types of its columns.
        await self._protocol.prepare("", sql, None, record_class=asyncpg.Record)

    async def _introspect_types(self, numbers: Collection[int], timeout: float | None) -> Any:  # noqa: ASYNC109 - the driver's
        """Load types for the driver, whose query does not qualify names."""
        version = self.get_server_version()
        if known := BUILT_IN.get(version, numbers):
            return known
        inside = self.is_in_transaction()
        begin = _SAVEPOINT if inside else "BEGIN"
        await self.execute(f"{begin}; {OWN_PATH_OF_TRANSACTION}{_SMALL_TABLES}")
        types, statement = await super()._introspect_types(numbers, timeout)  # type: ignore[misc]
        undo = f"ROLLBACK TO {_SAVEPOINT}; RELEASE {_SAVEPOINT}"
        await self.execute(undo if inside else "COMMIT")
        BUILT_IN.put(version, numbers, types)
        return types, statement

    @contextmanager
    def developer_sql(self, sql: str) -> Iterator[None]:
        """Run a statement of a developer: record lasting effects, and map its errors."""
        if _PAST_RESET.search(sql) is not None:
            self.tainted = True
        try:
            yield
        except RAISED as error:
            raise mapped(error) from error

    async def set_identity(self, identity: Identity) -> None:
        """Replace the identity of the connection with one statement."""
        if self.outdated:
            await self.discard_plans()
        before = self.identity
        if before == identity:
            return
        refusal = _NOT_SEPARATED.get(self.pooler.pooling)
        if refusal is not None:
            raise ConfigurationError(
                refusal,
                hint="Set pool_mode = session in PgBouncer for this database, or connect without"
                " it.",
            )
        # Set when the server has answered: a cancelled or failed change leaves None.
        self.identity = None
        pairs = _changes(before or Identity.NONE, identity)
        calls = ", ".join(
            f"pg_catalog.set_config(${n}, ${n + 1}, false)" for n in range(1, len(pairs), 2)
        )
        await self.fetch(f"SELECT {calls}", *pairs)
        self.identity = identity

    async def clear_identity(self) -> None:
        """Remove the identity."""
        if self.outdated or self.identity is not Identity.NONE:
            await self.set_identity(Identity.NONE)

    async def reset_session(self) -> None:
        """Undo the effects of SQL of developers."""
        self.identity = None
        if self.is_in_transaction():
            await self.execute("ROLLBACK")
        await self.execute(f"{_RESET}; {OWN_PATH}" if self.own_path else _RESET)
        self.identity = Identity.NONE
        self.isolated = True

    async def discard_foreign_plans(self) -> None:
        """Discard plans of another role: the driver shares prepared statements between roles."""
        role = None if self.identity is None else self.identity.role
        if role != self.plans_role:
            await self.execute("DISCARD PLANS")
            self.plans_role = role

    async def discard_plans(self) -> None:
        """Discard plans and identity, which were checked against privileges that have changed.

        PostgreSQL does not replan a query under row security when memberships and attributes of
        roles change, and does not check again whether SET ROLE is allowed.
        """
        self.outdated = False
        await self.reset_session()
        await self.execute("DISCARD PLANS")

    async def isolate(self, identity: Identity) -> tuple[int, bool]:
        """Make the next statement independent of earlier ones.

        Returns the digest of all roles, and whether a new connection would begin with the same
        settings.
        """
        if not self.isolated:
            await self.reset_session()
        rows = await self.read(STATE, ())
        roles: int = rows[0]["roles"]
        if roles != self.roles:
            await self.discard_plans()
            self.roles = roles
        await self.set_identity(identity)
        origin = self.origin
        return roles, rows[0]["altered"] == origin.altered and rows[0]["loaded"] == origin.loaded

    async def has_initial_settings(self) -> bool:
        """Return whether the settings are the initial ones.

        They change when a running connection reads the configuration files again.
        """
        loaded: bool = (await self.read(_LOADED, ()))[0][0] == self.origin.loaded
        return loaded


def _changes(before: Identity, after: Identity) -> list[str | None]:
    """Return alternating names and values; None resets to the initial value."""
    variables: dict[str, str | None] = dict.fromkeys(name for name, _ in before.variables)
    variables.update(after.variables)
    pairs: list[str | None] = []
    if before.role != after.role:
        pairs += ["role", after.role]
    for name, value in variables.items():
        pairs += [name, value]
    return pairs
