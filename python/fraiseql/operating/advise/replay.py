"""Traced statements before and after a change, in interleaved pairs."""

import asyncio
import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from statistics import median
from typing import Any, Final

from fraiseql.database import Transaction
from fraiseql.operating.advise.backend_clock import BackendClock, backend_pid
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
_SETTLED: Final = 0.005
"""Seconds after which a backend waits again."""


@dataclass(frozen=True, slots=True)
class PairLimits:
    """Numbers of pairs.

    Attributes:
        least: Pairs of each statement, if they take no longer than ``seconds``.
        most: Pairs of a short statement.
        seconds: Seconds of a statement's pairs; a slow one has fewer, three at least.
        writes: Whether the cost of writes is measured too.
    """

    least: int = 30
    most: int = 120
    seconds: float = 30.0
    writes: bool = True

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
        local: Whether the server runs on this machine, so that processor time can be read.
    """

    before: Transaction
    after: Transaction
    sampled: float = 100.0
    local: bool = False

    def in_turn(self, turn: int) -> tuple[Transaction, Transaction]:
        """Return the sides; each is first in half of the turns."""
        return (self.before, self.after) if turn % 2 else (self.after, self.before)


@dataclass(frozen=True, slots=True)
class _ReplayRun:
    """One run of a statement on both sides."""

    texts: Mapping[Transaction, str]
    arguments: Sequence[Any]


@dataclass(frozen=True, slots=True)
class _RunTimes:
    """Milliseconds of a run, and of processor time of this program in it."""

    wall: float
    client: float


@dataclass(frozen=True, slots=True)
class _PairedTimes:
    """Runs of both sides, and of a statement that reads nothing."""

    sides: Mapping[Transaction, list[_RunTimes]]
    floor: list[_RunTimes]

    def walls(self, side: Transaction) -> list[float]:
        """Return the durations of a side."""
        return [each.wall for each in self.sides[side]]


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
    pids = [await backend_pid(each) for each in (sides.before, sides.after)] if sides.local else []
    with _clocks(sides, pids) as clocks:
        times = await _paired_times(sides, runs, pairs, clocks)
        processor = await _processor_times(sides, clocks, times)
    before, after = times.walls(sides.before), times.walls(sides.after)
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
        floor_ms=median(without_slowest([each.wall for each in times.floor])),
        processor=processor,
    )


@contextmanager
def _clocks(sides: Sides, pids: Sequence[int]) -> Iterator[dict[Transaction, BackendClock]]:
    """Give the clocks of both sides; none for a server of another machine or system."""
    with ExitStack() as stack:
        try:
            opened = [stack.enter_context(BackendClock(each)) for each in pids]
        except OSError:
            opened = []
        yield dict(zip((sides.before, sides.after), opened, strict=False))


async def _processor_times(
    sides: Sides, clocks: Mapping[Transaction, BackendClock], times: _PairedTimes
) -> tuple[float, float, float] | None:
    """Return the medians before, after, and of the statement that reads nothing."""
    if len(clocks) < len(times.sides):
        return None
    await asyncio.sleep(_SETTLED)
    for clock in clocks.values():
        clock.read()
    before, after = clocks[sides.before].runs(), clocks[sides.after].runs()
    # The other statement follows each run of this side.
    backends = (before, after[::2], after[1::2])
    clients = (times.sides[sides.before], times.sides[sides.after], times.floor)
    parts = [
        [busy + run.client for busy, run in zip(backend, client, strict=True)]
        for backend, client in zip(backends, clients, strict=True)
    ]
    first, second, third = (median(without_slowest(each)) for each in parts)
    return first, second, third


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
    sides: Sides,
    runs: Sequence[_ReplayRun],
    pairs: int,
    clocks: Mapping[Transaction, BackendClock],
) -> _PairedTimes:
    """Return the times of both sides, and those of a statement that reads nothing.

    That one runs among the others: alone it finds warmer caches than they do.
    """
    times = _PairedTimes({sides.before: [], sides.after: []}, [])
    for turn in range(-min(_WARM, pairs), pairs):
        run, timed = runs[turn % len(runs)], turn >= 0
        for side in sides.in_turn(turn):
            taken = await _run(side, run.texts[side], run.arguments, clocks if timed else {})
            if timed:
                times.sides[side].append(taken)
        taken = await _run(sides.after, _NOTHING, [""], clocks if timed else {})
        if timed:
            times.floor.append(taken)
    return times


async def _run(
    session: Transaction,
    sql: str,
    values: Sequence[Any],
    clocks: Mapping[Transaction, BackendClock],
) -> _RunTimes:
    if session in clocks:
        clocks[session].read()
    busy, start = time.thread_time(), time.perf_counter()
    await session.fetch(sql, *values)
    end = time.perf_counter()
    return _RunTimes((end - start) * 1000, (time.thread_time() - busy) * 1000)


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
    """Return whether a statement is slower: the whole interval says so, and so does its work.

    Other programs on the machine may make either side of the pairs slow; they add no work.
    """
    if gain.high >= 1 / SLOWER or gain.after_ms - gain.before_ms <= _LEAST_MS:
        return False
    if gain.processor is None or gain.blocks[1] > gain.blocks[0]:
        return True
    before, after, _ = gain.processor
    return after > before * SLOWER


async def _blocks(session: Transaction, sql: str, arguments: Sequence[Any]) -> float:
    """Return the blocks that a run reads and writes, with those of temporary files."""
    plan: Mapping[str, Any] = json.loads(await session.fetchval(_EXPLAIN + sql, *arguments))[0][
        "Plan"
    ]
    names = ("Shared Hit", "Shared Read", "Temp Read", "Temp Written")
    return float(sum(plan.get(f"{name} Blocks", 0) for name in names))
