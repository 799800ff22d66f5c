"""Normalization of filters, so that similar ones share a plan."""

from typing import Any

from fraiseql.schema import COMBINING
from fraiseql.serving.document.variable_signature import Repeated, variable_signature

_COMBINING = frozenset(COMBINING)


def uniform(where: Any) -> Any:
    """Return an equivalent filter with one of few signatures.

    Items of ``and`` and ``or`` are sorted by signature, and the last item of each signature is
    repeated until their number is a power of two: lists of 3, 5 or 100 items are planned and
    prepared for 4, 8 and 128.

    Args:
        where: Coerced value of a filter, by Python names.
    """
    if not isinstance(where, dict) or (_COMBINING.isdisjoint(where) and not _nested(where)):
        return where
    return {
        key: _combined(value) if key in _COMBINING else uniform(value)
        for key, value in where.items()
    }


def _nested(where: dict[str, Any]) -> bool:
    """Whether it may have filters of related rows."""
    return any(
        isinstance(part, dict)
        for value in where.values()
        if isinstance(value, dict)
        for part in value.values()
    )


def _combined(value: Any) -> Any:
    if not isinstance(value, list):
        return uniform(value)
    items = [uniform(item) for item in value]
    return items if len(items) <= 1 else _padded(items)


def _padded(items: list[Any]) -> list[Any]:
    groups: dict[Any, list[Any]] = {}
    for item in items:
        if not isinstance(item, dict):
            return items  # null, which is refused later
        groups.setdefault(variable_signature(item), []).append(item)
    padded = []
    for signature in groups if len(groups) == 1 else sorted(groups, key=repr):
        group = groups[signature]
        missing = (1 << (len(group) - 1).bit_length()) - len(group)
        padded += group
        if missing:
            padded += [Repeated(group[-1])] * missing
    return padded
