"""Detection of poolers such as PgBouncer, and checks of their limits."""

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any, Final, Literal, NamedTuple, TypeAlias

import asyncpg

from fraiseql.errors import ConfigurationError

Pooling = Literal["none", "session", "transaction", "unknown"]
"""How a pooler shares servers; ``unknown`` where it has no second one now."""

DriverConnection: TypeAlias = "asyncpg.Connection[Any]"

_ATTEMPTS: Final = 5
_PATIENCE: Final = 2.0
"""Seconds to wait for a server of the pooler."""

_NAME: Final = "fraiseql_probe"
_PID: Final = "SELECT pg_catalog.pg_backend_pid()"
_PARAMETER: Final = re.compile(r"unsupported startup parameter(?: in options)?: (\S+)")
_LOST_STATEMENT: Final = (
    asyncpg.InvalidSQLStatementNameError,
    asyncpg.DuplicatePreparedStatementError,
)
_UNITS: Final[Mapping[str, int]] = {
    "ms": 1,
    "s": 1_000,
    "min": 60_000,
    "h": 3_600_000,
    "d": 86_400_000,
}


@dataclass(slots=True)
class Pooler:
    """The pooler, if any, in front of the server of a pool's connections.

    Attributes:
        pooling: How it shares servers.
    """

    pooling: Pooling = "unknown"

    def found(self, pooling: Pooling) -> None:
        """Note the result of a probe; one that saw nothing changes nothing."""
        if self.pooling == "unknown":
            self.pooling = pooling


class SettingsCheck(NamedTuple):
    """Check of a connection's settings.

    Attributes:
        statement: Returns the settings as one text.
        result: Its result on a connection whose settings are right.
    """

    statement: str
    result: str


def refused_parameter(
    error: BaseException, settings: Mapping[str, str]
) -> ConfigurationError | None:
    """Return the error of a start-up parameter that a pooler refused; None for other errors."""
    match = _PARAMETER.search(str(error))
    if match is None:
        return None
    names = ", ".join(name for name in settings if name != "application_name")
    return ConfigurationError(
        f"PgBouncer refused the start-up parameter {match[1]}.",
        hint=f"Write in pgbouncer.ini: ignore_startup_parameters = {names}\n  and set the same"
        f" settings for the role, which the next start checks: {_alter('api', settings)}",
    )


async def find_pooling(
    connection: DriverConnection, another: Callable[[], Awaitable[DriverConnection]]
) -> Pooling:
    """Detect a pooler, and whether it shares servers between transactions.

    Where that cannot be seen now, a later connection may see it.

    Args:
        connection: A new connection.
        another: Opens another connection in the same way.

    Raises:
        ConfigurationError: Prepared statements do not work through it.
        PostgresError, OSError: A query failed.
    """
    try:
        pid = await connection.fetchval(_PID)
        # A pooler sends its own number to a client, for cancelling.
        if pid == connection.get_server_pid():
            return "none"
        return await _shared(connection, pid, another)
    except _LOST_STATEMENT as error:
        raise _no_prepared_statements() from error


async def _shared(
    connection: DriverConnection, first: int, another: Callable[[], Awaitable[DriverConnection]]
) -> Pooling:
    try:
        other = await another()
    except (TimeoutError, asyncpg.PostgresError):
        return "unknown"
    try:
        if await _have_two_servers(connection, other):
            return await _compared(connection, other, first)
    finally:
        with suppress(asyncpg.PostgresError, OSError):
            await other.close(timeout=1)
    return await _of_one_server(connection, another)


async def _have_two_servers(connection: DriverConnection, other: DriverConnection) -> bool:
    """Return whether the other connection has a server while this one uses one."""
    async with connection.transaction():
        await connection.fetchval(_PID)
        try:
            await other.fetchval(_PID, timeout=_PATIENCE)
        except (TimeoutError, asyncpg.PostgresError, OSError):
            return False
    return True


async def _compared(connection: DriverConnection, other: DriverConnection, first: int) -> Pooling:
    statement = await connection.prepare(_PID)
    pooling: Pooling = "session"
    for _ in range(_ATTEMPTS):
        pid = await statement.fetchval()
        async with other.transaction():
            other_pid = await other.fetchval(_PID)
            if other_pid == pid or pid != first:
                pooling = "transaction"
            # While the other connection has that server, this one gets another.
            await statement.fetchval()
    return pooling


