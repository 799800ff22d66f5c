"""PromQL queries of metrics."""

from typing import Final

from fraiseql.operating.metrics.table import Metric

RANGE: Final = "$__rate_interval"
"""The variable that Grafana replaces by a range that contains several scrapes."""


def queries(metric: Metric) -> dict[str, str]:
    """Return the queries of a metric's panel by their legend.

    Args:
        metric: The metric.
    """
    legend = " ".join(f"{{{{{label}}}}}" for label in metric.labels)
    if metric.kind == "histogram":
        return {
            f"p50 {legend}".strip(): _quantile(metric, 0.5),
            f"p95 {legend}".strip(): _quantile(metric, 0.95),
        }
    if metric.kind == "counter":
        return {legend or "each second": _by(metric, f"rate({metric.name}[{RANGE}])")}
    return {legend or metric.title: _by(metric, metric.name, "max")}


def _by(metric: Metric, query: str, aggregate: str = "sum") -> str:
    grouped = f" by ({', '.join(metric.labels)})" if metric.labels else ""
    return f"{aggregate}{grouped} ({query})"


def _quantile(metric: Metric, share: float) -> str:
    labels = ", ".join(("le", *metric.labels))
    rates = f"sum by ({labels}) (rate({metric.name}_bucket[{RANGE}]))"
    return f"histogram_quantile({share}, {rates})"


SUMMARIES: Final = (
    (
        "Requests each second",
        "reqps",
        {
            "{{operation}}": "sum by (operation) (rate("
            f"fraiseql_operation_duration_seconds_count[{RANGE}]))"
        },
    ),
    (
        "Share of requests with errors",
        "percentunit",
        {
            "errors": "sum(rate(fraiseql_operation_duration_seconds_count"
            f'{{outcome="error"}}[{RANGE}]))'
            f" / sum(rate(fraiseql_operation_duration_seconds_count[{RANGE}]))"
        },
    ),
    (
        "Share of answers from result caches",
        "percentunit",
        {
            "{{query}}": f"sum by (query) (rate(fraiseql_result_cache_hits_total[{RANGE}]))"
            f" / (sum by (query) (rate(fraiseql_result_cache_hits_total[{RANGE}]))"
            f" + sum by (query) (rate(fraiseql_result_cache_not_hit_total[{RANGE}])))"
        },
    ),
    (
        "Time of the database each second",
        "s",
        {"{{source}}": f"sum by (source) (rate(fraiseql_statement_duration_seconds_sum[{RANGE}]))"},
    ),
)
"""Panels of several metrics: title, unit, and queries by legend."""
