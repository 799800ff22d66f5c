"""Decisions about settings, from times that are the same on every machine."""

import asyncio
from collections.abc import Mapping, Sequence

from fraiseql.operating.trace.samples import NotReplayed, ReplayedStatement
from fraiseql.operating.tune.measuring import measured
from fraiseql.operating.tune.proposals import Tuning, propose
from fraiseql.operating.tune.replay import PairedTimes, Replay
from fraiseql.settings import Settings
from fraiseql.sizing.sizes import GB
from tests.unit.operating.tune.synthetic import facts_of

STATEMENTS = [ReplayedStatement(name, name, "SELECT 1", ("",)) for name in ("fast", "slow")]
PLANNER = ["effective_cache_size", "random_page_cost", "max_parallel_workers_per_gather"]


class Scripted(Replay):
    """Runs no statement: the second one takes longer with some settings together.

    Args:
        harmful: Sets of settings that make it slower.
    """

    def __init__(self, *harmful: set[str]) -> None:
        super().__init__("", Settings())
        self._harmful = harmful

    async def compare(
        self, statements: Sequence[ReplayedStatement], values: Mapping[str, str]
    ) -> tuple[list[PairedTimes], list[NotReplayed]]:
        harmed = any(each <= values.keys() for each in self._harmful)
        return [
            PairedTimes(each, (1.0,) * 15, (3.0 if harmed and each.id == "slow" else 1.0,) * 15)
            for each in statements
        ], []


class Hidden(Scripted):
    """The first run does not show that a statement takes longer.

    Args:
        harmful: Sets of settings that make it slower.
    """

    runs = 0

    async def compare(
        self, statements: Sequence[ReplayedStatement], values: Mapping[str, str]
    ) -> tuple[list[PairedTimes], list[NotReplayed]]:
        self.runs += 1
        return await super().compare(statements, values if self.runs > 1 else {})


def decided(*harmful: set[str]) -> tuple[Tuning, list[str]]:
    """The tuning, and the settings of the planner that it proposes."""
    tuning = propose(facts_of(64 * GB, 2))
    assert [each.name for each in tuning.candidates] == PLANNER
    done, _ = asyncio.run(measured(tuning, Scripted(*harmful), STATEMENTS, []))
    assert done.candidates == ()
    return done, [each.name for each in done.proposals if each.target.kind == "planner"]


def test_settings_with_which_nothing_is_slower_are_proposed_with_their_figures() -> None:
    done, names = decided()
    assert names == PLANNER
    assert done.proposals[-1].target.evidence["slowest_ratio"] == 1.0


def test_a_setting_that_makes_a_statement_slower_is_dropped_with_the_statement() -> None:
    done, names = decided({"random_page_cost"})
    assert names == ["effective_cache_size", "max_parallel_workers_per_gather"]
    (reason,) = (each.reason for each in done.skipped if each.name == "random_page_cost")
    assert reason == "slow took 3.0 times as long, more than 1.2"


def test_a_setting_is_proposed_only_if_a_second_run_confirms_it() -> None:
    tuning = propose(facts_of(64 * GB, 2))
    replay = Hidden({"random_page_cost"})
    done, measurement = asyncio.run(measured(tuning, replay, STATEMENTS, []))
    assert "random_page_cost" not in {each.name for each in done.proposals}
    assert "random_page_cost" in {each.name for each in done.skipped}
    # Those that are proposed have the pairs of two runs.
    assert {len(each.new) for each in measurement.times} == {30}


def test_of_settings_that_are_harmful_together_only_some_are_dropped() -> None:
    done, names = decided({"effective_cache_size", "random_page_cost"})
    assert len(names) == 2
    assert "max_parallel_workers_per_gather" in names or "effective_cache_size" in names
    assert any("together with others" in each.reason for each in done.skipped)


def test_without_a_statement_the_candidates_stay() -> None:
    tuning = propose(facts_of(64 * GB, 2))
    done, measurement = asyncio.run(measured(tuning, Scripted(), [], []))
    assert (done, measurement.times) == (tuning, ())
