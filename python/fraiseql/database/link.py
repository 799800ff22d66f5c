"""One connection and the identity that it carries."""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

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


MOST_STATEMENTS: Final = 1_000
"""Statements that stay prepared on one connection."""

_MOST_TEXT: Final = 15_000
"""Characters of a statement above which it is not kept prepared; the driver's own limit too."""

_INVALID: Final = (
    asyncpg.exceptions.OutdatedSchemaCacheError,
    asyncpg.InvalidCachedStatementError,
)


class Link(asyncpg.Connection):
    """A connection that knows whose role and variables it carries.

    Attributes:
        identity: What is set on the connection; None while that is not known. A link whose identity
            is not known is closed, or reset, before anyone is given it.
        tainted: Whether a statement ran whose effect a reset does not undo.
        reads: The framework's own statements that are prepared on the connection, by their text.
    """

    __slots__ = ("identity", "reads", "tainted")
    identity: Identity | None
    tainted: bool
    reads: dict[str, Any]
    _protocol: Any

    async def read(self, sql: str, args: Sequence[Any]) -> list[asyncpg.Record]:
        """Run a statement of the framework's own, prepared when it is met first.

        The driver's ``fetch`` does the same through five more calls, which take longer than the
        binding itself; so this goes to the driver's protocol, and back to ``fetch`` where a
        changed schema has made the prepared statement invalid.
        """
        if len(sql) > _MOST_TEXT:
            return await self.fetch(sql, *args)
        statement = self.reads.get(sql)
        if statement is None:
            statement = await self._learn(sql)
        state = statement._state  # noqa: SLF001 - see above
        try:
            rows: list[asyncpg.Record] = await self._protocol.bind_execute(
                state, args, "", 0, False, None
            )
        except _INVALID:
            del self.reads[sql]
            return await self.fetch(sql, *args)
        return rows

    async def _learn(self, sql: str) -> Any:
        statement = await self.prepare(sql)
        if len(self.reads) >= MOST_STATEMENTS:
            # The driver closes a statement that nobody holds any more.
            del self.reads[next(iter(self.reads))]
        self.reads[sql] = statement
        return statement

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
