"""One connection and the identity that it carries."""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

import asyncpg

from fraiseql.bounded import Bounded
from fraiseql.database.bounding import UNBOUNDED, BoundedProtocol, Budget
from fraiseql.database.failures import RAISED, mapped
from fraiseql.database.identity import Identity
from fraiseql.database.latency import UNTIMED, Latency, Priority
from fraiseql.database.origin import STATE, Origin
from fraiseql.database.pooler import Pooling
from fraiseql.errors import ConfigurationError, ResponseTooLarge
from fraiseql.sql_names import OWN_PATH, OWN_PATH_OF_TRANSACTION

_RESET: Final = (
    "RESET SESSION AUTHORIZATION; RESET ROLE; RESET ALL; CLOSE ALL; UNLISTEN *; "
    "SELECT pg_catalog.pg_advisory_unlock_all(); DISCARD TEMP; DISCARD SEQUENCES"
)
# DISCARD ALL would do it in one word, but also throw away every prepared statement.

_PAST_RESET: Final = re.compile(r"(?im)(?:^|;|\*/)\s*(?:prepare|deallocate|discard|load)\b")
"""Commands whose effect on a connection ``_RESET`` does not undo."""


_MOST_STATEMENTS: Final = 1_000
"""Statements that stay prepared on one connection."""

_SAVEPOINT: Final = "SAVEPOINT fraiseql_types"
_LOADED: Final = "SELECT pg_catalog.pg_conf_load_time()"

_INVALID: Final = (
    asyncpg.exceptions.OutdatedSchemaCacheError,
    asyncpg.InvalidCachedStatementError,
)


