"""Counters in the process: what is counted, how it is shown, and that it stays bounded."""

import re

import pytest

from fraiseql.caching.results.metrics import LENGTH, NAMES, OTHER, WORDS, Metrics
from fraiseql.exposition import escaped
from fraiseql.results import CacheResult

KEY = bytes(32)


@pytest.fixture
def metrics() -> Metrics:
    """Fresh counters."""
    return Metrics()


def test_counts_each_outcome_apart(metrics: Metrics) -> None:
    metrics.answered("users", KEY, CacheResult("hit", cost_ms=12.5, age_seconds=3.0), 100)
    metrics.answered(
        "users", KEY, CacheResult("hit", lag_seconds=1.5, cost_ms=12.5, age_seconds=7.0), 50
    )
    metrics.answered("users", KEY, CacheResult("miss", detail="absent", stored=True), 100)
    metrics.answered("users", KEY, CacheResult("stale", detail="changed", collapsed=True), 100)
    metrics.answered("users", b"", CacheResult("bypass", detail="backoff"), 0)
    counters = metrics.queries["users"]
    assert (counters.hits, counters.misses, counters.stale, counters.bypassed) == (2, 1, 1, 1)
    assert (counters.behind, counters.collapsed, counters.stored) == (1, 1, 1)
    assert (counters.saved_ms, counters.size, counters.age, counters.oldest) == (
        25.0,
        150,
        10.0,
        7.0,
    )
    assert counters.reasons == {"absent": 1, "changed": 1, "backoff": 1}
    assert [(hits.key, hits.query, hits.hits) for hits in metrics.hot_keys] == [(KEY, "users", 2)]


def test_an_age_that_is_not_known_counts_as_behind(metrics: Metrics) -> None:
    metrics.answered("users", KEY, CacheResult("hit", lag_seconds=None), 1)
    assert metrics.queries["users"].behind == 1


def test_counts_events_by_kind(metrics: Metrics) -> None:
    for kind in ("full", "store_error:55P03", "full"):
        metrics.event("users", kind)
    assert metrics.queries["users"].events == {"full": 2, "store_error:55P03": 1}


def test_shows_the_text_format_of_prometheus(metrics: Metrics) -> None:
    metrics.answered("users", KEY, CacheResult("hit", cost_ms=1_500.0, age_seconds=3.0), 100)
    metrics.answered("users", KEY, CacheResult("miss", detail="absent"), 100)
    metrics.event("users", "refused:full")
    lines = metrics.lines()
    assert 'fraiseql_result_cache_hits_total{query="users"} 1' in lines
    assert 'fraiseql_result_cache_saved_seconds_total{query="users"} 1.5' in lines
    assert 'fraiseql_result_cache_not_hit_total{query="users",reason="absent"} 1' in lines
    assert 'fraiseql_result_cache_events_total{query="users",kind="refused:full"} 1' in lines
    sample = re.compile(r'[a-z_]+\{query="[^"]*"(,[a-z]+="[^"]*")?\} [0-9.e+-]+')
    assert all(line.startswith("# ") or sample.fullmatch(line) for line in lines)
    described = [line.split()[2] for line in lines if line.startswith("# TYPE ")]
    assert len(described) == len(set(described))


def test_large_numbers_are_not_rounded(metrics: Metrics) -> None:
    metrics.answered("users", KEY, CacheResult("hit"), 12_345_678_901_234)
    line = 'fraiseql_result_cache_bytes_total{query="users"} 12345678901234'
    assert line in metrics.lines()


def test_labels_are_escaped(metrics: Metrics) -> None:
    assert escaped('a"b\\c\nd') == r"a\"b\\c\nd"
    metrics.event('a"} 1\nfake_total 9', "x")
    assert [line for line in metrics.lines() if line.startswith("fake")] == []


def test_names_are_bounded(metrics: Metrics) -> None:
    for number in range(2 * NAMES):
        metrics.answered(f"name{number}", KEY, CacheResult("hit"), 1)
    assert len(metrics.queries) == NAMES + 1
    assert metrics.queries[OTHER].hits == NAMES
    assert sum(query.hits for query in metrics.queries.values()) == 2 * NAMES
    assert metrics.queries["name0"].hits == 1


def test_words_are_bounded(metrics: Metrics) -> None:
    for number in range(3 * WORDS):
        metrics.event("users", f"kind{number}")
    events = metrics.queries["users"].events
    assert len(events) == WORDS + 1
    assert events[OTHER] == 2 * WORDS


def test_names_are_what_postgresql_can_hold(metrics: Metrics) -> None:
    for name in ("nul\0", "half \ud800", "x" * 10_000):
        metrics.answered(name, KEY, CacheResult("hit"), 1)
        metrics.answered(name, KEY, CacheResult("hit"), 1)
    assert [query.hits for query in metrics.queries.values()] == [2, 2, 2]
    assert all("\0" not in name and len(name) <= LENGTH for name in metrics.queries)
    assert "".join(metrics.queries).encode()


def test_the_last_reasons_are_at_most_twenty() -> None:
    counters = Metrics()
    for number in range(30):
        counters.answered(f"q{number}", b"", CacheResult("miss", detail="absent"), 0)
    counters.answered("hit", b"k", CacheResult("hit"), 1)
    assert [each.query for each in counters.recent] == [f"q{number}" for number in range(10, 30)]
