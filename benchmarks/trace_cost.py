"""Cost of the events of a read by key: ``python -m benchmarks.trace_cost``.

CPU time of a request whose statement costs nothing, with and without its events; prints
microseconds.
"""

import asyncio
import statistics
from time import perf_counter, process_time
from typing import Any

from fraiseql.database.timing import report_read
from fraiseql.events import StatementFacts, current_request
from fraiseql.operating.trace.recorder import Recorder
from fraiseql.settings import Settings

REQUESTS = 100_000
ROUNDS = 9
ROWS: Any = [(b"x" * 200,)]
SQL = "SELECT document"


async def plain() -> Any:
    """Answer without events."""
    return ROWS


async def reported() -> Any:
    """Answer as the pool does."""
    report_read(SQL, (1,), 0.0001, ROWS)
    return ROWS


async def traced(operation: Any) -> Any:
    """Answer as ``Service.execute`` does."""
    start = perf_counter()
    request = operation.request()
    token = current_request.set(request)
    try:
        rows = await reported()
    finally:
        current_request.reset(token)
    request.done(perf_counter() - start, 200)
    return rows


async def main() -> None:
    """Measure in turns, and print the median and the range."""
    recorder = Recorder(Settings())
    operation = recorder.operation("Key", "query", "query Key", lambda _: StatementFacts())
    costs = []
    for _ in range(ROUNDS):
        start = process_time()
        for _ in range(REQUESTS):
            await plain()
        middle = process_time()
        for _ in range(REQUESTS):
            await traced(operation)
        costs.append((process_time() - middle - (middle - start)) / REQUESTS * 1e6)
    start = process_time()
    for _ in range(REQUESTS):
        perf_counter()
    clock = (process_time() - start) / REQUESTS * 1e9
    print(
        f"events of a read by key: {statistics.median(costs):.2f} µs"
        f" [{min(costs):.2f}-{max(costs):.2f}]; one perf_counter() takes {clock:.0f} ns here"
    )


if __name__ == "__main__":
    asyncio.run(main())
