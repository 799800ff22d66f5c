"""Statements of the trace, run with old and new settings in turn."""

import json
import time
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from math import comb
from statistics import median
from typing import Any, Final

from fraiseql.database import Identity, Pool, Transaction, open_pool
from fraiseql.errors import FraiseQLError
from fraiseql.expressions import literal
from fraiseql.operating.trace.report import check_installed
from fraiseql.settings import Settings
from fraiseql.sql_files import load_sql

PAIRS: Final = 15
"""Runs of each statement on each side."""

SLOWER: Final = 1.2
"""A statement that takes longer than this times its former time is slower."""

_SQL: Final = load_sql(__name__)
_NAME: Final = "fraiseql_replayed"
_SIGNIFICANT: Final = 0.05
_LONGEST_MS: Final = 1_000.0
_LEAST_MS: Final = 0.05
"""Differences up to this are those of the network and of the scheduler."""


@dataclass(frozen=True, slots=True)
class ReplayedStatement:
    """A statement that can be run again.

    Attributes:
        id: Its id in the trace.
        root: The root field, or the field whose function runs it.
        sql: Its text.
        samples: Parameters of recorded runs, as SQL; one empty text without parameters.
    """

    id: str
    root: str
    sql: str
    samples: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class NotReplayed:
    """A statement that cannot be run again, and the reason."""

    id: str
    root: str
    reason: str


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


def sign_test(worse: int, pairs: int) -> float:
    """Return the probability of at least so many worse pairs if half of all were worse."""
    return 0.5**pairs * sum(comb(pairs, count) for count in range(worse, pairs + 1))


async def load_replay(pool: Pool) -> tuple[list[ReplayedStatement], list[NotReplayed]]:
    """Return the statements of the trace that took the most time, and those without parameters.

    Raises:
        ConfigurationError: ``TRACE_EMPTY``: the database has no trace.
        DatabaseError: The role may not read it, or the database cannot be reached.
    """
    await check_installed(pool.inspect)
    usable, others = [], []
    for row in await pool.inspect(_SQL["statements"].text):
        count = len(row["param_types"])
        samples = tuple(arguments_sql(json.loads(text), count) for text in row["samples"])
        complete = tuple(text for text in samples if text is not None)
        if row["ms"] / max(row["calls"], 1) > _LONGEST_MS:
            others.append(NotReplayed(row["id"], row["root"], "takes longer than a second"))
        elif count and not complete:
            reason = "the trace has no values of its parameters: set trace=values"
            others.append(NotReplayed(row["id"], row["root"], reason))
        else:
            usable.append(ReplayedStatement(row["id"], row["root"], row["sql"], complete or ("",)))
    return usable, others


def arguments_sql(values: Mapping[str, Any], count: int) -> str | None:
    """Return parameters as SQL; None if one was not recorded."""
    if any(str(place) not in values for place in range(1, count + 1)):
        return None
    texts = ", ".join(_value(values[str(place)]) for place in range(1, count + 1))
    return f"({texts})" if count else ""


def _value(value: Any) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, list):
        return literal(_array(value))
    return literal(_text(value))


def _array(values: Iterable[Any]) -> str:
    items = []
    for value in values:
        if value is None:
            items.append("NULL")
        elif isinstance(value, list):
            items.append(_array(value))
        else:
            escaped = _text(value).replace("\\", "\\\\").replace('"', '\\"')
            items.append(f'"{escaped}"')
    return f"{{{','.join(items)}}}"


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


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
