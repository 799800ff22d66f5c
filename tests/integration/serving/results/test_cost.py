"""Cost of a hit in statements, and of operations without cached fields."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.database.server_log import Log
from tests.integration.flights import at_once, run_sql
from tests.integration.serving.results.application import TABLES
from tests.integration.serving.results.env import respond, served_with_caches
from tests.integration.serving.served import Served

HIT = "{ books { title reviews { stars } } }"
LOOK_UP = "v.snapshot"
"""In the first line of every look-up, and of no other statement."""
CHECK = "n.snapshot IS DISTINCT FROM"
"""In the first line of every freshness check, and of no other statement."""
PROBE = "SELECT WHERE pg_catalog.pg_current_snapshot()"
"""In the first line of every probe for one."""
LIVE = "{ live { title reviews { stars } } }"


def from_memory(running: Served, query: str) -> bool:
    """Run a query; return whether its cached fields came from memory."""
    cached = respond(running, query).cached
    assert cached is not None
    return all(answer.detail == "memory" for answer in cached.answers.values())


@pytest.fixture(scope="module")
def cached(database: str) -> Iterator[Served]:
    name = database.rpartition("/")[2].partition("?")[0]
    at_once(run_sql(database, TABLES))
    at_once(run_sql(database, f"ALTER DATABASE {name} SET log_min_duration_statement = 0"))
    with served_with_caches(database, memory_max_bytes=0) as running:
        for query in (HIT, HIT, LIVE):
            running.data(query)
        yield running
    at_once(run_sql(database, f"ALTER DATABASE {name} RESET log_min_duration_statement"))


@pytest.fixture
def log(server_log: Path) -> Log:
    return Log(server_log)


def executed(log: Log) -> list[str]:
    """Return the statements that requests ran; figures are written in the background."""
    runs = [message for message in log.new() if message.startswith("execute ")]
    return [run for run in runs if "figures" not in run]


def test_a_hit_is_one_statement(cached: Served, log: Log) -> None:
    log.new()
    for _ in range(3):
        cached.data(HIT)
    statements = executed(log)
    assert len(statements) == 3, statements
    assert all(LOOK_UP in statement for statement in statements), statements


def test_a_live_operation_is_its_own_statement_alone(cached: Served, log: Log) -> None:
    log.new()
    cached.data(LIVE)
    (statement,) = executed(log)
    assert LOOK_UP not in statement


def test_parts_run_side_by_side_each_once(cached: Served, log: Log) -> None:
    query = "{ a: books { title reviews { stars } } b: live { id } c: live { id } }"
    cached.data(query)
    log.new()
    cached.data(query)
    statements = executed(log)
    assert len(statements) == 3, statements
    assert sum(LOOK_UP in statement for statement in statements) == 1


def test_a_hit_from_memory_is_one_check(cached: Served, log: Log) -> None:
    with served_with_caches(cached.url) as running:
        while not from_memory(running, HIT):
            time.sleep(0.01)
        log.new()
        for _ in range(3):
            assert from_memory(running, HIT)
        statements = executed(log)
    # Where other transactions have ended, or other definitions are compared, the probe finds that.
    checks = sum(CHECK in statement for statement in statements)
    probes = sum(PROBE in statement for statement in statements)
    assert max(checks, probes) <= 3 <= checks + probes, statements
    assert not any(LOOK_UP in statement for statement in statements), statements
