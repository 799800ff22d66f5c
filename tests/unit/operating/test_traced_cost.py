"""Histograms of the trace, against the exact durations."""

import random

import pytest

from fraiseql.exposition import Histogram
from fraiseql.operating.trace.counters import Counters, StatementCounters
from fraiseql.operating.trace.report import TracedCost


def test_a_percentile_is_wrong_by_a_bucket_at_most() -> None:
    counters = Counters()
    durations = sorted(random.lognormvariate(-7, 2) for _ in range(2_000))
    for seconds in durations:
        counters.add(seconds, 1, 10)
    totals = counters.take()
    assert totals is not None
    cost = TracedCost(totals.calls, 0, totals.seconds * 1e3, 0, 0, 0, totals.buckets)
    assert cost.mean == pytest.approx(sum(durations) / 2, rel=1e-9)
    for share in (0.5, 0.95, 0.99):
        exact = durations[int(share * 2_000) - 1] * 1e3
        assert exact / 2.01 <= cost.percentile(share) <= max(0.0625, exact * 2.01)


def test_both_histograms_have_the_same_durations() -> None:
    counters, histogram = Counters(), Histogram()
    durations = [random.lognormvariate(-5, 2) for _ in range(2_000)]
    histogram.add(durations)
    for seconds in durations:
        counters.add(seconds, 1, 10)
    counters.fold()
    assert counters.histogram.buckets == histogram.buckets
    assert sum(counters.buckets) == len(durations)


def test_counts_are_taken_once() -> None:
    counters = Counters()
    counters.add(0.001, 2, 3)
    first = counters.take()
    assert counters.take() is None
    counters.add(0.002, 5, 7)
    second = counters.take()
    assert first is not None
    assert second is not None
    assert (second.calls, second.rows, second.size) == (1, 5, 7)
    assert first.plus(second).calls == 2


def test_samples_are_some_of_all_runs() -> None:
    statement = StatementCounters("SELECT $1, $2", "live", "a", frozenset({1}))
    for number in range(500):
        statement.sample((number, "secret"), 20)
    numbers = [sample["1"] for sample in statement.samples]
    assert len(numbers) == 20
    assert max(numbers) > 100
    assert all(sample.keys() == {"1"} for sample in statement.samples)


def test_statements_of_unknown_parameters_have_no_samples() -> None:
    statement = StatementCounters("SELECT $1", "live", "a", None)
    statement.sample((1,), 20)
    assert statement.samples == []
