"""Transactions per second with documents stored in each way."""

from collections.abc import Mapping
from dataclasses import asdict
from time import perf_counter
from typing import Any

from benchmarks.stored import bulk, pgbench, wal, writing
from benchmarks.stored.server import Bench, fetch, method
from benchmarks.stored.writing import MODES, SCENARIOS, Scenario

KIND = "stored-writes"
POSTS = tuple(mode for mode in MODES if mode != "generated column")
"""Modes that depend on posts."""


async def measure(bench: Bench) -> tuple[dict[str, Any], Any]:
    """Return the method, and the figures: rounds, the large statement, WAL."""
    plan = bench.plan
    async with writing.places(bench) as urls:
        figures = {
            "wal": await wal.measure(bench, urls),
            "bulk": await bulk.measure(bench, {mode: urls[mode] for mode in POSTS}),
            "rounds": {
                scenario.name: await _scenario(bench, scenario, urls) for scenario in SCENARIOS
            },
            "wrong": {mode: await writing.wrong(mode, url) for mode, url in urls.items()},
        }
        ((documents,),) = await fetch(urls["none"], "SELECT count(*) FROM tb_user")
    how = {
        **method(bench),
        **writing.described(),
        "parents": plan.parents,
        "rounds": f"{plan.rounds} of {plan.write_seconds:g} s each, modes take turns",
        "async": "a worker processes the queue, its processor time included; after each round the"
        " next waits until nothing is left",
        "wal": f"pg_stat_wal over {plan.wal_transactions} transactions of one writer on a tenth of"
        " the parents, whose pages were written since the last checkpoint",
        "bulk": f"{plan.bulk_rows:,} posts of {plan.parents:,} users in one INSERT … SELECT, then"
        f" COMMIT; medians of {plan.bulk_rounds}",
        "documents_compared": documents,
    }
    return how, figures


async def _scenario(
    bench: Bench, scenario: Scenario, urls: Mapping[str, str]
) -> dict[str, list[Any]]:
    load = scenario.load(bench.plan.parents)
    figures: dict[str, list[Any]] = {mode: [] for mode in POSTS}
    for _ in range(bench.plan.rounds):
        for mode in POSTS:
            measured = await pgbench.measure(bench, urls[mode], load, bench.plan.write_seconds)
            started = perf_counter()
            await writing.rest(mode, urls[mode])
            left = round(perf_counter() - started, 3)
            figures[mode].append({**asdict(measured), "left_seconds": left})
    none = max(measured["tps"] for measured in figures["none"])
    said = ", ".join(
        f"{mode} {max(r['tps'] for r in figures[mode]) / none:.0%}" for mode in POSTS[1:]
    )
    bench.say(f"{scenario.name:45} none {none:6.0f}/s, {said}")
    return figures
