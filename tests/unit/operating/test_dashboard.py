"""The dashboard and the alerts, against Prometheus' own tools."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from fraiseql.cli.main import main
from fraiseql.operating.metrics.alerts import ALERTS, Alert, alert_rules
from fraiseql.operating.metrics.dashboard import dashboard
from fraiseql.operating.metrics.table import METRICS

PROMTOOL = shutil.which("promtool")
needs_promtool = pytest.mark.skipif(
    PROMTOOL is None, reason="promtool is not installed (Debian: prometheus)"
)
NAMES = {metric.name for metric in METRICS}
SERIES = {
    "KeptTooOld": {
        'fraiseql_kept_age_seconds{type="A",strategy="view"}': "1000x30",
        'fraiseql_kept_age_seconds{type="B",strategy="view"}': "10x30",
    },
    "KeptDiffers": {
        'fraiseql_kept_differs{type="A"}': "1000x30",
        'fraiseql_kept_differs{type="B"}': "0x30",
    },
    "DoctorErrors": {
        'fraiseql_doctor_findings{severity="error"}': "1000x30",
        'fraiseql_doctor_findings{severity="info"}': "5x30",
    },
    "QueueGrowing": {'fraiseql_kept_age_seconds{type="A",strategy="projection"}': "0+30x30"},
    "ViewRefreshFails": {'fraiseql_view_refresh_failures_total{type="A"}': "1x30"},
    "CacheForgiven": {
        'fraiseql_result_cache_events_total{query="q",kind="store_error:lost"}': "0+1x30",
        'fraiseql_result_cache_events_total{query="q",kind="early"}': "0+1x30",
    },
    "PoolExhausted": {
        'fraiseql_pool_connections{instance="i",state="max"}': "10x30",
        'fraiseql_pool_connections{instance="i",state="used"}': "10x30",
        'fraiseql_pool_waiting{instance="i",class="list"}': "3x30",
    },
    "ChangeLogStuck": {
        "fraiseql_change_log_floor_age_seconds": "4000x30",
        "fraiseql_change_log_rows": "200000x30",
    },
    "ManyErrors": {
        'fraiseql_operation_duration_seconds_count{outcome="error"}': "0+6x30",
        'fraiseql_operation_duration_seconds_count{outcome="ok"}': "0+60x30",
    },
}
LABELS = {
    "KeptTooOld": {"type": "A", "strategy": "view"},
    "KeptDiffers": {"type": "A"},
    "QueueGrowing": {"type": "A"},
    "ViewRefreshFails": {"type": "A"},
    "CacheForgiven": {"query": "q", "kind": "store_error:lost"},
    "PoolExhausted": {"instance": "i"},
}


def promtool(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(PROMTOOL), *words], capture_output=True, text=True, check=False, timeout=120
    )


def base(name: str) -> str:
    """Return the metric of a sample of a histogram."""
    cut = re.sub(r"_(bucket|sum|count)$", "", name)
    return cut if cut in NAMES else name


def test_the_dashboard_shows_every_metric_and_no_other() -> None:
    expressions = [
        target["expr"] for panel in dashboard()["panels"] for target in panel.get("targets", ())
    ]
    named = {base(name) for text in expressions for name in re.findall(r"fraiseql_\w+", text)}
    assert named == NAMES


def test_panels_have_places_of_their_own() -> None:
    panels = dashboard()["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    taken = [
        (x, y)
        for panel in panels
        for x in range(panel["gridPos"]["x"], panel["gridPos"]["x"] + panel["gridPos"]["w"])
        for y in range(panel["gridPos"]["y"], panel["gridPos"]["y"] + panel["gridPos"]["h"])
    ]
    assert len(set(taken)) == len(taken)
    assert max(x for x, _ in taken) < 24


def test_the_command_prints_what_grafana_and_prometheus_read(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["dashboard"]) == 0
    assert json.loads(capsys.readouterr().out) == dashboard()
    assert main(["dashboard", "--alerts"]) == 0
    assert capsys.readouterr().out == alert_rules() + "\n"


@needs_promtool
def test_prometheus_reads_every_query_of_the_dashboard(tmp_path: Path) -> None:
    queries = [
        target["expr"].replace("$__rate_interval", "5m")
        for panel in dashboard()["panels"]
        for target in panel.get("targets", ())
    ]
    rules = [{"record": f"r{n}", "expr": query} for n, query in enumerate(queries)]
    file = tmp_path / "rules.yml"
    file.write_text(json.dumps({"groups": [{"name": "g", "rules": rules}]}))
    result = promtool("check", "rules", str(file))
    assert result.returncode == 0, result.stderr


@needs_promtool
def test_each_alert_fires_for_its_state_only(tmp_path: Path) -> None:
    rules = tmp_path / "fraiseql.rules.yml"
    rules.write_text(alert_rules())
    checked = promtool("check", "rules", str(rules))
    assert (checked.returncode, checked.stderr) == (0, "")
    assert f"SUCCESS: {len(ALERTS)} rules found" in checked.stdout
    tests = [
        {
            "interval": "1m",
            "input_series": [
                {"series": name, "values": values} for name, values in SERIES[alert.name].items()
            ],
            "alert_rule_test": [
                {
                    "eval_time": "29m",
                    "alertname": other.name,
                    "exp_alerts": [_fired(alert)] if other is alert else [],
                }
                for other in ALERTS
                # A queue that grows is also old.
                if (alert.name, other.name) != ("QueueGrowing", "KeptTooOld")
            ],
        }
        for alert in ALERTS
    ]
    file = tmp_path / "tests.yml"
    file.write_text(json.dumps({"rule_files": [rules.name], "tests": tests}))
    result = promtool("test", "rules", str(file))
    assert result.returncode == 0, result.stderr + result.stdout


def _fired(alert: Alert) -> dict[str, object]:
    labels = LABELS.get(alert.name, {})
    summary = alert.summary.replace("{{ $value }}", "1000")
    for name, value in labels.items():
        summary = summary.replace(f"{{{{ $labels.{name} }}}}", value)
    return {
        "exp_labels": {"severity": alert.severity, **labels},
        "exp_annotations": {"summary": summary, "description": alert.remedy},
    }
