"""``/metrics``: its form, its names, and its values."""

import asyncio
import shutil
import subprocess
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from fraiseql.events import StatementFacts
from fraiseql.operating.metrics.operations import operation_lines
from fraiseql.operating.metrics.table import METRICS
from fraiseql.operating.trace.counters import OPERATIONS
from fraiseql.operating.trace.recorder import Recorder
from fraiseql.settings import Settings
from tests.integration.operating.traced import TABLES, Traced, app_of

PROMTOOL = shutil.which("promtool")
QUERIES = (
    "query Live { live(id: 1) { name } }",
    "query Live { live(id: 2) { name } }",
    "query Counted { counted { n } }",
    "query Cached { cached(id: 1) { name } }",
    "query Cached { cached(id: 1) { name } }",
    "query Broken { broken }",
    "{ nothing }",
)


@pytest.fixture(scope="module")
def scraped(database: str) -> Iterator[str]:
    """What ``/metrics`` answers after some requests."""
    traced = Traced(database)
    traced.execute(TABLES)
    traced.apply()
    tables = (
        "SELECT name FROM fraiseql.ledger WHERE kind = 'table' AND name ~ 'tv_projected_[^_]*$'"
    )
    (row,) = traced.fetch(tables)
    traced.execute(
        f'UPDATE {row["name"]} SET data = data || \'{{"name": "other"}}\' WHERE id <= 3',
        "INSERT INTO tb_queued VALUES (1, 'queued')",
    )
    traced.verify()
    yield traced.run(scrape(app_of(database)))
    traced.runner.close()


async def scrape(app: Any) -> str:
    await app.start()
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://app") as client:
        for query in QUERIES:
            await client.post("/graphql", json={"query": query})
        # The first scrape has the database read, in the background.
        for _ in range(1_000):
            text = (await client.get("/metrics")).text
            if "fraiseql_kept_age_seconds{" in text and "fraiseql_doctor_findings{" in text:
                break
            await asyncio.sleep(0.01)
    await app.stop()
    return text


def values(text: str) -> dict[str, float]:
    samples = [line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#")]
    return {name: float(value) for name, value in samples}


@pytest.mark.skipif(PROMTOOL is None, reason="promtool is not installed (Debian: prometheus)")
def test_prometheus_finds_no_fault(scraped: str) -> None:
    command = [str(PROMTOOL), "check", "metrics"]
    result = subprocess.run(command, input=scraped, capture_output=True, text=True, check=False)
    assert (result.stdout, result.stderr, result.returncode) == ("", "", 0)


def test_every_metric_is_in_the_table_with_its_type(scraped: str) -> None:
    types = dict(
        line.removeprefix("# TYPE ").split(" ")
        for line in scraped.splitlines()
        if line.startswith("# TYPE ")
    )
    assert types == {metric.name: metric.kind for metric in METRICS}


def test_requests_are_counted_by_operation_and_outcome(scraped: str) -> None:
    counted = values(scraped)
    head = "fraiseql_operation_duration_seconds_count"
    assert counted[head + '{operation="Live",type="query",outcome="ok"}'] == 2
    assert counted[head + '{operation="Broken",type="query",outcome="error"}'] == 1
    errors = {name: value for name, value in counted.items() if "operation_errors_total" in name}
    assert errors == {
        'fraiseql_operation_errors_total{operation="Broken",code="BAD_USER_INPUT"}': 1
    }
    assert counted['fraiseql_requests_refused_total{code="GRAPHQL_VALIDATION_FAILED"}'] == 1
    assert counted["fraiseql_requests_in_flight"] == 0
    assert counted['fraiseql_statement_duration_seconds_count{source="live"}'] >= 3
    assert counted['fraiseql_statement_duration_seconds_count{source="view"}'] == 1
    assert counted["fraiseql_plan_cache_misses_total"] == 5
    assert counted["fraiseql_plan_cache_hits_total"] == 1
    assert counted['fraiseql_pool_connections{state="max"}'] == 10
    assert counted['fraiseql_kept_age_seconds{type="TracedCounted",strategy="view"}'] >= 0
    assert counted['fraiseql_view_refresh_failures_total{type="TracedCounted"}'] == 0


def test_findings_verifications_and_queues_are_counted(scraped: str) -> None:
    counted = values(scraped)
    assert counted['fraiseql_kept_differs{type="TracedProjected"}'] == 3
    assert counted['fraiseql_kept_queue_rows{type="TracedQueued"}'] == 1
    found = {name: value for name, value in counted.items() if "doctor_findings" in name}
    assert list(found) == [
        f'fraiseql_doctor_findings{{severity="{severity}"}}'
        for severity in ("error", "warning", "info")
    ]
    # Rows that a worker has not processed, and the differences, are no faults of the server.
    assert found['fraiseql_doctor_findings{severity="error"}'] == 0


def test_names_that_clients_choose_are_bounded() -> None:
    recorder = Recorder(Settings())
    for number in range(3 * OPERATIONS):
        name = f"Q{number}"
        recorder.operation(name, "query", name, lambda _: StatementFacts()).request().done(0.01, 1)
    names = [name for name in values("\n".join(operation_lines(recorder))) if "_count" in name]
    assert len(names) == OPERATIONS + 1
    assert (
        'fraiseql_operation_duration_seconds_count{operation="other",type="query",outcome="ok"}'
        in names
    )
