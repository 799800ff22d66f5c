"""One connection and the identity that it carries."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import asyncpg

from fraiseql.database.failures import RAISED, mapped
from fraiseql.database.identity import Identity

_RESET: Final = (
    "RESET SESSION AUTHORIZATION; RESET ROLE; RESET ALL; CLOSE ALL; UNLISTEN *; "
    "SELECT pg_advisory_unlock_all(); DISCARD TEMP; DISCARD SEQUENCES"
)
# DISCARD ALL would do it in one word, but also throw away every prepared statement.

_PAST_RESET: Final = re.compile(r"(?im)(?:^|;|\*/)\s*(?:prepare|deallocate|discard|load)\b")
"""Commands whose effect on a connection ``_RESET`` does not undo."""


class Link(asyncpg.Connection):
    """A connection that knows whose role and variables it carries.

    Attributes:
        identity: What is set on the connection; None while that is not known. A link whose identity
            is not known is closed, or reset, before anyone is given it.
        tainted: Whether a statement ran whose effect a reset does not undo.
    """

    __slots__ = ("identity", "tainted")
    identity: Identity | None
    tainted: bool

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
        before = self.identity
        if before == wanted:
            return
        # Known again only when the server has answered: a cancelled or failed change leaves None.
        self.identity = None
        pairs = _changes(before or Identity.NONE, wanted)
        calls = ", ".join(f"set_config(${n}, ${n + 1}, false)" for n in range(1, len(pairs), 2))
        await self.fetch(f"SELECT {calls}", *pairs)
        self.identity = wanted

    async def cleanse(self) -> None:
        """Undo whatever a statement that is not ours may have set."""
        self.identity = None
        if self.is_in_transaction():
            await self.execute("ROLLBACK")
        await self.execute(_RESET)
        self.identity = Identity.NONE


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
