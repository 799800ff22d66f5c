"""One statement that writes many rows."""

from collections.abc import Mapping
from statistics import median
from time import perf_counter

import asyncpg

from benchmarks.stored import writing
from benchmarks.stored.server import Bench, run

INSERT = """
INSERT INTO tb_post (user_id, title, body, views, created_at)
SELECT 1 + n % $2, 'A title of six or seven words', repeat('A sentence that is not kept. ', 5),
  n, clock_timestamp() FROM generate_series(1, $1::integer) AS n
"""


async def measure(bench: Bench, urls: Mapping[str, str]) -> dict[str, dict[str, float]]:
    """Return medians by mode, ms: of the statement, of the commit, and of both."""
    samples: dict[str, list[tuple[float, float]]] = {mode: [] for mode in urls}
    for _ in range(bench.plan.bulk_rounds):
        for mode, url in urls.items():
            samples[mode].append(await _sample(bench, mode, url))
    figures = {
        mode: {
            "statement_ms": median(statement for statement, _ in pairs),
            "commit_ms": median(two for _, two in pairs),
            "ms": median(statement + commit for statement, commit in pairs),
        }
        for mode, pairs in samples.items()
    }
    for mode, times in figures.items():
        bench.say(f"bulk {mode:28} {times['statement_ms']:7.1f} + {times['commit_ms']:7.1f} ms")
    return figures


async def _sample(bench: Bench, mode: str, url: str) -> tuple[float, float]:
    """Run the statement and undo it by another; return ms of it and of its commit."""
    connection = await asyncpg.connect(url)
    try:
        before = await connection.fetchval("SELECT max(id) FROM tb_post")
        await connection.execute("BEGIN")
        started = perf_counter()
        await connection.execute(INSERT, bench.plan.bulk_rows, bench.plan.parents)
        done = perf_counter()
        await connection.execute("COMMIT")
        committed = perf_counter()
        await connection.execute("DELETE FROM tb_post WHERE id > $1", before)
    finally:
        await connection.close()
    await writing.rest(mode, url)
    await run(url, "VACUUM tb_post")
    return (done - started) * 1e3, (committed - done) * 1e3
