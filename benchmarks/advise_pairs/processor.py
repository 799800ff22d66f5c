"""Times of a trace as processor time, which other programs hardly change."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import asyncpg

from fraiseql.database import Pool
from fraiseql.expressions import literal
from fraiseql.operating.advise.document_times import (
    BUILT,
    DOCUMENT,
    ITEMS,
    READ,
    DocumentTimes,
    document_times,
)
from fraiseql.operating.advise.replay import PairLimits, Sides, compare
from fraiseql.operating.advise.trials import reading_session
from fraiseql.operating.trace.samples import ReplayedStatement, ReplayLimits, load_replay

RUNS: Final = PairLimits(least=10, most=10, seconds=1.0)
SAMPLES: Final = 3
"""Recorded parameters of which each statement runs."""

_TIMED: Final = """\
UPDATE fraiseql.operation_window SET db_ms_sum = calls * $2::float8 WHERE statement = $1"""


_BY_CLOCK: Final = """\
SELECT DISTINCT w.statement FROM fraiseql.operation_window AS w
JOIN fraiseql.operation AS o ON o.id = w.operation WHERE o.name = ANY ($1::text[])"""


async def without_other_work(pool: Pool, url: str, by_clock: Sequence[str]) -> DocumentTimes:
    """Replace the times of a trace by those without the other work of the machine.

    Args:
        pool: Connections to the database.
        url: Its address.
        by_clock: Names of the operations whose times stay those of a clock.

    Returns:
        The times of documents, also as processor time of server and client.
    """
    statements, _ = await load_replay(pool, ReplayLimits(500, 60_000.0, synthetic=True))
    left = {row["statement"] for row in await pool.inspect(_BY_CLOCK, [list(by_clock)])}
    replaced = [few_samples(each, SAMPLES) for each in statements if each.id not in left]
    floors, times = await _processor_times(url, replaced)
    writer = await asyncpg.connect(url)
    await writer.executemany(_TIMED, list(times.items()))
    await writer.close()
    made = [
        ReplayedStatement("built", "", BUILT, (f"({ITEMS})",), types=("integer",)),
        ReplayedStatement("read", "", READ, (f"({literal(DOCUMENT)})",), types=("text",)),
    ]
    _, parts = await _processor_times(url, made)
    rows = await pool.inspect(BUILT, [ITEMS])
    floor = sorted(floors)[len(floors) // 2]
    size = sum(row["bytes"] for row in rows)
    return document_times(floor, parts["built"], parts["read"], size)


def few_samples(statement: ReplayedStatement, most: int) -> ReplayedStatement:
    """Return a statement with some of its recorded parameters."""
    return replace(statement, samples=statement.samples[:most], values=statement.values[:most])


async def _processor_times(
    url: str, statements: Sequence[ReplayedStatement]
) -> tuple[list[float], dict[str, float]]:
    """Return those of a statement that reads nothing, and of each statement."""
    floors, times = [], {}
    async with reading_session(url) as first, reading_session(url) as second:
        for each in statements:
            gain = await compare(Sides(first, second, local=True), each, RUNS)
            assert gain.processor is not None
            times[each.id] = gain.processor[0]
            floors.append(gain.processor[2])
    return floors, times
