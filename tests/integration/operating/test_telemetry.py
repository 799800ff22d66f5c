"""Spans and metrics of OpenTelemetry, with its SDK and without it."""

import subprocess
import sys
from typing import Any

import httpx
import pytest
from opentelemetry import metrics, trace

from fraiseql.errors import ConfigurationError
from fraiseql.operating.telemetry.loading import telemetry
from fraiseql.operating.trace.recorder import Recorder
from fraiseql.settings import Settings
from tests.integration.operating.traced import TABLES, Traced, app_of

TRACE = "0af7651916cd43dd8448eb211c80319c"
PARENT = "b7ad6b7169203331"
WITHOUT_SDK = """
from fraiseql.operating.telemetry.loading import telemetry
from fraiseql.operating.trace.recorder import OperationTrace, Recorder
from fraiseql.settings import Settings
import sys
events, _ = telemetry(Recorder(Settings()), Settings())
assert type(events.operation("A", "query", "{ a }", None)) is OperationTrace
assert not any(name.startswith("opentelemetry.sdk") for name in sys.modules)
"""


PROVIDERS: list[Any] = []
"""The exporter of spans and the reader of metrics of this process."""


@pytest.fixture(scope="module")
def telemetered(database: str) -> tuple[Any, Any]:
    """Finished spans by name, and metrics by name, of some requests."""
    names = ("trace", "trace.export", "metrics", "metrics.export")
    sdk, export, meters, readers = [
        pytest.importorskip(f"opentelemetry.sdk.{name}", reason="the SDK is not installed")
        for name in names
    ]
    memory = pytest.importorskip("opentelemetry.sdk.trace.export.in_memory_span_exporter")
    if not PROVIDERS:
        # A process can set each of them once.
        delta = {meters.Histogram: readers.AggregationTemporality.DELTA}
        PROVIDERS.append(memory.InMemorySpanExporter())
        PROVIDERS.append(readers.InMemoryMetricReader(preferred_temporality=delta))
        provider = sdk.TracerProvider()
        provider.add_span_processor(export.SimpleSpanProcessor(PROVIDERS[0]))
        trace.set_tracer_provider(provider)
        metrics.set_meter_provider(meters.MeterProvider([PROVIDERS[1]]))
    exporter, reader = PROVIDERS
    exporter.clear()
    traced = Traced(database)
    traced.execute(TABLES)
    traced.apply()
    traced.run(ask(app_of(database, otel=True)))
    data = reader.get_metrics_data()
    named = {
        metric.name: list(metric.data.data_points)
        for resource in data.resource_metrics
        for scope in resource.scope_metrics
        for metric in scope.metrics
    }
    traced.runner.close()
    return exporter.get_finished_spans(), named


async def ask(app: Any) -> None:
    await app.start()
    transport = httpx.ASGITransport(app)
    headers = {"traceparent": f"00-{TRACE}-{PARENT}-01"}
    async with httpx.AsyncClient(transport=transport, base_url="http://app") as client:
        for query in (
            "query Live { live(id: 1) { name } }",
            "query Cached { cached(id: 1) { name } }",
            "query Cached { cached(id: 1) { name } }",
            "query Broken { broken }",
        ):
            response = await client.post("/graphql", json={"query": query}, headers=headers)
            assert response.status_code == 200
    await app.stop()


def of(spans: Any, operation: str) -> Any:
    return [span for span in spans if span.attributes.get("graphql.operation.name") == operation]


def children(spans: Any, parent: Any) -> list[Any]:
    own = parent.context.span_id
    return [each for each in spans if each.parent and each.parent.span_id == own]


def test_a_request_is_a_span_in_the_trace_of_its_client(telemetered: tuple[Any, Any]) -> None:
    spans, _ = telemetered
    (span,) = of(spans, "Live")
    assert (span.name, span.kind.name) == ("query", "SERVER")
    assert f"{span.context.trace_id:032x}" == TRACE
    assert f"{span.parent.span_id:016x}" == PARENT
    assert dict(span.attributes) == {
        "graphql.operation.type": "query",
        "graphql.operation.name": "Live",
    }


def test_a_plan_is_a_child_of_its_first_request(telemetered: tuple[Any, Any]) -> None:
    spans, _ = telemetered
    plans = [
        [each for each in children(spans, span) if each.name == "fraiseql.plan"]
        for span in of(spans, "Cached")
    ]
    assert [len(each) for each in plans] == [1, 0]
    ((plan,), _) = plans
    steps = [plan.attributes[f"fraiseql.{name}.duration"] for name in ("parse", "validate", "plan")]
    assert all(seconds > 0 for seconds in steps)
    assert plan.end_time - plan.start_time == pytest.approx(sum(steps) * 1e9, rel=0.01)
    first, _ = of(spans, "Cached")
    assert first.start_time == plan.start_time
    assert plan.end_time <= first.end_time


def test_a_statement_is_a_child_without_values(telemetered: tuple[Any, Any]) -> None:
    spans, _ = telemetered
    (span,) = of(spans, "Live")
    (child,) = [each for each in children(spans, span) if each.name != "fraiseql.plan"]
    assert (child.name, child.kind.name) == ("SELECT", "CLIENT")
    assert child.attributes["db.system.name"] == "postgresql"
    assert child.attributes["db.response.returned_rows"] == 1
    assert '"tb_live"' in child.attributes["db.query.text"]
    assert span.start_time <= child.start_time <= child.end_time <= span.end_time


def test_answers_of_result_caches_are_events(telemetered: tuple[Any, Any]) -> None:
    spans, _ = telemetered
    first, second = of(spans, "Cached")
    assert [event.name for event in first.events] == ["cache.miss"]
    assert [event.name for event in second.events] == ["cache.hit"]


def test_errors_mark_the_request_and_the_statement(telemetered: tuple[Any, Any]) -> None:
    spans, _ = telemetered
    (span,) = of(spans, "Broken")
    assert span.status.status_code.name == "ERROR"
    assert span.attributes["error.type"] == "BAD_USER_INPUT"
    failed = [each for each in spans if each.attributes.get("error.type") == "_OTHER"]
    assert [each.status.status_code.name for each in failed] == ["ERROR"]


def test_durations_are_metrics(telemetered: tuple[Any, Any]) -> None:
    _, metrics = telemetered
    (http,) = metrics["http.server.request.duration"]
    assert http.count == 4
    assert http.attributes["http.response.status_code"] == 200
    assert sum(point.count for point in metrics["db.client.operation.duration"]) >= 3


def test_without_an_sdk_nothing_is_made_and_none_is_imported() -> None:
    command = [sys.executable, "-c", WITHOUT_SDK]
    result = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert result.returncode == 0, result.stderr


def test_without_the_package_the_setting_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.split(".")[0] == "opentelemetry"]:
        monkeypatch.delitem(sys.modules, name)
    for name in ("spans", "requests"):
        monkeypatch.delitem(sys.modules, f"fraiseql.operating.telemetry.{name}", raising=False)
    monkeypatch.setitem(sys.modules, "opentelemetry", None)
    with pytest.raises(ConfigurationError, match="opentelemetry-api is not installed"):
        telemetry(Recorder(Settings()), Settings())
