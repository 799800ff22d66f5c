"""Withheld: roles that are not given stored documents, and why."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from time import monotonic
from typing import Any, Final

from fraiseql.events import logger
from fraiseql.sources import StoredSource

ReadRows = Callable[[str, Sequence[Any]], Awaitable[list[Any]]]
"""Runs a statement of the framework's own and returns its rows."""

REASONS: Final[Mapping[str, str]] = {
    "unknown": "nothing is recorded of what they are made of",
    "role": "the role that connects may not take it on",
    "select": "it may not read every column of {name}",
    "usage": "it may not use the schema {name}",
    "row_security": "{name} has row security",
    "invoker": "{name} is read with the rights of its reader",
    "owner": "the owner of {name} may not read all that it reads",
    "execute": "it may not call {name}",
    "predicate": "the predicate of {name} reads other relations",
    "changed": "a definition behind them has changed",
    "function": "{name} is called, which may answer roles differently",
}
"""Why a role is answered live, in words for the log."""

_AGAIN: Final = 10.0
"""Seconds for which a role is answered live before it is asked again whether it may be given them.

That it may is asked in each statement; that it may not costs it a look-up less.
"""

_MOST: Final = 10_000


@dataclass(frozen=True, slots=True)
class StoredReader:
    """Who reads stored documents, and how.

    Attributes:
        role: Role of the request; None for that of the connection.
        read: Runs a statement with the rights of the connection's role: that the request's role
            may be given what it returns is a condition of the statement.
    """

    role: str | None
    read: ReadRows


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a role is answered live.

    Attributes:
        code: Key of ``REASONS``.
        name: Quoted name of what stands against it, where there is one.
    """

    code: str
    name: str = ""

    def __str__(self) -> str:
        """Return it in words."""
        return REASONS[self.code].format(name=self.name)


async def why_withheld(kept: StoredSource, reader: StoredReader) -> Reason | None:
    """Return why a role is not given stored documents; None where it is, or there is none.

    Raises:
        FraiseQLError: The database cannot be asked.
    """
    if reader.role is None:
        return None
    if kept.access is None:
        return Reason("unknown")
    asked = kept.access.reasons_of("$1::pg_catalog.text")
    rows = await reader.read(f"{asked} LIMIT 1", [reader.role])
    return Reason(*map(str, rows[0])) if rows else None


class WithheldRoles:
    """What is known in one process of roles that are not given stored documents.

    Args:
        clock: Seconds of a clock that is never set back.
    """

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._known: dict[tuple[str, str], tuple[float, Reason]] = {}
        self._told: set[tuple[str, str, Reason]] = set()

    def known(self, type_name: str, kept: StoredSource, role: str) -> Reason | None:
        """Return why documents of a type are not read for a role, where that is known."""
        if kept.access is None:
            return self._noted(type_name, role, Reason("unknown"))
        until, reason = self._known.get((type_name, role), (0.0, None))
        return reason if self._clock() < until else None

    async def ask(self, type_name: str, kept: StoredSource, reader: StoredReader) -> Reason | None:
        """Ask why a role is not given documents of a type, and remember it for a while.

        Raises:
            FraiseQLError: The database cannot be asked.
        """
        reason = await why_withheld(kept, reader)
        assert reader.role is not None  # noqa: S101 - nothing is withheld from no role
        return None if reason is None else self._noted(type_name, reader.role, reason)

    def clear(self) -> None:
        """Ask again whether roles may be given stored documents."""
        self._known.clear()

    def _noted(self, type_name: str, role: str, reason: Reason) -> Reason:
        if len(self._known) >= _MOST:
            self._known.clear()
            self._told.clear()
        self._known[type_name, role] = self._clock() + _AGAIN, reason
        if (type_name, role, reason) not in self._told:
            self._told.add((type_name, role, reason))
            logger.warning(
                "Stored documents of %s are not read for the role %s, which is answered live: %s.",
                type_name,
                role,
                reason,
            )
        return reason
