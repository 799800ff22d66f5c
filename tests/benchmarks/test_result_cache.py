"""Measurements of result caches on little data; times are not checked."""

from dataclasses import replace
from itertools import islice

import pytest

from benchmarks.data import Size
from benchmarks.result_cache import (
    coalescing,
    hit_writes,
    hits,
    memory,
    ring,
    stores,
    storm,
    summary,
    traces,
    writers,
)
from benchmarks.result_cache.names import ALONE, COUNTER, GET, LOG, LOOK_UP, NONE, TOGETHER
from benchmarks.result_cache.plan import QUICK
from benchmarks.stored import pgbench, server
from benchmarks.stored.plan import QUICK as STORED_QUICK

TINY = replace(
    QUICK,
    read_seconds=0.1,
    keys=20,
    sizes=(1_000,),
    clients=(2,),
    tables=2,
    callers=20,
    trace=1_000,
    universe=3_000,
    hits=50,
    storm_seconds=0.5,
)


@pytest.fixture(scope="module")
def directory(tmp_path_factory):
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
async def bench(directory):
    async with server.bench(
        replace(STORED_QUICK, size=Size(200), parents=20), directory
    ) as started:
        yield started


async def test_what_is_timed_is_found_in_every_way(bench):
    (figures,) = await hits.measure(bench, TINY)
    assert {*figures["rate"]} < {*figures["asyncio"]}
    assert figures["rate"][LOOK_UP][0]["failed"] == 0
    assert figures["rate"][GET][0]["tps"] > 0


async def test_the_script_finds_entries_until_somebody_writes(bench):
    async with bench.copy("cache_script") as url:
        await stores.applied(url)
        async with stores.opened(url) as store:
            label = await stores.label(store)
            await stores.put_entry(store, stores.entry(label, stores.key(7), stores.body(7, 500)))
        sql = stores.script(label).strip().rstrip(";").replace(":n::", "7::")
        ((reason, *_, body),) = await server.fetch(url, sql)
        assert (reason, len(body)) == ("hit", 500)
        await server.run(url, "UPDATE tb_post SET views = 0 WHERE id = 1")
        ((reason, *_, body),) = await server.fetch(url, sql)
        assert (reason, body) == ("changed", None)


async def test_writers_leave_a_row_of_the_log_and_the_counter_counts(bench):
    counted = {
        LOG: "SELECT count(DISTINCT xid) FROM fraiseql.changes",
        COUNTER: "SELECT n FROM counter",
    }
    for mode in (NONE, LOG, COUNTER):
        async with bench.copy("cache_writers") as url:
            await writers.prepare(mode, url, TINY)
            before = await fetch(url, counted.get(mode, "SELECT 0"))
            for scenario in writers.SCENARIOS:
                done = await pgbench.run(bench, url, scenario.load(TINY, 20), 2)
                assert done.failed == 0
            written = writers.CLIENTS * 2 * len(writers.SCENARIOS)
            spread = writers.CLIENTS * 2 * sum(not single.hot for single in writers.SCENARIOS)
            after = await fetch(url, counted.get(mode, "SELECT 0"))
            assert after - before == (0 if mode == NONE else written)
            posts = await fetch(
                url, "SELECT (SELECT count(*) FROM tb_cold_1) + (SELECT count(*) FROM tb_cold_2)"
            )
            assert posts == spread


async def fetch(url: str, sql: str) -> int:
    return (await server.fetch(url, sql))[0][0]


async def test_one_of_all_callers_computes(bench):
    _, figures = await coalescing.measure(bench, TINY)
    assert [row["computed"] for row in figures[TOGETHER]] == [1]
    assert figures[ALONE][0]["computed"] >= 1


async def test_bytes_on_disk_stay_below_the_limit(bench):
    figures = await storm.measure(bench, TINY)
    assert figures["ring"]["writes"] > 0
    assert 0 < figures["ring"]["peak_bytes"] <= 1.15 * TINY.storm_bytes


async def test_hits_write_nothing(bench):
    figures = await hit_writes.measure(bench, TINY)
    assert figures["look-ups of the store"]["dead_rows"] == 0


async def test_a_trace_hits_and_misses(bench):
    _, figures = await ring.measure(bench, replace(TINY, storm_seconds=0.1))
    (trace,) = figures["traces"]
    assert 0 < trace["ring"] < 1
    assert 0 < trace["entries"] < TINY.universe


async def test_memory_answers_without_asking(bench):
    assert (await memory.measure(bench, TINY))["p50_us"] > 0


def test_exact_caches_hit_what_they_hold():
    trace = [1, 2, 1, 3, 1, 2]
    assert traces.lru(trace, 2, warm=0) == 2 / 6
    assert traces.fifo(trace, 2, warm=0) == 1 / 6
    assert traces.lru(trace, 2, warm=3) == 1 / 3


def test_a_trace_is_the_same_in_every_run_and_steep():
    first, second = (list(islice(traces.zipf(100, 1.0, seed=4), 2_000)) for _ in range(2))
    assert first == second
    counts = sorted((first.count(key) for key in set(first)), reverse=True)
    assert counts[0] > 3 * counts[9]


def test_targets_say_what_was_missed():
    results = {
        "traces": [{"skew": 1.0, "ring": 0.5, "lru": 0.54, "fifo": 0.49}],
        "storm": {"ring": {"peak_bytes": 120}},
        "storm_bytes": 100,
    }
    judged = list(summary.targets({"cache-ring": {"figures": results}}))
    assert [target.hit for target in judged] == [True, False, False]
