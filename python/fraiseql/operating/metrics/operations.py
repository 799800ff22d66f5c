"""Metrics of operations and statements."""

from collections.abc import Iterator
from typing import Final, TypeVar

from fraiseql.exposition import Histogram, head, sample
from fraiseql.operating.trace.counters import OperationCounters
from fraiseql.operating.trace.recorder import Recorder

K = TypeVar("K")

_DURATION: Final = "fraiseql_operation_duration_seconds"
_ERRORS: Final = "fraiseql_operation_errors_total"
_REFUSED: Final = "fraiseql_requests_refused_total"
_STATEMENTS: Final = "fraiseql_statement_duration_seconds"
_ACTIVE: Final = "fraiseql_requests_in_flight"

_ANONYMOUS: Final = "anonymous"
_LONGEST: Final = 200
"""Characters of an operation's name."""


def operation_lines(recorder: Recorder) -> Iterator[str]:
    """Yield the lines of ``/metrics``.

    The label ``operation`` has the names of the first 500 operations; further ones are ``other``,
    since clients choose names.

    Args:
        recorder: Counts the events of the process.
    """
    durations: dict[tuple[str, str, str], Histogram] = {}
    errors: dict[tuple[str, str], int] = {}
    statements: dict[str, Histogram] = {}
    for operation in recorder.operations:
        name = operation.name[:_LONGEST] or _ANONYMOUS
        _add_durations(durations, name, operation)
        for code, count in operation.codes.items():
            errors[name, code] = errors.get((name, code), 0) + count
        for statement in operation.by_sql.values():
            statement.fold()
            _merge(statements, statement.source, statement.histogram)
    yield from head(_DURATION, "Durations of requests, by operation", "histogram")
    for (name, kind, outcome), histogram in durations.items():
        labels = {"operation": name, "type": kind, "outcome": outcome}
        yield from histogram.lines(_DURATION, labels)
    yield from head(_ERRORS, "Errors in responses, by operation and code", "counter")
    for (name, code), count in errors.items():
        yield sample(_ERRORS, {"operation": name, "code": code}, count)
    yield from head(_STATEMENTS, "Durations of statements, by source", "histogram")
    for source, histogram in statements.items():
        yield from histogram.lines(_STATEMENTS, {"source": source})
    yield from _totals(recorder)


def _totals(recorder: Recorder) -> Iterator[str]:
    yield from head(_REFUSED, "Requests that were not executed, by error code", "counter")
    for code, count in recorder.refusals.items():
        yield sample(_REFUSED, {"code": code}, count)
    yield from head(_ACTIVE, "Requests that are answered now", "gauge")
    yield sample(_ACTIVE, {}, recorder.active)


def _add_durations(
    durations: dict[tuple[str, str, str], Histogram], name: str, operation: OperationCounters
) -> None:
    for outcome, counters in (("ok", operation), ("error", operation.failed)):
        counters.fold()
        if counters.calls:
            _merge(durations, (name, operation.kind, outcome), counters.histogram)


def _merge(histograms: dict[K, Histogram], key: K, histogram: Histogram) -> None:
    histograms.setdefault(key, Histogram()).merge(histogram)
