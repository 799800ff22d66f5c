"""Cost of refreshes, and of the change log for writers."""

import asyncio
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import asdict
from statistics import median
from time import perf_counter
from typing import Any

import asyncpg

from benchmarks.stored import background, declared, pgbench
from benchmarks.stored.server import Bench, fetch, method, run, settle
from benchmarks.stored.writing import Scenario

KIND = "stored-refresh"
SHARES = (0.0, 0.001, 0.01, 0.1, 0.5, 1.0)
KINDS = {"plain": "", "concurrently": "CONCURRENTLY"}
COUNTER = "one counter row"
COUNTER_SQL = """
CREATE TABLE counter (n bigint NOT NULL);
INSERT INTO counter VALUES (0);
CREATE FUNCTION count_up() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN UPDATE counter SET n = n + 1; RETURN NULL; END $$;
CREATE TRIGGER count_up AFTER INSERT OR UPDATE OR DELETE ON tb_post
FOR EACH STATEMENT EXECUTE FUNCTION count_up();
"""
LOGGED = declared.dashboard(refresh="1h")
SCENARIOS = (
    Scenario("8 writers, 1 statement", 8, 1),
    Scenario("16 writers, 1 statement, 2 ms held", 16, 1, 2),
)
LAG = "2s"
RATE = 200
"""Transactions per second while staleness is watched."""


async def measure(bench: Bench) -> tuple[dict[str, Any], Any]:
    """Return the method, and the figures: refreshes, the log's cost, staleness."""
    plan = bench.plan
    figures = {
        "refresh": await _refreshes(bench),
        "log": await _log(bench),
        "lag": await _lag(bench),
    }
    how = {
        **method(bench),
        "view": "a row for each user with count, sum and latest instant of the user's posts, unique"
        " by the user's id",
        "change": "views of one post of that share of the users; one UPDATE before each refresh",
        "refresh": f"medians of {plan.refreshes}, kinds take turns; then the view is vacuumed",
        "log": "writers of the table that a dashboard reads; refreshes wait until they are done",
        COUNTER: "a trigger that counts up one row: known from many applications",
        "lag": f"dashboard with target_lag {LAG}, one worker, {RATE} transactions a second for"
        f" {plan.lag_seconds:g} s; the age that a reader receives, every 50 ms",
    }
    return how, figures


async def _refreshes(bench: Bench) -> list[dict[str, Any]]:
    async with bench.copy("stored_refresh") as url:
        schema = declared.authors(refresh="1h")
        await declared.applied(url, schema)
        await background.refreshed(url, schema)
        await settle(url)
        view = await _view(url)
        refreshes = [await _share(bench, url, view, share) for share in SHARES]
    for refresh in refreshes:
        bench.say(
            f"refresh after {refresh['share']:.1%}: {refresh['plain']['ms']:.0f} ms plain,"
            f" {refresh['concurrently']['ms']:.0f} ms concurrently"
        )
    return refreshes


async def _view(url: str) -> str:
    ((name,),) = await fetch(
        url, "SELECT format('%I.%I', schemaname, matviewname) FROM pg_matviews"
    )
    return str(name)


async def _share(bench: Bench, url: str, view: str, share: float) -> dict[str, Any]:
    samples: dict[str, list[dict[str, float]]] = {kind: [] for kind in KINDS}
    for _ in range(bench.plan.refreshes):
        for kind, word in KINDS.items():
            await run(url, change(bench, share))
            samples[kind].append(await _refreshed(url, f"REFRESH MATERIALIZED VIEW {word} {view}"))
            await run(url, f"VACUUM {view}")
    await run(url, "VACUUM tb_post")
    medians = {
        kind: {name: median(sample[name] for sample in runs) for name in runs[0]}
        for kind, runs in samples.items()
    }
    return {"share": share, "rows": bench.plan.size.users, **medians}


