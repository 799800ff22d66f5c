"""Folding of flat rows into the nested answer of GraphQL.

Column aliases are paths. ``flight.airline.name`` is a value inside two objects; ``plane?.model`` is
inside an object that is null when all its values are; ``flights[].id`` is inside an item of a list.
Rows whose values up to a list are equal share one item, so an item needs a key among its values;
one that is not part of the answer is called ``-``.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Protocol

_Row = Mapping[tuple[str, ...], Any]
_Rows = Sequence[_Row]


class Record(Protocol):
    """A row: names of columns and their values."""

    def items(self) -> Iterable[tuple[str, Any]]:
        """Return them in the order of the columns."""


def fold(records: Iterable[Record]) -> dict[str, Any]:
    """Return the answer that the rows describe, as JSON values (numbers with a point as Decimal).

    Raises:
        ValueError: The rows are empty, so the columns are unknown. Use an outer join.
    """
    rows = [
        {tuple(name.split(".")): _json(value) for name, value in row.items()} for row in records
    ]
    if not rows:
        raise ValueError("The statement returned no row, so the form of its answer is unknown.")
    return _object(rows)


def _object(rows: _Rows) -> dict[str, Any]:
    answer: dict[str, Any] = {}
    for head in dict.fromkeys(path[0] for path in rows[0]):
        if (head,) not in rows[0]:
            answer[head.rstrip("[]?")] = _nested(head, [_below(head, row) for row in rows])
        elif head != "-":
            answer[head] = rows[0][head,]
    return answer


def _nested(head: str, rows: _Rows) -> Any:
    if head.endswith("[]"):
        return [_object(group) for group in _items(rows)]
    if head.endswith("?") and all(value is None for value in _identity(rows[0])):
        return None
    return _object(rows)


def _items(rows: _Rows) -> list[list[_Row]]:
    """Group rows by their item, in order; an outer join may return a row without one."""
    groups: dict[tuple[Any, ...], list[_Row]] = {}
    for row in rows:
        identity = _identity(row)
        if any(value is not None for value in identity):
            groups.setdefault(identity, []).append(row)
    return list(groups.values())


def _identity(row: _Row) -> tuple[Any, ...]:
    return tuple(
        value for path, value in row.items() if not any(part.endswith("[]") for part in path)
    )


def _below(head: str, row: _Row) -> _Row:
    return {path[1:]: value for path, value in row.items() if path[0] == head}


def _json(value: Any) -> Any:
    if isinstance(value, datetime | date):
        return value.isoformat()
    return Decimal(repr(value)) if isinstance(value, float) else value
