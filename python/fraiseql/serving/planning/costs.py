"""Complexity of an operation: the number of values it may answer."""

from collections.abc import Mapping
from typing import Any

from graphql import is_list_type, is_non_null_type

from fraiseql.serving.document.variable_signature import ValueRef
from fraiseql.serving.planning.plan import Cost, rows
from fraiseql.serving.planning.selection import SelectedField, Selection

DOCUMENT_LIST: int = 10
"""Assumed length of a list inside a document."""


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
        self, selected: SelectedField, arguments: Mapping[str, Any], default: int | None = None
    ) -> Cost:
        """Return the cost of a root field.

        Args:
            selected: The field.
            arguments: Its arguments; ``limit`` is a number, a reference, or None.
            default: Rows without a limit; None when it has no default limit.
        """
        below = 1 + self._below(selected.selection)
        if selected.field is None or not is_list(selected.field.type):
            return Cost(below)
        limit, default = arguments.get("limit"), default or self._unbounded
        if isinstance(limit, ValueRef):
            return Cost(1, ((limit, below, default),))
        return Cost(1 + rows(limit, default) * below)

    def _below(self, selection: Selection | None) -> int:
        if selection is None:
            return 0
        # Each value has only one of the possible types.
        return max(
            [self._fields(name, fields) for name, fields in selection.objects.items()], default=0
        )

    def _fields(self, type_name: str, fields: tuple[SelectedField, ...]) -> int:
        return sum(self._field(type_name, selected) for selected in fields)

    def _field(self, type_name: str, selected: SelectedField) -> int:
        if selected.field is None or not is_list(selected.field.type):
            return 1 + self._below(selected.selection)
        items = self._limits.get((type_name, selected.name), DOCUMENT_LIST)
        return 1 + items * max(1, self._below(selected.selection))


def total(costs: list[Cost]) -> Cost:
    """Return the sum of ``costs``."""
    return Cost(
        sum(cost.base for cost in costs), tuple(term for cost in costs for term in cost.terms)
    )
