"""Poolers such as PgBouncer between FraiseQL and PostgreSQL: found out, and what they refuse."""

import re
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from typing import Any, Final, Literal, TypeAlias

import asyncpg

from fraiseql.errors import ConfigurationError

Pooling = Literal["none", "session", "transaction"]
DriverConnection: TypeAlias = "asyncpg.Connection[Any]"

_ATTEMPTS: Final = 5
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


def refused_parameter(error: BaseException, wanted: Mapping[str, str]) -> ConfigurationError | None:
    """Return what a pooler refused of the start-up message, or None where it was something else."""
    found = _PARAMETER.search(str(error))
    if found is None:
        return None
    names = ", ".join(name for name in wanted if name != "application_name")
    return ConfigurationError(
        f"PgBouncer refused the start-up parameter {found[1]}.",
        hint=f"Write in pgbouncer.ini: ignore_startup_parameters = {names}\n  and give the role the"
        f" same settings, as the next start will check: {_alter('api', wanted)}",
    )


async def find_pooling(
    connection: DriverConnection, another: Callable[[], Awaitable[DriverConnection]]
) -> Pooling:
    """Find out whether a pooler answers, and whether it shares servers between transactions.

    Args:
        connection: One that was just made.
        another: Makes another one in the same way.

    Raises:
        ConfigurationError: Prepared statements do not work through it.
        PostgresError, OSError: The server cannot be asked.
    """
    try:
        pid = await connection.fetchval(_PID)
        # A pooler makes up the number that it tells a client for cancelling.
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
        # There is no server left for it: the only one is this connection's own.
        return "session"
    try:
        statement = await connection.prepare(_PID)
        pooling: Pooling = "session"
        for _ in range(_ATTEMPTS):
            own = await statement.fetchval()
            async with other.transaction():
                its = await other.fetchval(_PID)
                if its == own or own != first:
                    pooling = "transaction"
                # While the other one has that server, this one is given another.
                await statement.fetchval()
        return pooling
    finally:
        with suppress(asyncpg.PostgresError, OSError):
            await other.close(timeout=1)


def _no_prepared_statements() -> ConfigurationError:
    return ConfigurationError(
        "The pooler in front of PostgreSQL shares servers between transactions and does not know"
        " prepared statements.",
        hint="Use PgBouncer 1.21 or newer with max_prepared_statements = 1000, or pool_mode ="
        " session.",
    )


async def check_settings(connection: DriverConnection, wanted: Mapping[str, str]) -> None:
    """Check that the settings of the start-up message hold, which a pooler may have ignored.

    Raises:
        ConfigurationError: Some do not; the message says how to give them to the role.
        PostgresError, OSError: The server cannot be asked.
    """
    names = [name for name in wanted if name != "application_name"]
    row = await connection.fetchrow(
        "SELECT session_user::pg_catalog.text AS role, ARRAY(SELECT pg_catalog.current_setting(n)"
        " FROM pg_catalog.unnest($1::pg_catalog.text[]) WITH ORDINALITY AS u (n, place)"
        " ORDER BY place) AS held",
        names,
    )
    assert row is not None  # noqa: S101 - the query has no FROM
    held = dict(zip(names, row["held"], strict=True))
    wrong = {name: wanted[name] for name in names if not _equal(held[name], wanted[name])}
    if wrong:
        shown = ", ".join(
            f"{name} is {held[name]!r}, not {value!r}" for name, value in wrong.items()
        )
        raise ConfigurationError(
            f"The pooler in front of PostgreSQL ignored settings of the connection: {shown}.",
            hint=f"Give them to the role: {_alter(row['role'], wrong)} and reconnect the pooler.",
        )


def _alter(role: str, settings: Mapping[str, str]) -> str:
    name = '"' + role.replace('"', '""') + '"'
    return " ".join(
        f"ALTER ROLE {name} SET {setting} = '{value}';"
        for setting, value in settings.items()
        if setting not in ("application_name", "client_encoding")
    )


def _equal(held: str, wanted: str) -> bool:
    """Return whether a setting as PostgreSQL shows it is the one that was asked for."""
    if held.lower() == wanted.lower() or held.lower().startswith(f"{wanted.lower()}, "):
        return True
    time = re.fullmatch(r"(\d+)(ms|s|min|h|d)", held)
    return time is not None and str(int(time[1]) * _UNITS[time[2]]) == wanted
