"""Staleness: what a response says of root fields that were answered from what may be stale."""

from collections.abc import Mapping, Sequence
from typing import Any

from fraiseql.serving.execution.stored_statement import StalenessReport
from fraiseql.serving.planning.plan import OperationPlan


def staleness(noted: Sequence[StalenessReport], plan: OperationPlan) -> Mapping[str, Any] | None:
    """Return the response's ``extensions``: one entry for each root field and type; None for none.

    Seconds are 0 when nothing is missing, and null when that is unknown. Of several reads the
    oldest counts.

    Args:
        noted: What was read.
        plan: The operation's plan; its root fields are told in their order.
    """
    stored = [one for one in noted if not one.withheld]
    if not stored:
        return None
    order = [field["key"] for field in plan.shape["nodes"][plan.shape["root"]]["fields"]]
    oldest: dict[tuple[str, str], float | None] = {}
    for one in stored:
        place = (one.key, one.type_name)
        oldest[place] = _older(oldest.get(place, 0.0), one.seconds)
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
    """Return why types were read live although they are stored, by their names."""
    return {one.type_name: one.withheld for one in noted if one.withheld}


def _older(one: float | None, other: float | None) -> float | None:
    return None if one is None or other is None else max(one, other)
