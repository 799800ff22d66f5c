"""Rights: whether a role may do what serving needs of result caches, and giving it that."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from fraiseql.caching.results.sql.grants import (
    LACKING,
    MEANINGS,
    Right,
    grant_statements,
    lacking_arguments,
    serving_rights,
)
from fraiseql.caching.results.stats import Read
from fraiseql.database.writing import AdminConnection
from fraiseql.errors import ConfigurationError, DatabaseError
from fraiseql.naming import suggestion

_ASKED: Final = LACKING.format(role="current_user")
_ASKED_OF: Final = LACKING.format(role="$4::name")
_ROLES: Final = "SELECT rolname::text AS name FROM pg_catalog.pg_roles"


async def lacking(read: Read) -> tuple[Right, ...]:
    """Return what the connected role may not do with what is there; compacting is not asked for.

    Raises:
        DatabaseError: The database cannot be asked.
    """
    rights = tuple(one for one in serving_rights() if one.purpose != "log")
    return _without(await read(_ASKED, lacking_arguments(rights)), rights)


def advice(role: str, missing: tuple[Right, ...]) -> str:
    """Return what is to be done about rights that are missing, for the log."""
    purposes = dict.fromkeys(one.purpose for one in missing)
    listed = ", ".join(MEANINGS[one] for one in purposes)
    text = (
        f"The role {role} lacks rights on result caches ({listed}): run"
        f" `fraiseql db grant APP {role}` as the role that runs `fraiseql db apply`."
    )
    return f"{text} Until then every answer is computed." if "answers" in purposes else text


async def wanted_grants(
    writer: AdminConnection, role: str, also: Sequence[Right] = ()
) -> Mapping[str, str]:
    """Return the statements that give a role what serving needs, by what each is for.

    Args:
        writer: A connection of the role that applies.
        role: The role that serves.
        also: What it needs besides result caches.

    Raises:
        ConfigurationError: There is no such role, or nothing was applied.
        DatabaseError: The database cannot be asked.
    """
    names = [row["name"] for row in await writer.read(_ROLES, [])]
    if role not in names:
        raise ConfigurationError(
            f"There is no role {role!r}.{suggestion(role, names)}",
            hint="Give the name that the application connects as; CREATE ROLE makes one.",
        )
    rights = (*also, *serving_rights())
    rows = await _asked_of(writer, role, rights)
    there = [one for one, row in zip(rights, rows, strict=True) if row["had"] is not None]
    if not there:
        raise ConfigurationError(
            "Nothing of result caches or stored documents is there to be granted.",
            hint="Run fraiseql db apply first, with an application that declares cache= or"
            " stored=.",
        )
    return grant_statements(there, role)


async def grant(
    writer: AdminConnection, role: str, also: Sequence[Right] = ()
) -> Mapping[str, str]:
    """Give a role what serving needs, in one transaction; return the statements and what for.

    Args:
        writer: A connection of the role that applies.
        role: The role that serves.
        also: What it needs besides result caches.

    Raises:
        ConfigurationError: There is no such role, or nothing was applied.
        DatabaseError: The connected role may not grant it.
    """
    statements = await wanted_grants(writer, role, also)
    async with writer.begun():
        for statement in statements:
            await writer.execute(statement)
        # Who holds a right and may not pass it on is only warned by PostgreSQL.
        rights = (*also, *serving_rights())
        missing = _without(await _asked_of(writer, role, rights), rights)
        if missing:
            raise DatabaseError(
                f"{len(missing)} rights could not be granted, the first on {missing[0].name}.",
                hint="Run it as the role that runs fraiseql db apply, which owns what is there.",
            )
    return statements


async def _asked_of(writer: AdminConnection, role: str, rights: tuple[Right, ...]) -> list[Any]:
    rows: list[Any] = await writer.read(_ASKED_OF, [*lacking_arguments(rights), role])
    return rows


def _without(rows: list[Any], rights: tuple[Right, ...]) -> tuple[Right, ...]:
    return tuple(one for one, row in zip(rights, rows, strict=True) if row["had"] is False)
