"""Staleness of root fields in the extensions of a response."""

from collections.abc import Mapping, Sequence
from typing import Any

from fraiseql.serving.execution.stored_statement import StalenessReport
from fraiseql.serving.planning.plan import OperationPlan


def staleness(noted: Sequence[StalenessReport], plan: OperationPlan) -> Mapping[str, Any] | None:
    """Return the ``extensions``, with an entry for each root field and type; None without any.

    Seconds are 0 if no write is missing, and null if unknown. The oldest of several reads counts.

    Args:
        noted: Reports of the reads.
        plan: The operation's plan, for the order of root fields.
    """
    stored = [report for report in noted if not report.withheld]
    if not stored:
        return None
    order = [field["key"] for field in plan.shape["nodes"][plan.shape["root"]]["fields"]]
    oldest: dict[tuple[str, str], float | None] = {}
    for report in stored:
        entry_key = (report.key, report.type_name)
        oldest[entry_key] = _older(oldest.get(entry_key, 0.0), report.seconds)
    entries = [
        {
            "path": [key],
            "type": type_name,
            "seconds": None if seconds is None else round(seconds, 3),
        }
        for (key, type_name), seconds in sorted(
            oldest.items(), key=lambda entry: (order.index(entry[0][0]), entry[0][1])
        )
    ]
    return {"staleness": entries}


def withheld(noted: Sequence[StalenessReport]) -> Mapping[str, str]:
    """Return the reasons for live reads of stored types, by their names."""
    return {report.type_name: report.withheld for report in noted if report.withheld}


def _older(first: float | None, second: float | None) -> float | None:
    return None if first is None or second is None else max(first, second)