def change(bench: Bench, share: float) -> str:
    """Write the change: one post of the first users; the first posts are of one user each."""
    count = round(share * bench.plan.size.users)
    return (
        "UPDATE tb_post p SET views = views + 1 FROM"
        " (SELECT user_id, min(id) AS id FROM tb_post GROUP BY user_id) AS first"
        f" WHERE p.id = first.id AND first.user_id <= {count}"
    )


async def _refreshed(url: str, statement: str) -> dict[str, float]:
    connection = await asyncpg.connect(url)
    try:
        before = await connection.fetchval("SELECT pg_current_wal_insert_lsn()")
        started = perf_counter()
        await connection.execute(statement)
        took = (perf_counter() - started) * 1e3
        written = await connection.fetchval(
            "SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), $1::pg_lsn)::float8", before
        )
    finally:
        await connection.close()
    return {"ms": took, "wal_bytes": written}


async def _log(bench: Bench) -> dict[str, Any]:
    """Return rounds of writers by scenario, without and with the log, and with a counter."""
    async with AsyncExitStack() as stack:
        urls = {
            mode: await stack.enter_async_context(bench.copy(f"stored_log_{number}"))
            for number, mode in enumerate(("none", "log", COUNTER))
        }
        await declared.applied(urls["log"], LOGGED)
        await background.refreshed(urls["log"], LOGGED)
        await run(urls[COUNTER], COUNTER_SQL)
        for url in urls.values():
            await settle(url)
        return {scenario.name: await _logged(bench, scenario, urls) for scenario in SCENARIOS}


async def _logged(
    bench: Bench, scenario: Scenario, urls: Mapping[str, str]
) -> dict[str, list[Any]]:
    load = scenario.load(bench.plan.parents)
    figures: dict[str, list[Any]] = {mode: [] for mode in urls}
    for _ in range(bench.plan.rounds):
        for mode, url in urls.items():
            measured = await pgbench.measure(bench, url, load, bench.plan.write_seconds)
            figures[mode].append(asdict(measured))
    said = ", ".join(f"{mode} {median(r['tps'] for r in figures[mode]):.0f}/s" for mode in figures)
    bench.say(f"{scenario.name}: {said}")
    return figures


async def _lag(bench: Bench) -> dict[str, Any]:
    """Return the reported staleness of the dashboard, while others write."""
    schema = declared.dashboard(target_lag=LAG)
    async with bench.copy("stored_lag") as url:
        await declared.applied(url, schema)
        await settle(url)
        async with background.working(url, schema):
            age = await background.age(url, schema)
            await background.caught_up(url, age)
            load = Scenario("", 4, 1).load(bench.plan.parents)
            ages, took = await _watched(bench, url, age, load)
    seconds = sorted(age for age in ages if age is not None)
    figures = {
        "asked": len(ages),
        "unknown": len(ages) - len(seconds),
        "p50_s": seconds[len(seconds) // 2],
        "p99_s": seconds[len(seconds) * 99 // 100],
        "max_s": seconds[-1],
        "refreshes": took["refreshes"],
        "refresh_s": took["took"],
        "target_s": float(LAG.rstrip("s")),
    }
    bench.say(
        f"age p50 {figures['p50_s']:.2f} s, p99 {figures['p99_s']:.2f}, max {figures['max_s']:.2f}"
    )
    return figures


async def _watched(
    bench: Bench, url: str, age: str, load: pgbench.Load
) -> tuple[list[float | None], dict[str, float]]:
    before = await _state(url)
    writing = asyncio.create_task(pgbench.run_at(bench, url, load, bench.plan.lag_seconds, RATE))
    ages = []
    connection = await asyncpg.connect(url)
    try:
        while not writing.done():
            ages.append(await connection.fetchval(f"SELECT {age}"))
            await asyncio.sleep(0.05)
    finally:
        await connection.close()
        await writing
    after = await _state(url)
    return ages, {"refreshes": after["refreshes"] - before["refreshes"], "took": after["took"]}


async def _state(url: str) -> dict[str, float]:
    (row,) = await fetch(url, "SELECT refreshes, took FROM fraiseql.view_state")
    return dict(row)
