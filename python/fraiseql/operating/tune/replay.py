"""Statements of the trace, run with old and new settings in turn."""

import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from statistics import median
from typing import Final

from fraiseql.database import Identity, Transaction, open_pool
from fraiseql.errors import FraiseQLError
from fraiseql.operating.pairs import sign_test
from fraiseql.operating.trace.samples import NotReplayed, ReplayedStatement
from fraiseql.settings import Settings

PAIRS: Final = 15
"""Runs of each statement on each side."""

SLOWER: Final = 1.2
"""A statement that takes longer than this times its former time is slower."""

_NAME: Final = "fraiseql_replayed"
_SIGNIFICANT: Final = 0.05
_LEAST_MS: Final = 0.05
"""Differences up to this are those of the network and of the scheduler."""


@dataclass(frozen=True, slots=True)
class PairedTimes:
    """Times of a statement with old and new settings.

    Attributes:
        statement: The statement.
        old: Milliseconds of each run with the old settings.
        new: Of the run next to it with the new ones.
    """

    statement: ReplayedStatement
    old: tuple[float, ...]
    new: tuple[float, ...]

    @property
    def ratio(self) -> float:
        """The new median by the old one."""
        return median(self.new) / max(median(self.old), 1e-6)

    @property
    def is_slower(self) -> bool:
        """Whether it is slower, by a sign test of the pairs, and its median by ``SLOWER``."""
        worse = sum(new > old for old, new in zip(self.old, self.new, strict=True))
        slower = self.ratio > SLOWER and median(self.new) - median(self.old) > _LEAST_MS
        return slower and sign_test(worse, len(self.old)) < _SIGNIFICANT


class Replay:
    """Compares settings by the statements of an application.

    Args:
        url: Address of the database.
        settings: Settings of the application.
    """

    def __init__(self, url: str, settings: Settings) -> None:
        self._url = url
        self._settings = settings

    async def compare(
        self, statements: Sequence[ReplayedStatement], values: Mapping[str, str]
    ) -> tuple[list[PairedTimes], list[NotReplayed]]:
        """Run each statement with and without the values, in turn.

        Args:
            statements: The statements.
            values: Values of settings by name.

        Raises:
            DatabaseError: The database cannot be reached.
        """
        times: list[PairedTimes] = []
        failed: list[NotReplayed] = []
        async with AsyncExitStack() as stack:
            old = await stack.enter_async_context(self._session({}))
            new = await stack.enter_async_context(self._session(values))
            for place, statement in enumerate(statements):
                # The driver remembers the columns of a name.
                name = f"{_NAME}_{place}"
                try:
                    times.append(await _timed(old, new, name, statement))
                except FraiseQLError as error:
                    failed.append(NotReplayed(statement.id, statement.root, error.message))
        return times, failed

    @asynccontextmanager
    async def _session(self, values: Mapping[str, str]) -> AsyncIterator[Transaction]:
        """Open a connection whose plans are made with the values."""
        pool = await open_pool(self._url, self._settings, values)
        try:
            async with pool.acquire(Identity.NONE, recorded=True) as connection:
                yield Transaction(connection)
        finally:
            await pool.close()


async def _timed(
    old: Transaction, new: Transaction, name: str, statement: ReplayedStatement
) -> PairedTimes:
    sides: tuple[tuple[Transaction, list[float]], ...] = ((old, []), (new, []))
    for session, _ in sides:
        # Not by ``execute``, which takes several statements: the second one would run.
        await session.fetch(f"PREPARE {name} AS {statement.sql}")
    for turn in range(-1, PAIRS):
        run = f"EXECUTE {name}{statement.samples[turn % len(statement.samples)]}"
        # Each side is first in half of the pairs; the first turn fills the cache.
        for session, times in sides if turn % 2 else sides[::-1]:
            start = time.perf_counter()
            await session.fetch(run)
            if turn >= 0:
                times.append((time.perf_counter() - start) * 1000)
    for session, _ in sides:
        await session.execute(f"DEALLOCATE {name}")
    return PairedTimes(statement, tuple(sides[0][1]), tuple(sides[1][1]))
