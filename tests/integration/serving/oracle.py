"""Filters and orders over Python dicts, without SQL."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

Row = Mapping[str, Any]
Truth = bool | None


def _like(text: str, pattern: str) -> bool:
    """Whether ``text`` fits an SQL pattern whose escape character is the backslash."""
    parts = re.findall(r"\\.|%|_|[^\\%_]+", pattern, re.DOTALL)
    meaning = {"%": ".*", "_": "."}
    source = "".join([meaning.get(part) or re.escape(part.removeprefix("\\")) for part in parts])
    return re.fullmatch(source, text, re.DOTALL) is not None


EMBEDS = ("author",)
"""Embedded objects, which may be null."""

_ORDERED: Mapping[str, Callable[[Any, Any], bool]] = {
    "eq": lambda a, b: a == b,
    "neq": lambda a, b: a != b,
    "gt": lambda a, b: a > b,
    "gte": lambda a, b: a >= b,
    "lt": lambda a, b: a < b,
    "lte": lambda a, b: a <= b,
    "contains": lambda a, b: b in a,
    "icontains": lambda a, b: b.lower() in a.lower(),
    "starts_with": lambda a, b: a.startswith(b),
    "ends_with": lambda a, b: a.endswith(b),
    "like": _like,
    "ilike": lambda a, b: _like(a.lower(), b.lower()),
}


def selected(rows: Sequence[Row], where: Mapping[str, Any]) -> list[Row]:
    """Return the rows that fit ``where``, which is in Python's grammar."""
    return [row for row in rows if fits(row, where) is True]


def fits(row: Row, where: Mapping[str, Any]) -> Truth:
    """Whether a row fits: true, false, or unknown."""
    return _all([_entry(row, key, value) for key, value in where.items()])


def _entry(row: Row, key: str, value: Any) -> Truth:
    if key == "and":
        return _all([fits(row, part) for part in value])
    if key == "or":
        return _any([fits(row, part) for part in value])
    if key == "not":
        return fits(row, value) is not True
    if isinstance(row[key], list):
        return _all([_listed(row[key], name, part) for name, part in value.items()])
    return row[key] is None if value is None else _single(row[key], key, value)


def _single(actual: Any, key: str, value: Any) -> Truth:
    if key in EMBEDS:
        return actual is not None and fits(actual, value) is True
    if isinstance(value, Mapping):
        return _all([_compared(actual, name, operand) for name, operand in value.items()])
    return _compared(actual, "in" if isinstance(value, list) else "eq", value)


def _listed(items: Sequence[Row], quantifier: str, where: Mapping[str, Any]) -> Truth:
    matched = [fits(item, where) is True for item in items]
    if quantifier == "every":
        return all(matched)
    return any(matched) is (quantifier == "some")


def _compared(actual: Any, operator: str, operand: Any) -> Truth:
    if operator == "is_null":
        return (actual is None) is operand
    if operator in ("distinct_from", "not_distinct_from"):
        same = (actual is None) if operand is None else _compared(actual, "eq", operand) is True
        return same is (operator == "not_distinct_from")
    if operator in ("in", "not_in"):
        inside = _any([_compared(actual, "eq", item) for item in operand])
        return inside if operator == "in" else _negated(inside)
    if operand is None:
        return (actual is None) is (operator == "eq")
    return None if actual is None else _ORDERED[operator](actual, operand)


def _all(parts: Sequence[Truth]) -> Truth:
    if False in parts:
        return False
    return None if None in parts else True


def _any(parts: Sequence[Truth]) -> Truth:
    if True in parts:
        return True
    return None if None in parts else False


def _negated(part: Truth) -> Truth:
    return None if part is None else not part


def ordered(rows: Sequence[Row], terms: Sequence[str], key: str) -> list[Row]:
    """Return the rows in order: null is greatest, ties go by ``key`` as the last term goes.

    A term may end with ``nulls first`` or ``nulls last``.
    """
    matching = list(rows)
    last = "-" if terms and terms[-1].startswith("-") else ""
    for term in reversed([*terms, last + key]):
        name, _, nulls = term.lstrip("-").partition(" nulls ")
        matching.sort(key=_place(name), reverse=term.startswith("-"))
        if nulls:
            # Sorting is stable: of the two groups, each stays in order.
            matching.sort(key=lambda row: (row[name] is None) is (nulls == "last"))
    return matching


def _place(name: str) -> Callable[[Row], Any]:
    return lambda row: (True,) if row[name] is None else (False, row[name])
