"""Spans of requests and statements, for the OpenTelemetry SDK of the application."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from time import time_ns
from typing import Any, Final
from urllib.parse import parse_qs, unquote, urlsplit

from opentelemetry import context, metrics, trace
from opentelemetry.trace import Span, SpanKind, Status, StatusCode

from fraiseql.events import (
    Events,
    OperationEvents,
    RepeatedRuns,
    RequestEvents,
    RunCounts,
    StatementFacts,
    Timings,
)
from fraiseql.settings import Settings

_SCOPE: Final = "fraiseql"
_NANO: Final = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Instruments:
    """The tracer and the histogram of statements, with the attributes of the database.

    Attributes:
        tracer: Makes spans.
        durations: ``db.client.operation.duration``.
        database: Attributes of every statement.
        names_operations: Whether spans have the names of operations.
        has_documents: Whether spans have the text of documents, without values.
    """

    tracer: Any
    durations: Any
    database: dict[str, str]
    names_operations: bool
    has_documents: bool


def has_sdk() -> bool:
    """Return whether an SDK receives spans; without one nothing is made."""
    return not isinstance(trace.get_tracer_provider(), trace.ProxyTracerProvider)


def instruments(settings: Settings) -> Instruments:
    """Return the instruments of an application.

    Args:
        settings: Uses ``database_url``, ``otel_span_names`` and ``otel_documents``.
    """
    parts = urlsplit(settings.database_url)
    host = parts.hostname or parse_qs(parts.query).get("host", [""])[0]
    database = {"db.system.name": "postgresql"}
    if host:
        database["server.address"] = host
    if parts.path.strip("/"):
        database["db.namespace"] = unquote(parts.path.strip("/"))
    return Instruments(
        trace.get_tracer(_SCOPE),
        metrics.get_meter(_SCOPE).create_histogram(
            "db.client.operation.duration", "s", "Duration of database client operations."
        ),
        database,
        settings.otel_span_names == "operation",
        settings.otel_documents,
    )


class TelemetryEvents:
    """Makes spans, and passes all events on; see ``fraiseql.events.Events``.

    Whether an SDK exists is asked for each plan, so that an application without one pays nothing.

    Args:
        inner: Receives all events too.
        settings: Settings of the application.
    """

    def __init__(self, inner: Events, settings: Settings) -> None:
        self._inner = inner
        self._settings = settings

    def operation(
        self, name: str, kind: str, document: str, facts: Callable[[str], StatementFacts]
    ) -> OperationEvents:
        """Return the receiver of the requests of a plan."""
        inner = self._inner.operation(name, kind, document, facts)
        if not has_sdk():
            return inner
        attributes = {"graphql.operation.type": kind}
        if name:
            attributes["graphql.operation.name"] = name
        own = instruments(self._settings)
        if own.has_documents:
            attributes["graphql.document"] = document
        title = f"{kind} {name}".strip() if own.names_operations else kind
        return _Operation(inner, own, title, attributes)

    def refused(self, code: str) -> None:
        """Pass it on: a refused request has no operation."""
        self._inner.refused(code)


class _Operation:
    def __init__(
        self, inner: OperationEvents, own: Instruments, title: str, attributes: dict[str, str]
    ) -> None:
        self._inner = inner
        self._own = own
        self._title = title
        self._attributes = attributes
        self._planned: dict[str, float] = {}

    def planned(self, timings: Timings) -> None:
        """Hold the durations for the span of the first request, which began with these steps."""
        self._inner.planned(timings)
        self._planned = {name: getattr(timings, name) for name in ("parse", "validate", "plan")}

    def ran_natively(
        self, requests: RunCounts, statements: Sequence[tuple[str, RunCounts]]
    ) -> None:
        """Pass the counts on: no spans are made of them."""
        self._inner.ran_natively(requests, statements)

    def repeated(self, answers: Sequence[tuple[str, int]], size: int, runs: RepeatedRuns) -> None:
        """Pass it on: these requests have no spans."""
        self._inner.repeated(answers, size, runs)

    def request(self) -> RequestEvents:
        """Begin the span of a request, the current one for spans of resolvers."""
        planned, self._planned = self._planned, {}
        now = time_ns()
        begun = now - int(sum(planned.values()) * _NANO)
        tracer = self._own.tracer
        span = tracer.start_span(
            self._title, kind=SpanKind.SERVER, attributes=self._attributes, start_time=begun
        )
        if planned:
            facts = {f"fraiseql.{name}.duration": seconds for name, seconds in planned.items()}
            parent = trace.set_span_in_context(span)
            step = tracer.start_span(
                "fraiseql.plan", context=parent, attributes=facts, start_time=begun
            )
            step.end(now)
        return _Request(self._inner.request(), self._own, span)


class _Request:
    def __init__(self, inner: RequestEvents, own: Instruments, span: Span) -> None:
        self._inner = inner
        self._own = own
        self._span = span
        self._parent = trace.set_span_in_context(span)
        self._token = context.attach(self._parent)

    def ran(self, sql: str, args: Sequence[Any], seconds: float, rows: int, size: int) -> None:
        """Make the span of a statement that has run."""
        self._inner.ran(sql, args, seconds, rows, size)
        self._statement(sql, seconds, {"db.response.returned_rows": rows})

    def failed(self, sql: str, seconds: float) -> None:
        """Make the span of a statement that has failed."""
        self._inner.failed(sql, seconds)
        self._statement(sql, seconds, {"error.type": "_OTHER"})

    def _statement(self, sql: str, seconds: float, more: dict[str, Any]) -> None:
        verb = sql.split(None, 1)[0].upper() if sql.strip() else "SQL"
        attributes = {
            **self._own.database,
            "db.operation.name": verb,
            "db.query.summary": verb,
            "db.query.text": sql,
            **more,
        }
        end = time_ns()
        span = self._own.tracer.start_span(
            verb,
            context=self._parent,
            kind=SpanKind.CLIENT,
            attributes=attributes,
            start_time=end - int(seconds * _NANO),
        )
        if "error.type" in more:
            span.set_status(Status(StatusCode.ERROR))
        span.end(end)
        self._own.durations.record(
            seconds, {"db.operation.name": verb, **self._own.database}, context=self._parent
        )

    def answered(self, root: str, outcome: str, size: int, detail: str) -> None:
        """Add the event of a result cache."""
        self._inner.answered(root, outcome, size, detail)
        facts = {"fraiseql.field": root}
        if detail:
            facts["fraiseql.reason"] = detail
        self._span.add_event(f"cache.{outcome}", facts)

    def error(self, code: str) -> None:
        """Mark the span."""
        self._inner.error(code)
        self._span.set_status(Status(StatusCode.ERROR))
        self._span.set_attribute("error.type", code)

    def done(self, seconds: float, size: int) -> None:
        """End the span."""
        self._inner.done(seconds, size)
        context.detach(self._token)
        self._span.end()
