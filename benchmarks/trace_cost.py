"""Cost of the events of a read by key: ``python -m benchmarks.trace_cost``.

CPU time of a request whose statement costs nothing, with and without its events, in many short
turns; prints microseconds. The median of the pairs counts: other programs disturb few of them.
"""

import asyncio
import statistics
from time import perf_counter, process_time
from typing import Any

from fraiseql.database.timing import report_read
from fraiseql.events import StatementFacts, current_request
from fraiseql.operating.trace.recorder import Recorder
from fraiseql.settings import Settings

REQUESTS = 2_000
"""Requests of a turn: many times the number after which counts are added up."""

TURNS = 300
ROWS: Any = [(b"x" * 200,)]
SQL = "SELECT document"


async def plain_read() -> Any:
    """Answer as the pool does, without events."""
    return ROWS


async def plain(operation: Any) -> Any:  # noqa: ARG001 - as below
    """Answer as ``Service.execute`` does, without events."""
    return await plain_read()


async def reported_read() -> Any:
    """Answer as the pool does."""
    report_read(SQL, (1,), 0.0001, ROWS)
    return ROWS


async def reported(operation: Any) -> Any:
    """Answer as ``Service.execute`` does."""
    start = perf_counter()
    request = operation.request()
    token = current_request.set(request)
    try:
        rows = await reported_read()
    finally:
        current_request.reset(token)
    request.done(perf_counter() - start, 200)
    return rows


async def seconds_of(answer: Any, operation: Any) -> float:
    """Return the CPU seconds of a turn."""
    start = process_time()
    for _ in range(REQUESTS):
        await answer(operation)
    return process_time() - start


async def main() -> None:
    """Measure in turns, and print the median and the range of most."""
    recorder = Recorder(Settings())
    operation = recorder.operation("Key", "query", "query Key", lambda _: StatementFacts())
    costs = []
    for _ in range(TURNS):
        without = await seconds_of(plain, operation)
        costs.append((await seconds_of(reported, operation) - without) / REQUESTS * 1e6)
    start = process_time()
    for _ in range(REQUESTS * 50):
        perf_counter()
    clock = (process_time() - start) / REQUESTS / 50 * 1e9
    low, *_, high = statistics.quantiles(costs, n=10)
    print(
        f"events of a read by key: {statistics.median(costs):.2f} µs"
        f" [{low:.2f}-{high:.2f}]; one perf_counter() takes {clock:.0f} ns here"
    )


if __name__ == "__main__":
    asyncio.run(main())
