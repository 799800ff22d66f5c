"""Every metric of ``/metrics``, for the dashboard and the docs."""

from dataclasses import dataclass
from typing import Final, Literal

Kind = Literal["counter", "gauge", "histogram"]
Part = Literal["traffic", "database", "caches", "freshness", "doctor"]


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric.

    Attributes:
        name: Its name.
        kind: Its type.
        part: Row of the dashboard.
        title: Title of its panel.
        labels: Its labels.
        unit: Unit of Grafana: ``s``, ``bytes``, ``reqps``, ``ops``, ``short``.
    """

    name: str
    kind: Kind
    part: Part
    title: str
    labels: tuple[str, ...] = ()
    unit: str = "short"


def _caches() -> tuple[Metric, ...]:
    counted = {
        "hits": "Answers from result caches",
        "memory_hits": "Answers from memory",
        "behind": "Answers that miss a write, as declared",
        "misses": "Answers without an entry",
        "stale": "Answers whose entry was out of date",
        "bypassed": "Answers without a look-up",
        "collapsed": "Answers that waited for another request",
        "stored": "Stored answers",
        "saved_seconds": "Computing time that hits saved",
        "bytes": "Bytes of hits",
        "age_seconds": "Ages of hits",
    }
    units = {"saved_seconds": "s", "bytes": "Bps", "age_seconds": "s"}
    return tuple(
        _cache(f"{name}_total", "counter", title, ("query",), units.get(name, "ops"))
        for name, title in counted.items()
    )


def _cache(
    name: str, kind: Kind, title: str, labels: tuple[str, ...] = (), unit: str = "short"
) -> Metric:
    return Metric(f"fraiseql_result_cache_{name}", kind, "caches", title, labels, unit)


METRICS: Final[tuple[Metric, ...]] = (
    Metric(
        "fraiseql_operation_duration_seconds",
        "histogram",
        "traffic",
        "Durations of requests",
        ("operation", "type", "outcome"),
        "s",
    ),
    Metric(
        "fraiseql_operation_errors_total",
        "counter",
        "traffic",
        "Errors in responses",
        ("operation", "code"),
        "ops",
    ),
    Metric(
        "fraiseql_requests_refused_total",
        "counter",
        "traffic",
        "Requests that were not executed",
        ("code",),
        "ops",
    ),
    Metric("fraiseql_requests_in_flight", "gauge", "traffic", "Requests that are answered now"),
    Metric(
        "fraiseql_native_requests_total",
        "counter",
        "traffic",
        "Requests that the native server saw",
        ("outcome",),
        "ops",
    ),
    Metric("fraiseql_plan_cache_hits_total", "counter", "traffic", "Cached plans used", (), "ops"),
    Metric("fraiseql_plan_cache_misses_total", "counter", "traffic", "Plans made", (), "ops"),
    Metric("fraiseql_plan_cache_entries", "gauge", "traffic", "Cached plans"),
    Metric(
        "fraiseql_statement_duration_seconds",
        "histogram",
        "database",
        "Durations of statements",
        ("source",),
        "s",
    ),
    Metric("fraiseql_pool_connections", "gauge", "database", "Connections", ("state",)),
    Metric(
        "fraiseql_pool_wait_seconds", "histogram", "database", "Waits for a connection", (), "s"
    ),
    Metric("fraiseql_pool_held", "gauge", "database", "Connections in use", ("class",)),
    Metric("fraiseql_pool_waiting", "gauge", "database", "Statements that wait", ("class",)),
    Metric("fraiseql_pool_limit", "gauge", "database", "Limits of connections", ("class",)),
    Metric("fraiseql_pipeline_sent_total", "counter", "database", "Reads by pipeline", (), "ops"),
    Metric("fraiseql_pipeline_shared_total", "counter", "database", "Shared reads", (), "ops"),
    Metric("fraiseql_pipeline_diverted_total", "counter", "database", "Diverted reads", (), "ops"),
    *_caches(),
    _cache(
        "not_hit_total",
        "counter",
        "Reasons of answers that were no hit",
        ("query", "reason"),
        "ops",
    ),
    _cache("events_total", "counter", "Events of result caches", ("query", "kind"), "ops"),
    _cache("oldest_hit_seconds", "gauge", "Age of the oldest hit", ("query",), "s"),
    _cache("checks_total", "counter", "Freshness checks of memory", (), "ops"),
    _cache("checked_total", "counter", "Requests that waited for a check", (), "ops"),
    _cache("memory_entries", "gauge", "Values in memory"),
    _cache("memory_bytes", "gauge", "Bytes of the values in memory", (), "bytes"),
    Metric(
        "fraiseql_kept_age_seconds",
        "gauge",
        "freshness",
        "Age of stored documents",
        ("type", "strategy"),
        "s",
    ),
    Metric(
        "fraiseql_kept_differs",
        "gauge",
        "freshness",
        "Documents that differed in the last verification",
        ("type",),
    ),
    Metric(
        "fraiseql_kept_queue_rows",
        "gauge",
        "freshness",
        "Unprocessed changes, 100,000 at most",
        ("type",),
    ),
    Metric(
        "fraiseql_view_refresh_duration_seconds",
        "gauge",
        "freshness",
        "Duration of the last refresh",
        ("type",),
        "s",
    ),
    Metric(
        "fraiseql_view_refresh_failures_total",
        "counter",
        "freshness",
        "Failed refreshes",
        ("type",),
        "ops",
    ),
    Metric("fraiseql_change_log_rows", "gauge", "freshness", "Rows of the change log"),
    Metric(
        "fraiseql_change_log_floor_age_seconds",
        "gauge",
        "freshness",
        "Age of the change log",
        (),
        "s",
    ),
    Metric("fraiseql_doctor_findings", "gauge", "doctor", "Findings of the doctor", ("severity",)),
)
