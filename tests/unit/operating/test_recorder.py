"""Counters of a process's requests in memory."""

from typing import Any

import pytest

from fraiseql.events import StatementFacts
from fraiseql.operating.trace.counters import PENDING
from fraiseql.operating.trace.recorder import Recorder
from fraiseql.settings import Settings

_PUBLIC = StatementFacts(secret=frozenset())


def _asked(operation: Any, statements: int, *, fails: bool = False) -> None:
    request = operation.request()
    for number in range(statements):
        request.ran(f"SELECT {number % 30}", (number,), 0.001, 2, 10)
    if fails:
        request.error("TOO_COMPLEX")
    request.done(0.002, 100)


@pytest.mark.parametrize("fails", [False, True])
def test_few_runs_wait_to_be_added_up(fails: bool) -> None:
    recorder = Recorder(Settings())
    operation = recorder.operation("Key", "query", "{ key }", lambda _: _PUBLIC)
    for _ in range(1_000):
        _asked(operation, 1, fails=fails)
    (counters,) = recorder.operations
    waiting = [counters, counters.failed, *counters.statements]
    assert max(len(each.pending) for each in waiting) < PENDING
    (statement,) = counters.statements
    statement.fold()
    assert (statement.calls, statement.rows, statement.size) == (1_000, 2_000, 10_000)
    totals = counters.take()
    assert totals is not None
    assert (totals.calls, totals.size, recorder.active) == (1_000, 100_000, 0)


def test_many_runs_of_one_request_are_added_up() -> None:
    recorder = Recorder(Settings(trace="values", trace_samples=3))
    operation = recorder.operation("Many", "query", "{ many }", lambda _: _PUBLIC)
    _asked(operation, 90_000)
    (counters,) = recorder.operations
    assert max(len(each.pending) for each in counters.statements) <= PENDING
    for each in counters.statements:
        each.fold()
    # Twenty statements are counted separately, and all others together, without samples.
    assert sorted({(each.calls, len(each.samples)) for each in counters.statements}) == [
        (3_000, 3),
        (30_000, 0),
    ]
