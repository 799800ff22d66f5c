"""Traced statements with the settings of ``fraiseql tune``, and without.

``python -m benchmarks.tuned URL`` with the address that ``fraiseql demo`` prints, after its
operations have run. Interleaved pairs on one server: two sessions, one with each proposed setting
that a session can have. Judged by the processor time of the backends; changes nothing.
"""

import asyncio
import re
import sys
from collections.abc import Mapping

from benchmarks.advise_pairs.processor import few_samples
from fraiseql.database import Pool, Transaction, open_pool
from fraiseql.operating.advise.replay import PairLimits, Sides, compare
from fraiseql.operating.advise.trials import reading_session
from fraiseql.operating.trace.report import load_trace
from fraiseql.operating.trace.samples import ReplayedStatement, ReplayLimits, load_replay
from fraiseql.operating.tune.facts import Overrides, load_facts
from fraiseql.operating.tune.proposals import propose
from fraiseql.settings import Settings

PAIRS = PairLimits(least=6, most=20, seconds=1.0)
SAMPLES = 1
"""Parameters with which each statement runs."""

MOST = 1.2
"""Times the former processor time that no statement may take."""

LEAST_MS = 0.1
"""Smaller differences are those of the clock of a backend."""

READING = re.compile(r"(?is)\s*(select|with)\b")


async def session_values(pool: Pool, settings: Settings) -> dict[str, str]:
    """Return the proposed settings that a session can have."""
    count = settings.pool_size + settings.cache_connections
    tuning = propose(await load_facts(pool, Overrides(embedded=True), count))
    return {each.name: each.new_text for each in tuning.proposals if not each.setting.restart}


async def measured(
    before: Transaction, after: Transaction, statement: ReplayedStatement
) -> tuple[float, float]:
    """Return the processor milliseconds without and with the settings."""
    sides = Sides(before, after, local=True)
    first = await compare(sides, statement, PAIRS)
    times = [first.processor]
    if first.processor and _slower(*first.processor[:2]):
        # Once more: a second run confirms, or not.
        times.append((await compare(sides, statement, PAIRS)).processor)
    best = min((each for each in times if each), key=lambda each: each[1] / each[0])
    return best[0], best[1]


def _slower(before: float, after: float) -> bool:
    return after > MOST * before and after - before > LEAST_MS


async def calls_of(pool: Pool) -> Mapping[str, int]:
    """Return the runs of each traced statement."""
    trace = await load_trace(pool.inspect)
    parts = [part for operation in trace.operations for part in operation.statements]
    return {each.id: each.cost.calls for each in parts}


async def main(url: str) -> bool:
    """Measure and print; return whether no statement is slower, and the sum no higher."""
    settings = Settings(database_url=url)
    pool = await open_pool(url, settings)
    values = await session_values(pool, settings)
    statements, others = await load_replay(pool, ReplayLimits(100, 60_000.0, synthetic=True))
    calls = await calls_of(pool)
    await pool.close()
    print("with", ", ".join(f"{name} = {value}" for name, value in values.items()), flush=True)
    sums, slower = [0.0, 0.0], 0
    async with reading_session(url) as before, reading_session(url) as after:
        for name, value in values.items():
            await after.fetch("SELECT set_config($1, $2, false)", name, value)
        for each in statements:
            if READING.match(each.sql):
                old, new = await measured(before, after, few_samples(each, SAMPLES))
                sums = [sums[0] + old * calls[each.id], sums[1] + new * calls[each.id]]
                slower += _slower(old, new)
                print(_line(each, old, new), flush=True)
    print(
        f"{slower} slower than {MOST:g}x; {len(others)} not run; all calls of the trace:", end=" "
    )
    print(f"{sums[0]:,.0f} -> {sums[1]:,.0f} ms of processor time ({sums[1] / sums[0]:.2f}x)")
    return not slower and sums[1] <= sums[0]


def _line(statement: ReplayedStatement, old: float, new: float) -> str:
    mark = "  SLOWER" if _slower(old, new) else ""
    return f"{old:9.3f} -> {new:9.3f} ms  {new / old:5.2f}x  {statement.root}{mark}"


if __name__ == "__main__":
    sys.exit(0 if asyncio.run(main(sys.argv[1])) else 1)
