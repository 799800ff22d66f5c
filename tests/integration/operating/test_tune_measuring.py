"""Settings that change plans, measured on the statements of a trace."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from fraiseql.cli.main import main
from fraiseql.database import Pool
from fraiseql.errors import ConfigurationError
from fraiseql.operating.trace.samples import ReplayedStatement, ReplayLimits, load_replay
from fraiseql.operating.tune.facts import Overrides, load_facts
from fraiseql.operating.tune.measuring import Measurement, measured
from fraiseql.operating.tune.proposals import Tuning, propose
from fraiseql.operating.tune.replay import PAIRS, PairedTimes, Replay
from fraiseql.settings import Settings
from fraiseql.sizing.sizes import GB
from tests.integration.operating.scratch import Scratch, Scratches
from tests.integration.operating.traced import TABLES, Traced, app_of

LIVE = "query Live($id: Int!) { live(id: $id) { name } }"
PLANNER = {"effective_cache_size", "max_parallel_workers_per_gather", "random_page_cost"}
# Takes longer with one of the settings, whatever the plan is.
SLOW = """SELECT count(*) FROM pg_sleep(
  CASE current_setting('max_parallel_workers_per_gather') WHEN '0' THEN 0.05 ELSE 0 END)"""


@pytest.fixture(scope="module")
def traced(server_kind: str, scratches: Scratches) -> Iterator[Traced]:
    """The application of the trace's tests, in a database of its own."""
    scratch: Scratch = scratches(server_kind)
    scratch.run("CREATE DATABASE measured")
    traced = Traced(scratch.url.replace("/doctor?", "/measured?"))
    traced.execute(TABLES)
    traced.apply()
    yield traced
    traced.runner.close()
    scratch.run("DROP DATABASE measured WITH (FORCE)")


@pytest.fixture(autouse=True)
def empty(traced: Traced) -> None:
    traced.purge()


def tuned(traced: Traced) -> tuple[Tuning, Measurement]:
    """Measure on a machine where all settings of the planner change."""

    async def work(pool: Pool) -> tuple[Tuning, Measurement]:
        facts = await load_facts(pool, Overrides(memory=64 * GB, cpus=2), 14)
        statements, others = await load_replay(pool)
        tuning = propose(facts)
        assert {each.name for each in tuning.candidates} <= PLANNER
        return await measured(tuning, Replay(traced.url, Settings()), statements, others)

    return traced.work(work)


def names(parts: Any) -> set[str]:
    return {each.name for each in parts}


def test_a_setting_is_proposed_after_the_sampled_statements_were_run(traced: Traced) -> None:
    traced.serve(LIVE, LIVE, "{ lives { name } }", variables={"id": 3}, trace="values")
    tuning, measurement = tuned(traced)
    assert {each.statement.root for each in measurement.times} == {"live", "lives"}
    assert all(len(each.old) == len(each.new) for each in measurement.times)
    # Two runs, unless all settings make something slower.
    assert {len(each.new) for each in measurement.times} <= {PAIRS, 2 * PAIRS}
    assert tuning.candidates == ()
    # Which of them are slower, a busy machine decides.
    decided = names(tuning.proposals) | names(tuning.skipped)
    assert {"effective_cache_size", "max_parallel_workers_per_gather"} <= decided


def test_a_statement_that_takes_longer_with_a_setting_is_slower(traced: Traced) -> None:
    statement = ReplayedStatement("slow", "slow", SLOW, ("",))
    replay = Replay(traced.url, Settings())

    async def work(_: Pool) -> PairedTimes:
        (times,), _ = await replay.compare([statement], {"max_parallel_workers_per_gather": "0"})
        return times

    assert traced.work(work).is_slower


def test_statements_whose_parameters_are_unknown_are_listed(
    traced: Traced, capsys: pytest.CaptureFixture[str]
) -> None:
    traced.serve(LIVE, variables={"id": 3})
    tuning, measurement = tuned(traced)
    assert measurement.times == ()
    assert "trace=values" in measurement.others[0].reason
    assert names(tuning.candidates) & PLANNER


def test_the_command_prints_the_times(
    traced: Traced, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    application = "tests.integration.operating.traced.tuned_app"
    monkeypatch.setattr(application, app_of(traced.url), raising=False)
    traced.serve("{ lives { name } }")
    words = ("tune", "tests.integration.operating.traced:tuned_app", "--measure")
    monkeypatch.syspath_prepend(".")
    assert main([*words, "--memory", "64GB", "--only", "effective_cache_size", "--json"]) in (0, 1)
    document = json.loads(capsys.readouterr().out)
    assert document["candidates"] == []
    (times,) = document["measurement"]["statements"]
    assert times["root"] == "lives"


def test_without_a_trace_the_way_out_is_said(scratch: Scratch) -> None:
    with pytest.raises(ConfigurationError) as refused:
        scratch.work(load_replay)
    assert refused.value.code == "TRACE_EMPTY"


def test_without_samples_parameters_are_drawn_from_the_statistics(traced: Traced) -> None:
    traced.serve(LIVE, variables={"id": 3})
    traced.execute("ANALYZE tb_live")
    drawn = ReplayLimits(synthetic=True)
    (statement,), _ = traced.work(lambda pool: load_replay(pool, drawn))
    assert statement.synthetic
    assert {values["1"] for values in statement.values} <= {str(key) for key in range(1, 51)}
    assert statement.samples[0] == f"('{statement.values[0]['1']}')"