async def _of_one_server(
    connection: DriverConnection, another: Callable[[], Awaitable[DriverConnection]]
) -> Pooling:
    """Compare two connections that do not use a server at the same time.

    Both prepare a statement of the same name: without prepared statements, the second is refused.
    """
    statement = await connection.prepare(_PID, name=_NAME)
    pid = await statement.fetchval()
    try:
        other = await another()
    except (TimeoutError, asyncpg.PostgresError):
        return "unknown"
    try:
        async with asyncio.timeout(_PATIENCE):
            same = await other.prepare(_PID, name=_NAME)
            return "transaction" if await same.fetchval() == pid else "unknown"
    except TimeoutError:
        return "unknown"
    finally:
        other.terminate()


async def shared_server(url: str, patience: float) -> tuple[int, int] | None:
    """Return two servers of one connection, if a pooler shares servers between transactions.

    They are those of two transactions of one connection, the second while another connection has
    the server of the first.

    Args:
        url: Address of the database.
        patience: Seconds to wait.

    Returns:
        Two process ids; None if each connection keeps its server, or cannot be opened.
    """
    with suppress(asyncpg.PostgresError, OSError, TimeoutError, ValueError):
        async with asyncio.timeout(patience), _opened(url) as first, _opened(url) as other:
            for _ in range(_ATTEMPTS):
                before = await _server_of(first)
                async with other.transaction():
                    held = await other.fetchval(_PID)
                    after = await _server_of(first)
                if held == before or after != before:
                    return before, after
    return None


@asynccontextmanager
async def _opened(url: str) -> AsyncIterator[DriverConnection]:
    # Without prepared statements, which a shared server loses.
    connection = await asyncpg.connect(url, statement_cache_size=0)
    try:
        yield connection
    finally:
        connection.terminate()


async def _server_of(connection: DriverConnection) -> int:
    async with connection.transaction():
        pid: int = await connection.fetchval(_PID)
        return pid


def _no_prepared_statements() -> ConfigurationError:
    return ConfigurationError(
        "The pooler in front of PostgreSQL shares servers between transactions and does not"
        " support prepared statements.",
        hint="Use PgBouncer 1.21 or newer with max_prepared_statements = 1000, or pool_mode ="
        " session.",
    )


async def check_settings(
    connection: DriverConnection, settings: Mapping[str, str]
) -> SettingsCheck:
    """Check the settings of the start-up message, which a pooler may have ignored.

    Returns:
        The same check for other connections.

    Raises:
        ConfigurationError: Some were ignored; the message shows how to set them for the role.
        PostgresError, OSError: A query failed.
    """
    names = [name for name in settings if name != "application_name"]
    row = await connection.fetchrow(
        "SELECT session_user::pg_catalog.text AS role, ARRAY(SELECT pg_catalog.current_setting(n)"
        " FROM pg_catalog.unnest($1::pg_catalog.text[]) WITH ORDINALITY AS u (n, place)"
        " ORDER BY place) AS held",
        names,
    )
    assert row is not None  # noqa: S101 - the query has no FROM
    actual = dict(zip(names, row["held"], strict=True))
    wrong = {name: settings[name] for name in names if not _equal(actual[name], settings[name])}
    if wrong:
        shown = ", ".join(
            f"{name} is {actual[name]!r}, not {value!r}" for name, value in wrong.items()
        )
        raise ConfigurationError(
            f"The pooler in front of PostgreSQL ignored settings of the connection: {shown}.",
            hint=f"Set them for the role: {_alter(row['role'], wrong)} and reconnect the pooler.",
        )
    return _check_of(actual)


def _check_of(settings: Mapping[str, str]) -> SettingsCheck:
    names = ", ".join("'" + name.replace("'", "''") + "'" for name in settings)
    return SettingsCheck(
        "SELECT pg_catalog.string_agg(pg_catalog.current_setting(n), pg_catalog.chr(10)"  # noqa: S608
        f" ORDER BY place) FROM pg_catalog.unnest(ARRAY[{names}]::pg_catalog.text[])"
        " WITH ORDINALITY AS u (n, place)",
        "\n".join(settings.values()),
    )


def _alter(role: str, settings: Mapping[str, str]) -> str:
    name = '"' + role.replace('"', '""') + '"'
    return " ".join(
        f"ALTER ROLE {name} SET {setting} = '{value}';"
        for setting, value in settings.items()
        if setting not in ("application_name", "client_encoding")
    )


def _equal(actual: str, expected: str) -> bool:
    """Return whether PostgreSQL's text of a setting has the expected value."""
    if actual.lower() == expected.lower() or actual.lower().startswith(f"{expected.lower()}, "):
        return True
    time = re.fullmatch(r"(\d+)(ms|s|min|h|d)", actual)
    return time is not None and str(int(time[1]) * _UNITS[time[2]]) == expected
