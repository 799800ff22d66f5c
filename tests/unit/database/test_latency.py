"""Latency: which statements may use a pipeline."""

import pytest

from fraiseql.database import latency as module
from fraiseql.database.latency import UNTIMED, Latency, Priority


def test_only_statements_known_to_be_quick_use_a_pipeline(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1_000.0
    monkeypatch.setattr(module, "perf_counter", lambda: now)
    latency = Latency(Priority.KEY)
    assert not latency.pipelines()
    latency.add(0.001)
    assert latency.pipelines()
    for seconds in [0.02] * 7 + [0.0001] + [0.02] * 7:
        latency.add_pipelined(seconds, now)
    assert latency.pipelines()
    latency.add_pipelined(0.002, now)
    assert not latency.pipelines()
    now += 10
    assert latency.pipelines()
    latency.add(1.0)
    assert not latency.pipelines()
    assert not UNTIMED.pipelines()
