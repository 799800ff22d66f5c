"""Page of the metrics, from their table."""

from fraiseql.operating.metrics.table import METRICS

_HEAD = ["| metric | type | labels | panel |", "|---|---|---|---|"]


def metrics_sections() -> list[str]:
    """Return the sections of the page."""
    text = (
        "`/metrics` has these metrics of the process that answers, in the text format of"
        " Prometheus; [Monitor an application](../how-to/monitoring.md) shows how to use them."
    )
    rows = [
        f"| `{metric.name}` | {metric.kind} | {_labels(metric.labels)} | {metric.title} |"
        for metric in METRICS
    ]
    return [text, "\n".join([*_HEAD, *rows])]


def _labels(labels: tuple[str, ...]) -> str:
    return ", ".join(f"`{label}`" for label in labels)
