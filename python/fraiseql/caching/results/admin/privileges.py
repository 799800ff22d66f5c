"""Privileges of the application role on result caches: check and grant."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from fraiseql.caching.results.sql.grants import (
    MEANINGS,
    PRIVILEGES_SQL,
    Privilege,
    grant_statements,
    privilege_arguments,
    serving_privileges,
)
from fraiseql.caching.results.stats import Read
from fraiseql.database.writing import AdminConnection
from fraiseql.errors import ConfigurationError, DatabaseError
from fraiseql.naming import suggestion

_OF_CURRENT_ROLE: Final = PRIVILEGES_SQL.format(role="current_user")
_OF_ROLE: Final = PRIVILEGES_SQL.format(role="$4::name")
_ROLES: Final = "SELECT rolname::text AS name FROM pg_catalog.pg_roles"


async def missing_privileges(read: Read) -> tuple[Privilege, ...]:
    """Return the privileges that the connected role is missing, but for those to compact the log.

    Raises:
        DatabaseError: The database cannot be reached.
    """
    needed = tuple(privilege for privilege in serving_privileges() if privilege.purpose != "log")
    return _missing(await read(_OF_CURRENT_ROLE, privilege_arguments(needed)), needed)


def advice(role: str, missing: tuple[Privilege, ...]) -> str:
    """Return the log message for privileges that are missing."""
    purposes = dict.fromkeys(privilege.purpose for privilege in missing)
    listed = ", ".join(MEANINGS[purpose] for purpose in purposes)
    text = (
        f"The role {role} is missing privileges on result caches ({listed}): run"
        f" `fraiseql db grant APP {role}` as the role that runs `fraiseql db apply`."
    )
    return f"{text} Until then every answer is computed." if "answers" in purposes else text


async def required_grants(
    connection: AdminConnection, role: str, also: Sequence[Privilege] = ()
) -> Mapping[str, str]:
    """Return the statements that grant a role the privileges for serving, with their purpose.

    Args:
        connection: A connection of the role that runs ``fraiseql db apply``.
        role: The application role.
        also: Privileges that it needs besides those on result caches.

    Raises:
        ConfigurationError: The role does not exist, or nothing was applied.
        DatabaseError: The database cannot be reached.
    """
    names = [row["name"] for row in await connection.read(_ROLES, [])]
    if role not in names:
        raise ConfigurationError(
            f"The role {role!r} does not exist.{suggestion(role, names)}",
            hint="Name the role that the application connects as; CREATE ROLE creates one.",
        )
    needed = (*also, *serving_privileges())
    rows = await _held(connection, role, needed)
    existing = [one for one, row in zip(needed, rows, strict=True) if row["had"] is not None]
    if not existing:
        raise ConfigurationError(
            "No tables of result caches or stored documents exist.",
            hint="Run fraiseql db apply first, with an application that declares cache= or"
            " stored=.",
        )
    return grant_statements(existing, role)


async def grant(
    connection: AdminConnection, role: str, also: Sequence[Privilege] = ()
) -> Mapping[str, str]:
    """Grant a role the privileges for serving; return the statements with their purpose.

    Args:
        connection: A connection of the role that runs ``fraiseql db apply``.
        role: The application role.
        also: Privileges that it needs besides those on result caches.

    Raises:
        ConfigurationError: The role does not exist, or nothing was applied.
        DatabaseError: The connected role may not grant them.
    """
    statements = await required_grants(connection, role, also)
    async with connection.begun():
        for statement in statements:
            await connection.execute(statement)
        # PostgreSQL only warns a role that holds a privilege without the grant option.
        needed = (*also, *serving_privileges())
        missing = _missing(await _held(connection, role, needed), needed)
        if missing:
            raise DatabaseError(
                f"{len(missing)} privileges could not be granted, the first on {missing[0].name}.",
                hint="Run it as the role that runs fraiseql db apply, which owns the tables.",
            )
    return statements


async def _held(connection: AdminConnection, role: str, needed: tuple[Privilege, ...]) -> list[Any]:
    rows: list[Any] = await connection.read(_OF_ROLE, [*privilege_arguments(needed), role])
    return rows


def _missing(rows: list[Any], needed: tuple[Privilege, ...]) -> tuple[Privilege, ...]:
    pairs = zip(needed, rows, strict=True)
    return tuple(privilege for privilege, row in pairs if row["had"] is False)
