"""Complexity of an operation: the number of values it may answer."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from graphql import is_list_type, is_non_null_type

from fraiseql.serving.planning.plan import Cost, RowLimit
from fraiseql.serving.planning.selection import SelectedField, Selection

DOCUMENT_LIST: int = 10
"""Assumed length of a list inside a document."""

NO_LIMITS: Final[Mapping[int, Any]] = {}
"""Limits where a request gives none."""


def is_list(type_: Any) -> bool:
    """Whether a field of this type answers a list."""
    return is_list_type(type_.of_type if is_non_null_type(type_) else type_)


class CostReader:
    """Counts the values of each field, lists by their limit.

    Args:
        limits: (type name, GraphQL field name) → limit of an embedded list.
        unbounded: Assumed items of a Python resolver's list, which has no limit.
    """

    def __init__(self, limits: Mapping[tuple[str, str], int], unbounded: int) -> None:
        self._limits = limits
        self._unbounded = unbounded

    def root(
        self,
        selected: SelectedField,
        arguments: Mapping[str, Any],
        default: int | None = None,
        limits: Mapping[int, Any] = NO_LIMITS,
    ) -> Cost:
        """Return the cost of a root field.

        Args:
            selected: The field.
            arguments: Its arguments; ``limit`` is a number, a reference, or None.
            default: Rows without a limit; None when it has no default limit.
            limits: The same of embedded lists, by the id of the field.
        """
        below = _Below(self._limits, limits).of(selected.selection)
        row = Cost(1 + below.base, below.terms)
        if selected.field is None or not is_list(selected.field.type):
            return row
        return total([Cost(1), row.times(arguments.get("limit"), default or self._unbounded)])


@dataclass(frozen=True, slots=True)
class _Below:
    """Counts the values of one row.

    Attributes:
        declared: (type name, GraphQL field name) → limit of an embedded list.
        requested: Limits that the request gives, by the id of the field.
    """

    declared: Mapping[tuple[str, str], int]
    requested: Mapping[int, Any]

    def of(self, selection: Selection | None) -> Cost:
        """Return the cost of a selection."""
        if selection is None:
            return Cost(0)
        # Each value has only one of the possible types.
        return _greatest([self._fields(name, each) for name, each in selection.objects.items()])

    def _fields(self, type_name: str, fields: tuple[SelectedField, ...]) -> Cost:
        return total([self._field(type_name, selected) for selected in fields])

    def _field(self, type_name: str, selected: SelectedField) -> Cost:
        below = self.of(selected.selection)
        if selected.field is None or not is_list(selected.field.type):
            return Cost(1 + below.base, below.terms)
        declared = self.declared.get((type_name, selected.name), DOCUMENT_LIST)
        row = below if below.terms else Cost(max(1, below.base))
        return total([Cost(1), row.times(self.requested.get(selected.id), declared)])


def _greatest(costs: list[Cost]) -> Cost:
    """Return a cost that is at least each of ``costs``, for all variables."""
    terms: dict[tuple[RowLimit, ...], int] = {}
    for cost in costs:
        own: dict[tuple[RowLimit, ...], int] = {}
        for limits, weight in cost.terms:
            own[limits] = own.get(limits, 0) + weight
        for limits, weight in own.items():
            terms[limits] = max(terms.get(limits, 0), weight)
    return Cost(max([cost.base for cost in costs], default=0), tuple(terms.items()))


def total(costs: list[Cost]) -> Cost:
    """Return the sum of ``costs``."""
    return Cost(
        sum(cost.base for cost in costs), tuple(term for cost in costs for term in cost.terms)
    )
