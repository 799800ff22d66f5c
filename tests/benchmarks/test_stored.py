"""Measurements of stored documents on little data; times are not checked.

They have their own server, as in a full run: databases are copied and dropped.
"""

from dataclasses import replace

import pytest

from benchmarks.data import Size
from benchmarks.stored import (
    declared,
    indexes,
    pgbench,
    reads,
    refresh,
    served,
    server,
    summary,
    wal,
    writing,
)
from benchmarks.stored.plan import QUICK
from benchmarks.stored.writing import Scenario
from fraiseql.serving.execution.explain import StatementReport

TINY = replace(
    QUICK, size=Size(200), parents=20, events=20_000, executions=1, wal_transactions=5, refreshes=1
)
CHOSEN = (
    "GeneratedColumn, 40 columns",
    "Projection, text, 3 levels",
    "MaterializedView, dashboard",
)


@pytest.fixture(scope="module")
def directory(tmp_path_factory):
    return tmp_path_factory.mktemp("stored")


async def test_timed_statements_read_stored_documents_and_agree(directory):
    chosen = [variant_ for variant_ in reads.VARIANTS if variant_.name in CHOSEN]
    assert len(chosen) == len(CHOSEN)
    async with server.bench(TINY, directory) as bench:
        for variant in chosen:
            async with reads.built(bench, variant) as services:
                for operation in variant.operations(TINY.size.users):
                    assert await reads.agreed(operation, services) > 100
                    sources = [
                        (await served.statement(services[kind], operation)).source
                        for kind in ("live", "stored")
                    ]
                    assert sources[0] == "live" != sources[1], (variant.name, operation.name)


async def test_writers_write_what_they_should_and_leave_no_document_wrong(directory):
    load = Scenario("", 8, 4).load(TINY.parents)
    async with server.bench(TINY, directory) as bench, writing.places(bench) as urls:
        for mode in ("none", "statement", "commit", "async", writing.NAIVE):
            before = await posts(urls[mode])
            counts = await pgbench.run(bench, urls[mode], load, 10)
            assert await posts(urls[mode]) - before == 8 * 4 * 10
            assert counts.failed == 0
            await writing.rest(mode, urls[mode])
            if mode != writing.NAIVE:
                assert await writing.wrong(mode, urls[mode]) == 0
        await damage(urls["commit"])
        assert await writing.wrong("commit", urls["commit"]) == 1
        # The server's own work is counted too, and may fall into any of them: three tries.
        for _ in range(3):
            logged = [
                await wal.measured(bench, mode, urls[mode], load) for mode in ("none", "commit")
            ]
            if 0 < logged[0]["records"] < logged[1]["records"]:
                break
    assert 0 < logged[0]["records"] < logged[1]["records"]
    assert logged[0]["bytes"] > 0


async def posts(url: str) -> int:
    return (await server.fetch(url, "SELECT count(*) FROM tb_post"))[0][0]


async def damage(url: str) -> None:
    (name,) = await server.fetch(
        url,
        "SELECT oid::regclass::text FROM pg_class"
        " WHERE relkind = 'r' AND starts_with(relname, 'tv_user')",
    )
    await server.run(url, f"UPDATE {name[0]} SET data = data || '{{\"bio\": 1}}' WHERE id = 5")


async def test_each_declared_index_is_used_and_smaller_than_one_over_all_rows(directory):
    async with server.bench(TINY, directory) as bench:
        _, figures = await indexes.measure(bench)
    for name, kinds in figures["times"].items():
        assert kinds["no index"]["generic"]["scans"] == ["Seq Scan"], name
        (used,) = kinds["statement for the index"]["generic"]["scans"]
        assert used.startswith("ix_tb_event"), name
    sizes = {index["name"]: index["bytes"] for index in figures["sizes"]}
    partial = [index["bytes"] for index in figures["sizes"] if " WHERE " in index["definition"]]
    assert len(partial) == 2
    assert max(partial) < sizes["all rows, created_at DESC"] / 3


async def test_a_refresh_is_measured_after_the_share_that_it_says(directory):
    async with server.bench(TINY, directory) as bench, bench.copy("stored_change") as url:
        for share, count in ((0.0, 0), (0.1, 20), (1.0, 200)):
            before = await views(url)
            await server.run(url, refresh.change(bench, share))
            assert await views(url) - before == count


async def views(url: str) -> int:
    return (await server.fetch(url, "SELECT sum(views)::bigint FROM tb_post"))[0][0]


def test_a_statement_becomes_a_script_with_its_parameters():
    report = StatementReport("user", "stored", "SELECT $1::int, $10, $1", ("737",) + ("5",) * 9, ())
    script = served.as_load(report, 99).script.splitlines()
    assert "\\set p1 random(1, 99)" in script
    assert "\\set p10 5" in script
    assert script[-1] == "SELECT :p1::int, :p10, :p1;"


def rounds(*tps: float, foreign: float = 0.0):
    return [{"tps": rate, "foreign": foreign} for rate in tps]


def test_rounds_that_others_disturbed_do_not_count():
    assert summary.middle([*rounds(5, 7), *rounds(100, foreign=0.5)], "tps") == 6
    assert summary.middle(rounds(100, foreign=0.5), "tps") == 100


def test_the_change_log_misses_its_target_by_what_it_costs():
    figures = {
        "log": {"8 writers": {"none": rounds(1000), "log": rounds(940)}},
        "lag": {"target_s": 2, "refresh_s": 0.1, "p99_s": 2.05},
    }
    judged = list(summary.targets({"stored-refresh": {"figures": figures}}))
    assert [(target.figure, target.hit) for target in judged] == [("94%", False), ("2.05 s", True)]


def test_every_mode_is_declared_as_an_application_would():
    assert {mode for mode, schema in writing.MODES.items() if schema is None} == {
        "none",
        writing.NAIVE,
    }
    assert declared.users(None).objects["User"].stored is None
