"""Metrics in Prometheus' text format."""

from collections.abc import Iterator


def head(metric: str, meaning: str, kind: str) -> Iterator[str]:
    """Yield the lines before the samples of a metric."""
    yield f"# HELP {metric} {meaning}."
    yield f"# TYPE {metric} {kind}"


def escaped(value: str) -> str:
    """Return the value of a label as Prometheus reads it between double quotes."""
    return value.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
