"""Prometheus rules for alerts."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Alert:
    """One alert.

    Attributes:
        name: Its name.
        query: PromQL that has a value while the alert is true.
        lasting: Time for which it must be true.
        severity: ``critical`` or ``warning``.
        summary: The state in one sentence.
        remedy: The first thing to do.
    """

    name: str
    query: str
    lasting: str
    severity: str
    summary: str
    remedy: str


ALERTS: Final = (
    Alert(
        "KeptTooOld",
        "max by (type, strategy) (fraiseql_kept_age_seconds) > 900",
        "5m",
        "warning",
        "Stored documents of {{ $labels.type }} miss writes of the last {{ $value }} seconds.",
        "See fraiseql db status; start fraiseql refresh --worker.",
    ),
    Alert(
        "KeptDiffers",
        "max by (type) (fraiseql_kept_differs) > 0",
        "0m",
        "critical",
        "Stored documents of {{ $labels.type }} differed from live ones: {{ $value }}.",
        "Run fraiseql db repair, and report it: triggers of the framework prevent this.",
    ),
    Alert(
        "DoctorErrors",
        'max(fraiseql_doctor_findings{severity="error"}) > 0',
        "15m",
        "warning",
        "The doctor finds {{ $value }} errors of the database.",
        "fraiseql doctor lists them with commands.",
    ),
    Alert(
        "QueueGrowing",
        'max by (type) (fraiseql_kept_age_seconds{strategy="projection"}) > 60'
        ' and max by (type) (deriv(fraiseql_kept_age_seconds{strategy="projection"}[10m])) > 0',
        "10m",
        "warning",
        "The asynchronous projection of {{ $labels.type }} falls behind.",
        "Start fraiseql refresh --worker, or declare another mode.",
    ),
    Alert(
        "ViewRefreshFails",
        "max by (type) (fraiseql_view_refresh_failures_total) > 0",
        "10m",
        "warning",
        "The view of {{ $labels.type }} cannot be refreshed.",
        "fraiseql db status shows the message of PostgreSQL.",
    ),
    Alert(
        "CacheForgiven",
        "sum by (query, kind) (increase("
        'fraiseql_result_cache_events_total{kind=~"store_error:.*"}[10m])) > 0',
        "5m",
        "warning",
        "A store of result caches cannot be used: {{ $labels.kind }}.",
        "Answers are computed. See the log; check Redis, or run fraiseql db grant.",
    ),
    Alert(
        "PoolExhausted",
        'min by (instance) (fraiseql_pool_connections{state="max"}'
        ' - ignoring(state) fraiseql_pool_connections{state="used"}) <= 0'
        " and sum by (instance) (fraiseql_pool_waiting) > 0",
        "2m",
        "critical",
        "Every connection of {{ $labels.instance }} is in use, and statements wait.",
        "fraiseql trace show lists expensive statements; then raise pool_size.",
    ),
    Alert(
        "ChangeLogStuck",
        "max(fraiseql_change_log_floor_age_seconds) > 3600"
        " and max(fraiseql_change_log_rows) > 100000",
        "15m",
        "warning",
        "The change log has rows that are older than an hour.",
        "fraiseql doctor names the transaction that holds them.",
    ),
    Alert(
        "ManyErrors",
        'sum(rate(fraiseql_operation_duration_seconds_count{outcome="error"}[5m]))'
        " / sum(rate(fraiseql_operation_duration_seconds_count[5m])) > 0.05",
        "5m",
        "critical",
        "More than one request in twenty has errors.",
        "fraiseql_operation_errors_total has their codes; see the log.",
    ),
)


def alert_rules(alerts: Iterable[Alert] = ALERTS) -> str:
    """Return the file of rules, in YAML.

    Args:
        alerts: The alerts.
    """
    lines = ["groups:", "  - name: fraiseql", "    rules:"]
    for alert in alerts:
        # A JSON string is a YAML string.
        lines += [
            f"      - alert: {alert.name}",
            f"        expr: {json.dumps(alert.query)}",
            f"        for: {alert.lasting}",
            f"        labels: {{severity: {alert.severity}}}",
            "        annotations:",
            f"          summary: {json.dumps(alert.summary)}",
            f"          description: {json.dumps(alert.remedy)}",
        ]
    return "\n".join(lines)
