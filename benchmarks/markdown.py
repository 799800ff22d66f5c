"""Markdown tables and lists."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a Markdown table: the first column to the left, the others to the right."""
    rule = ["---", *("---:" for _ in head[1:])]
    return "\n".join(f"| {' | '.join(row)} |" for row in (head, rule, *rows)) + "\n"


def method(facts: Mapping[str, Any]) -> str:
    """Return the method of a result as a list."""
    lines = [f"- {name.replace('_', ' ')}: {_said(value)}" for name, value in facts.items()]
    return "\n".join(["How:", "", *lines, ""])


def _said(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {setting}" for name, setting in value.items())
    return str(value)
