"""WAL per transaction, with documents stored in each way."""

import asyncio
from collections.abc import Mapping
from typing import Any

from benchmarks.stored import pgbench, writing
from benchmarks.stored.server import Bench, fetch, run
from benchmarks.stored.writing import Scenario

WORKLOADS = {
    "insert of a post": (
        Scenario("insert", 1, 1),
        False,
        ("none", "statement", "commit", "async", writing.NAIVE),
    ),
    "four inserts of posts of a user": (
        Scenario("inserts", 1, 4),
        False,
        ("none", "statement", "commit", "async", writing.NAIVE),
    ),
    "update of a user's bio": (
        Scenario("update", 1, 1),
        True,
        ("none", "statement", "commit", "async", "generated column", writing.NAIVE),
    ),
}


async def measure(bench: Bench, urls: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    """Return bytes, records and whole-page images per transaction, by workload and mode."""
    figures: dict[str, dict[str, Any]] = {}
    for name, (scenario, bio, modes) in WORKLOADS.items():
        load = scenario.load(_parents(bench), bio=bio)
        figures[name] = {mode: await measured(bench, mode, urls[mode], load) for mode in modes}
        said = ", ".join(f"{mode} {each['bytes']:.0f}" for mode, each in figures[name].items())
        bench.say(f"WAL bytes, {name}: {said}")
    return figures


async def measured(bench: Bench, mode: str, url: str, load: pgbench.Load) -> dict[str, float]:
    """Return bytes, records and whole-page images per transaction of one writer."""
    count = bench.plan.wal_transactions
    # Warm: a page is logged whole when it is first touched after a checkpoint.
    await pgbench.run(bench, url, load, 5 * _parents(bench))
    await _quiet(mode, url)
    before = await _counted(url)
    await pgbench.run(bench, url, load, count)
    await _quiet(mode, url)
    after = await _counted(url)
    return {name: (after[name] - before[name]) / count for name in before}


def _parents(bench: Bench) -> int:
    """Return the number of written users: few, so that their pages are soon warm."""
    return max(1, bench.plan.parents // 10)


async def _quiet(mode: str, url: str) -> None:
    await writing.rest(mode, url)
    # Other sessions see counters of a session after its end or after a second.
    await asyncio.sleep(0.2)
    await run(url, "SELECT pg_stat_force_next_flush()")


async def _counted(url: str) -> dict[str, float]:
    """Return WAL bytes, records and whole-page images of the cluster so far."""
    (row,) = await fetch(
        url,
        "SELECT wal_bytes::float8 AS bytes, wal_records AS records, wal_fpi AS images"
        " FROM pg_stat_wal",
    )
    return dict(row)