class Connection(asyncpg.Connection):
    """A connection that knows whose role and variables it carries.

    Attributes:
        identity: Role and variables set on the connection; None while they are unknown. Such a
            connection is closed or reset before the next use.
        tainted: Whether a statement ran whose effect a reset does not undo.
        reads: The framework's own statements that are prepared on the connection, by their text,
            and by the role that runs them.
        origin: The server, and the settings that the connection began with.
        generation: Number of the pool's generation of connections that it belongs to.
        settled: Whether nothing ran since ``settle`` that may have set anything.
        outdated: Whether roles changed since its plans were made.
        roles: Digest of all roles when its plans were last thrown away; None before that.
        since: When it was acquired.
        plans_role: Role that last ran a developer's own SQL on the connection.
        latency: Of the statement that it was acquired for.
        priority: Class of the statement that holds it; of one that is free, KEY.
        pooling: How a pooler in front of PostgreSQL shares servers, or ``none``.
        own_path: Whether names without a schema are always PostgreSQL's own: no statement of a
            developer runs on the connection.
    """

    __slots__ = (
        "bound",
        "generation",
        "identity",
        "latency",
        "origin",
        "outdated",
        "own_path",
        "plans_role",
        "pooling",
        "priority",
        "reads",
        "roles",
        "settled",
        "since",
        "tainted",
    )
    bound: BoundedProtocol
    identity: Identity | None
    tainted: bool
    reads: Bounded[str | tuple[str, str], Any]
    origin: Origin
    generation: int
    settled: bool
    outdated: bool
    roles: int | None
    plans_role: str | None
    own_path: bool
    pooling: Pooling
    latency: Latency
    priority: Priority
    since: float
    _protocol: Any
    _transport: Any

    def begin(self, origin: Origin, prepared_bytes: int) -> None:
        """Note what holds for a connection that was just made.

        Args:
            origin: Its server and settings.
            prepared_bytes: Most bytes of SQL that stay prepared on it.
        """
        self.bound = BoundedProtocol(self._protocol, self._transport)
        self._transport.set_protocol(self.bound)
        self.identity = Identity.NONE
        self.tainted = False
        # The driver closes a statement that nobody holds any more.
        self.reads = Bounded(_MOST_STATEMENTS, prepared_bytes)
        self.origin = origin
        self.generation = 0
        self.latency = UNTIMED
        self.priority = Priority.KEY
        self.since = 0.0
        self.settled = True
        self.outdated = False
        self.roles = None
        self.plans_role = None
        self.own_path = False

    async def keep_own_path(self) -> None:
        """Have names without a schema be PostgreSQL's own from now on, after a reset too."""
        self.own_path = True
        await self.execute(OWN_PATH)

    async def inspect(self, sql: str, args: Sequence[Any]) -> list[asyncpg.Record]:
        """Run a statement of the framework's own in which names without a schema are PostgreSQL's.

        It is in a transaction of its own, so that this works through any pooler.
        """
        if self.own_path:
            return await self.read(sql, args)
        await self.execute(f"BEGIN; {OWN_PATH_OF_TRANSACTION}")
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
        """Run a statement of the framework's own, prepared when it is met first.

        Args:
            sql: The statement.
            args: Values of its parameters.
            budget: Bytes that it may return.

        Raises:
            ResponseTooLarge: It returned more; the connection is cut.
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

        The driver's ``fetch`` does the same through five more calls, which take longer than the
        binding itself; so this goes to the driver's protocol, and back to ``fetch`` where a
        changed schema has made the prepared statement invalid.
        """
        if not self.reads.takes(len(sql)):
            return await self.fetch(sql, *args)
        identity = self.identity
        role = None if identity is None else identity.role
        # A plan may hold what one role alone may run: a function that was put in place of its call.
        key = sql if role is None else (role, sql)
        statement = self.reads.get(key)
        if statement is None:
            statement = await self._learn(key, sql)
        state = statement._state  # noqa: SLF001 - see above
        try:
            rows: list[asyncpg.Record] = await self._protocol.bind_execute(
                state, args, "", 0, False, None
            )
        except _INVALID:
            self.reads.remove(key)
            return await self.fetch(sql, *args)
        return rows

    async def _learn(self, key: str | tuple[str, str], sql: str) -> Any:
        return self.reads.put(key, await self.prepare(sql), len(sql))

    async def _introspect_types(self, *args: Any) -> Any:
        """Have the driver ask about types that it does not know: its query qualifies no names."""
        inside = self.is_in_transaction()
        await self.execute(f"{_SAVEPOINT if inside else 'BEGIN'}; {OWN_PATH_OF_TRANSACTION}")
        found = await super()._introspect_types(*args)  # type: ignore[misc]
        undo = f"ROLLBACK TO {_SAVEPOINT}; RELEASE {_SAVEPOINT}"
        await self.execute(undo if inside else "COMMIT")
        return found

    @contextmanager
    def foreign(self, sql: str) -> Iterator[None]:
        """Surround a statement that is not ours: what it may leave is noted, its failure mapped."""
        if _PAST_RESET.search(sql) is not None:
            self.tainted = True
        try:
            yield
        except RAISED as error:
            raise mapped(error) from error

    async def assume(self, wanted: Identity) -> None:
        """Carry ``wanted`` and nothing of the identity before it, with one statement."""
        if self.outdated:
            await self.renew()
        before = self.identity
        if before == wanted:
            return
        if self.pooling == "transaction":
            raise ConfigurationError(
                "A role and session variables cannot be kept apart through a pooler that shares"
                " servers between transactions.",
                hint="Set pool_mode = session in PgBouncer for this database, or connect without"
                " it.",
            )
        # Known again only when the server has answered: a cancelled or failed change leaves None.
        self.identity = None
        pairs = _changes(before or Identity.NONE, wanted)
        calls = ", ".join(
            f"pg_catalog.set_config(${n}, ${n + 1}, false)" for n in range(1, len(pairs), 2)
        )
        await self.fetch(f"SELECT {calls}", *pairs)
        self.identity = wanted

    async def reset_session(self) -> None:
        """Undo whatever a statement that is not ours may have set."""
        self.identity = None
        if self.is_in_transaction():
            await self.execute("ROLLBACK")
        await self.execute(f"{_RESET}; {OWN_PATH}" if self.own_path else _RESET)
        self.identity = Identity.NONE
        self.settled = True

    async def discard_foreign_plans(self) -> None:
        """Make ready for a developer's own SQL, whose statements the driver prepares for all roles.

        A plan that was made for another role is thrown away.
        """
        role = None if self.identity is None else self.identity.role
        if role != self.plans_role:
            await self.execute("DISCARD PLANS")
            self.plans_role = role

    async def renew(self) -> None:
        """Throw plans and identity away: both were checked against rights that have changed.

        PostgreSQL keeps the plan of a query under row security when memberships and attributes of
        roles change, and does not ask again whether a role may be taken on.
        """
        self.outdated = False
        await self.reset_session()
        await self.execute("DISCARD PLANS")

    async def settle(self, identity: Identity) -> tuple[int, bool]:
        """Have what runs next depend on nothing that ran before.

        Returns the digest of all roles, and whether a connection that is made now begins with the
        same settings.
        """
        if not self.settled:
            await self.reset_session()
        rows = await self.read(STATE, ())
        roles: int = rows[0]["roles"]
        if roles != self.roles:
            await self.renew()
            self.roles = roles
        await self.assume(identity)
        origin = self.origin
        return roles, rows[0]["altered"] == origin.altered and rows[0]["loaded"] == origin.loaded

    async def is_steady(self) -> bool:
        """Whether the settings are those that the connection began with.

        Values of the server's files that a running connection has read again are others.
        """
        loaded: bool = (await self.read(_LOADED, ()))[0][0] == self.origin.loaded
        return loaded


def _changes(before: Identity, wanted: Identity) -> list[str | None]:
    """Return names and values in turn; None stands for what the connection began with."""
    variables: dict[str, str | None] = dict.fromkeys(name for name, _ in before.variables)
    variables.update(wanted.variables)
    pairs: list[str | None] = []
    if before.role != wanted.role:
        pairs += ["role", wanted.role]
    for name, value in variables.items():
        pairs += [name, value]
    return pairs
