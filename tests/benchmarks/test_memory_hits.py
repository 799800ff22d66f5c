"""Measurements of hits from memory on little data; times are not checked."""

from contextlib import asynccontextmanager
from dataclasses import replace
from itertools import product

import pytest

from benchmarks import load
from benchmarks.data import Size
from benchmarks.memory_hits import (
    backends,
    declared,
    footprint,
    in_c,
    in_process,
    index_price,
    names,
    over_http,
    page,
    summary,
)
from benchmarks.memory_hits.environment import Run
from benchmarks.memory_hits.plan import QUICK
from benchmarks.result_cache import redis_server
from benchmarks.stored import server
from benchmarks.stored.declared import applied
from benchmarks.stored.plan import QUICK as STORED_QUICK

TINY = replace(
    QUICK, seconds=0.1, keys=5, connections=(2,), beside=(2,), clients=(2,), entries=10, rate=100
)
MODES = (names.NO_LOG, names.NO_INDEX, names.INDEX)


@pytest.fixture(scope="module")
def directory(tmp_path_factory):
    return tmp_path_factory.mktemp("memory_hits")


@asynccontextmanager
async def started(directory):
    plan = replace(STORED_QUICK, size=Size(200), parents=20)
    async with server.bench(plan, directory) as bench, bench.copy("memory_hits") as url:
        await applied(url, declared.schema())
        with redis_server.started(bench) as redis:
            async with backends.listed(url) as sessions:
                yield Run(bench, TINY, url, redis, sessions)


async def test_each_way_is_answered_in_its_way(directory, monkeypatch):
    # The load in Python: wrk takes whole seconds.
    monkeypatch.setattr(load.run, "__kwdefaults__", {**load.run.__kwdefaults__, "wrk": None})
    async with started(directory) as run:
        with over_http.started(run, (over_http.MEMORY,)) as running:
            ways = [way for way in over_http.ways(5) if way.store == over_http.MEMORY]
            for way in ways:
                over_http.fill(way, running[way.store])
            for _ in range(5):
                # In a tenth of a second of a busy machine, few requests are answered.
                rows = await over_http.measure(run, ways, running)
                assert {row["errors"] for row in rows} == {0}
                if all(row["memory_hits"] > 0.5 for row in rows):
                    break
            assert all(row["memory_hits"] > 0.5 for row in rows), rows
            beside = await over_http.measure(run, ways[:1], running, names.SAME)
            assert beside[0]["written"] > 0
        rows = await in_process.measure(run)
        rows += await in_c.measure(run)
        assert {row["way"] for row in rows} > {names.HIT, names.GET, names.PGBENCH}
        figures = await footprint.filled(run.url, 10)
        assert figures["counted_mb"] * 1e6 >= 10 * figures["body_bytes"] > 0
        for mode, indexes in zip(MODES, (None, 0, 1), strict=True):
            async with run.bench.copy("memory_index") as url:
                await index_price.prepare(url, mode)
                count = await server.fetch(
                    url, "SELECT count(*) FROM pg_class WHERE relname = 'changes_xid'"
                )
                assert count[0][0] == (indexes or 0)


def row(**values):
    figures = {"per_second": 100.0, "p50_ms": 1.0, "p99_ms": 2.0, "cpu_us": 30.0, "foreign": 0.0}
    return {**figures, "postgres_us": 10.0, "redis_us": 1.0, "memory_hits": 1.0, **values}


def figures():
    http = [way.name for way in (*over_http.ways(1), *over_http.beside_writers(1))]
    process = [names.PGBENCH, names.ASYNCPG, names.LIVE, names.HIT, names.REDIS_HIT, names.GET]
    tables = (names.IDLE, names.SAME, names.OTHER)
    return {
        "http": [
            row(way=way, connections=number, writers=table)
            for way, number, table in product(http, (1, 16), tables)
        ],
        "process": [
            row(way=way, clients=number, writers=table)
            for way, number, table in product(process, (8, 16), tables)
        ],
        "footprint": {
            "before_mb": 50.0,
            "after_mb": 150.0,
            "entries": 100_000,
            "counted_mb": 90.0,
            "body_bytes": 500.0,
        },
        "index": [
            {"mode": mode, "writers": 1, "tps": tps, "postgres_ms": 0.1, "foreign": 0.0}
            for mode, tps in zip(MODES, (100, 80, 60), strict=True)
        ],
    }


def test_targets_say_what_was_missed():
    judged = {target.step: target for target in summary.targets(figures())}
    assert judged["hit from memory, processor time against a live read, 16 connections"].hit
    assert not judged["hit from memory, PostgreSQL's time against a read by key, 8 at once"].hit
    assert not judged["writes with the change log's index against none, 1 at once"].hit


def test_the_page_has_every_way_and_the_bytes_of_an_entry():
    text = "\n".join(page.section(figures()))
    assert all(way.name in text for way in over_http.ways(1))
    assert "1,000 bytes for each" in text
    assert page.picture(figures()).count("<rect") > 8
