"""Traced statements before and after a change, in interleaved pairs."""

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any, Final

from fraiseql.database import Transaction
from fraiseql.operating.advise.candidate import MeasuredGain
from fraiseql.operating.pairs import percentile, ratio_interval, without_slowest
from fraiseql.operating.trace.samples import ReplayedStatement

SLOWER: Final = 1.1
"""A statement that takes longer than this times its former time is slower."""

_LEAST_MS: Final = 0.02
"""Smaller differences are those of the scheduler."""

_WARM: Final = 6
"""Runs before the first pair: after five, PostgreSQL may choose the generic plan."""

_EXPLAIN: Final = "EXPLAIN (ANALYZE, BUFFERS, TIMING off, FORMAT JSON) "
_NOTHING: Final = "SELECT $1::text"
_P95: Final = 0.95


@dataclass(frozen=True, slots=True)
class PairLimits:
    """Numbers of pairs.

    Attributes:
        least: Pairs of each statement, if they take no longer than ``seconds``.
        most: Pairs of a short statement.
        seconds: Seconds of a statement's pairs; a slow one has fewer, three at least.
    """

    least: int = 30
    most: int = 120
    seconds: float = 30.0

    def pairs(self, seconds: float) -> int:
        """Return the number of pairs of a statement.

        Args:
            seconds: Duration of one pair.
        """
        half_a_second = int(0.5 / max(seconds, 1e-6))
        affordable = max(3, int(self.seconds / max(seconds, 1e-6)))
        return min(max(self.least, min(self.most, half_a_second)), affordable)


USUAL_PAIRS: Final = PairLimits()


@dataclass(frozen=True, slots=True)
class Sides:
    """The two sides of a comparison.

    Attributes:
        before: A session without the change.
        after: A session with it.
        sampled: Percentage of the rows in the copy.
    """

    before: Transaction
    after: Transaction
    sampled: float = 100.0

    def in_turn(self, turn: int) -> tuple[Transaction, Transaction]:
        """Return the sides; each is first in half of the turns."""
        return (self.before, self.after) if turn % 2 else (self.after, self.before)


@dataclass(frozen=True, slots=True)
class _ReplayRun:
    """One run of a statement on both sides."""

    texts: Mapping[Transaction, str]
    arguments: Sequence[Any]


async def compare(
    sides: Sides,
    statement: ReplayedStatement,
    limits: PairLimits = USUAL_PAIRS,
    stored: str | None = None,
    written: Callable[[str, Mapping[str, Any]], str] | None = None,
) -> MeasuredGain:
    """Run a statement on both sides in turn, with the same parameters.

    Args:
        sides: The sessions.
        statement: The statement.
        limits: How often it runs.
        stored: The statement over stored documents that replaces it; their form may be another,
            so that answers are not compared here.
        written: Returns the text that the application writes after the change, from the present
            text and parameters by number; None if it stays.

    Raises:
        DatabaseError: It failed on one side.
    """
    runs = await _runs(sides, statement, stored, written)
    start, equal = time.perf_counter(), True
    for run in runs:
        answers = [await side.fetch(sql, *run.arguments) for side, sql in run.texts.items()]
        equal = equal and (stored is not None or same_answer(statement.sql, *answers))
    pairs = limits.pairs((time.perf_counter() - start) / len(runs))
    before, after, floor = await _paired_times(sides, runs, pairs)
    interval = ratio_interval(before, after)
    first = runs[0]
    blocks = [await _blocks(side, sql, first.arguments) for side, sql in first.texts.items()]
    return MeasuredGain(
        before_ms=median(without_slowest(before)),
        after_ms=median(without_slowest(after)),
        gain=interval.ratio,
        low=interval.low,
        high=interval.high,
        pairs=pairs,
        equal=equal,
        before_p95=percentile(before, _P95),
        after_p95=percentile(after, _P95),
        blocks=(blocks[0], blocks[1]),
        sampled=sides.sampled,
        floor_ms=median(without_slowest(floor)),
    )


async def _runs(
    sides: Sides,
    statement: ReplayedStatement,
    stored: str | None,
    written: Callable[[str, Mapping[str, Any]], str] | None,
) -> list[_ReplayRun]:
    """Return a run for each sample of parameters."""
    runs = []
    for place, sample in enumerate(statement.samples):
        sql = stored or statement.sql
        if written is not None and statement.values:
            sql = written(sql, statement.values[place])
        arguments = await typed_arguments(sides.before, statement, sample)
        runs.append(_ReplayRun({sides.before: statement.sql, sides.after: sql}, arguments))
    return runs


async def _paired_times(
    sides: Sides, runs: Sequence[_ReplayRun], pairs: int
) -> tuple[list[float], list[float], list[float]]:
    """Return the times of both sides, and those of a statement that reads nothing.

    That one runs among the others: alone it finds warmer caches than they do.
    """
    times: dict[Transaction, list[float]] = {sides.before: [], sides.after: []}
    floor: list[float] = []
    for turn in range(-min(_WARM, pairs), pairs):
        run = runs[turn % len(runs)]
        for side in sides.in_turn(turn):
            taken = await _run_ms(side, run.texts[side], run.arguments)
            if turn >= 0:
                times[side].append(taken)
        floor.append(await _run_ms(sides.after, _NOTHING, [""]))
    return times[sides.before], times[sides.after], floor


async def _run_ms(session: Transaction, sql: str, values: Sequence[Any]) -> float:
    start = time.perf_counter()
    await session.fetch(sql, *values)
    return (time.perf_counter() - start) * 1000


async def typed_arguments(
    session: Transaction, statement: ReplayedStatement, sample: str
) -> tuple[Any, ...]:
    """Return the parameters of a sample as the driver takes them."""
    if not statement.types:
        return ()
    columns = [f"c{place}" for place in range(len(statement.types))]
    casts = ", ".join(
        f"v.{column}::{type_name}"
        for column, type_name in zip(columns, statement.types, strict=True)
    )
    # A sample is literals, and types are from the catalog.
    query = f"SELECT {casts} FROM (VALUES {sample}) AS v ({', '.join(columns)})"  # noqa: S608 - the above
    row = await session.fetchrow(query)
    return () if row is None else tuple(row)


def same_answer(sql: str, before: Sequence[Any], after: Sequence[Any]) -> bool:
    """Return whether two answers are equal: in any order if the statement declares none."""
    first, second = [tuple(row) for row in before], [tuple(row) for row in after]
    if "order by" not in sql.lower():
        return sorted(map(repr, first)) == sorted(map(repr, second))
    return first == second


def is_slower(gain: MeasuredGain) -> bool:
    """Return whether the whole interval says that a statement is slower."""
    return gain.high < 1 / SLOWER and gain.after_ms - gain.before_ms > _LEAST_MS


async def _blocks(session: Transaction, sql: str, arguments: Sequence[Any]) -> float:
    """Return the blocks that a run reads and writes, with those of temporary files."""
    plan: Mapping[str, Any] = json.loads(await session.fetchval(_EXPLAIN + sql, *arguments))[0][
        "Plan"
    ]
    names = ("Shared Hit", "Shared Read", "Temp Read", "Temp Written")
    return float(sum(plan.get(f"{name} Blocks", 0) for name in names))
