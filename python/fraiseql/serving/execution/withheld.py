"""Roles that may not read stored documents, and the reasons."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from time import monotonic
from typing import Any, Final

from fraiseql.events import logger
from fraiseql.sources import StoredSource

ReadRows = Callable[[str, Sequence[Any]], Awaitable[list[Any]]]
"""Runs a statement of the framework and returns its rows."""

REASONS: Final[Mapping[str, str]] = {
    "unknown": "their dependencies are not recorded",
    "role": "the connecting role may not SET ROLE to it",
    "select": "it may not read every column of {name}",
    "usage": "it may not use the schema {name}",
    "row_security": "{name} has row security",
    "invoker": "{name} is read with the privileges of its reader",
    "owner": "the owner of {name} may not read all its sources",
    "execute": "it may not call {name}",
    "predicate": "the predicate of {name} reads other relations",
    "changed": "a definition behind them has changed",
    "function": "it calls {name}, whose results may depend on the role",
}
"""Reasons for live answers, as text for the log."""

_RECHECK_SECONDS: Final = 10.0
"""Seconds until the privileges of a role that is answered live are checked again.

Each read of stored documents checks the privileges anyway; this saves a read for other roles.
"""

_MOST: Final = 10_000


@dataclass(frozen=True, slots=True)
class StoredReader:
    """A reader of stored documents.

    Attributes:
        role: Role of the request; None for that of the connection.
        read: Runs a statement with the privileges of the connection's role; the statement itself
            checks those of the request's role.
        record: Records the live statement that it replaces.
    """

    role: str | None
    read: ReadRows
    record: Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Reason:
    """The reason for live answers of a role.

    Attributes:
        code: Key of ``REASONS``.
        name: Quoted name of the object that causes it, if there is one.
    """

    code: str
    name: str = ""

    def __str__(self) -> str:
        """Return its text."""
        return REASONS[self.code].format(name=self.name)


async def why_withheld(source: StoredSource, reader: StoredReader) -> Reason | None:
    """Return why a role may not read stored documents; None if it may or without a role.

    Raises:
        FraiseQLError: The query failed.
    """
    if reader.role is None:
        return None
    if source.access is None:
        return Reason("unknown")
    query = source.access.reasons_of("$1::pg_catalog.text")
    rows = await reader.read(f"{query} LIMIT 1", [reader.role])
    return Reason(*map(str, rows[0])) if rows else None


class WithheldRoles:
    """Cache of the roles that may not read stored documents.

    Args:
        clock: Seconds of a monotonic clock.
    """

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._reasons: dict[tuple[str, str], tuple[float, Reason]] = {}
        self._logged: set[tuple[str, str, Reason]] = set()

    def known(self, type_name: str, source: StoredSource, role: str) -> Reason | None:
        """Return the cached reason why documents of a type are not read for a role."""
        if source.access is None:
            return self._remember(type_name, role, Reason("unknown"))
        until, reason = self._reasons.get((type_name, role), (0.0, None))
        return reason if self._clock() < until else None

    async def ask(
        self, type_name: str, source: StoredSource, reader: StoredReader
    ) -> Reason | None:
        """Query why a role may not read documents of a type, and cache the reason.

        Raises:
            FraiseQLError: The query failed.
        """
        reason = await why_withheld(source, reader)
        assert reader.role is not None  # noqa: S101 - there is no reason without a role
        return None if reason is None else self._remember(type_name, reader.role, reason)

    def clear(self) -> None:
        """Check the privileges of all roles again."""
        self._reasons.clear()

    def _remember(self, type_name: str, role: str, reason: Reason) -> Reason:
        if len(self._reasons) >= _MOST:
            self._reasons.clear()
            self._logged.clear()
        self._reasons[type_name, role] = self._clock() + _RECHECK_SECONDS, reason
        if (type_name, role, reason) not in self._logged:
            self._logged.add((type_name, role, reason))
            logger.warning(
                "Stored documents of %s are not read for the role %s, which gets live answers: %s.",
                type_name,
                role,
                reason,
            )
        return reason
