"""Grafana dashboard of all metrics."""

from collections.abc import Mapping
from typing import Any, Final

from fraiseql.operating.metrics.queries import SUMMARIES, queries
from fraiseql.operating.metrics.table import METRICS

_ROWS: Final = {
    "traffic": "Traffic",
    "database": "Database",
    "caches": "Result caches",
    "freshness": "Stored documents and the change log",
    "doctor": "Doctor",
}
_SCHEMA: Final = 39
"""Version of Grafana's format of dashboards; newer versions of Grafana convert it."""

_COLUMNS: Final = 24
_WIDTH: Final = 8
_HEIGHT: Final = 8
_SOURCE: Final = {"type": "prometheus", "uid": "${datasource}"}


def dashboard() -> dict[str, Any]:
    """Return the dashboard, as Grafana imports it."""
    layout = _Layout()
    layout.row("Summary")
    for title, unit, expressions in SUMMARIES:
        layout.panel(title, unit, expressions)
    for part, title in _ROWS.items():
        layout.row(title)
        for metric in METRICS:
            if metric.part == part:
                layout.panel(metric.title, metric.unit, queries(metric), metric.name)
    return {
        "title": "FraiseQL",
        "uid": "fraiseql",
        "tags": ["fraiseql"],
        "schemaVersion": _SCHEMA,
        "editable": True,
        "refresh": "30s",
        "time": {"from": "now-3h", "to": "now"},
        "templating": {"list": [_variable()]},
        "panels": layout.panels,
    }


def _variable() -> dict[str, Any]:
    return {
        "name": "datasource",
        "label": "Data source",
        "type": "datasource",
        "query": "prometheus",
        "refresh": 1,
    }


class _Layout:
    """Panels in rows of three.

    Attributes:
        panels: The panels.
    """

    def __init__(self) -> None:
        self.panels: list[dict[str, Any]] = []
        self._x = self._y = 0

    def row(self, title: str) -> None:
        """Begin a row with a title."""
        if self._x:
            self._x, self._y = 0, self._y + _HEIGHT
        self._add("row", title, _COLUMNS, 1, collapsed=False, panels=[])
        self._y += 1

    def panel(
        self, title: str, unit: str, expressions: Mapping[str, str], description: str = ""
    ) -> None:
        """Add a panel: its queries by legend."""
        targets = [
            {"refId": chr(ord("A") + n), "datasource": _SOURCE, "expr": query, "legendFormat": name}
            for n, (name, query) in enumerate(expressions.items())
        ]
        self._add(
            "timeseries",
            title,
            _WIDTH,
            _HEIGHT,
            description=description,
            datasource=_SOURCE,
            fieldConfig={"defaults": {"unit": unit, "min": 0}, "overrides": []},
            targets=targets,
        )
        self._x += _WIDTH
        if self._x + _WIDTH > _COLUMNS:
            self._x, self._y = 0, self._y + _HEIGHT

    def _add(self, kind: str, title: str, width: int, height: int, **more: Any) -> None:
        place = {"x": self._x, "y": self._y, "w": width, "h": height}
        own = {"id": len(self.panels) + 1, "type": kind, "title": title, "gridPos": place}
        self.panels.append({**own, **more})
