"""Sizes: how much clients put into variables and filters, counted before anything is made of it.

Nothing here recurses, and counting ends where a limit is passed.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from fraiseql.errors import InputError
from fraiseql.schema import COMBINING
from fraiseql.serving.document.variable_signature import Repeated
from fraiseql.settings import Settings

MOST_LEVELS: Final = 100
"""Levels of lists and objects in a variable: each takes several calls in graphql-core."""

_CONTAINERS: Final = (dict, list, tuple)

LONG_TEXT: Final = 200
"""Characters of a text to which no nearest name is looked for."""


@dataclass(frozen=True, slots=True)
class InputLimits:
    """How much the values of one request may be.

    Attributes:
        max_values: Most items of lists and fields of objects in its variables, JSON left out.
        max_conditions: Most conditions and terms of orders in one filter or order.
        max_depth: Most levels of ``and``, ``or`` and ``not``.
    """

    max_values: int
    max_conditions: int
    max_depth: int

    def too_large(self) -> InputError:
        """Return the error for more values than are allowed."""
        return InputError(
            f"The variables hold more than {self.max_values} values, or are nested too deeply.",
            hint="Send less in one request.",
            code="TOO_COMPLEX",
        )


def input_limits(settings: Settings) -> InputLimits:
    """Return the limits that settings name."""
    return InputLimits(settings.max_input_values, settings.max_conditions, settings.max_depth)


def check_filter(where: Any, limits: InputLimits) -> int:
    """Return how many conditions a filter has.

    Raises:
        InputError: There are too many, or they are nested too deeply.
    """
    count, levels = count_conditions(where, limits.max_conditions)
    if levels > limits.max_depth:
        raise InputError(
            f"A filter is {levels} levels deep; the limit is {limits.max_depth}.",
            hint="Nest and, or and not less deeply.",
            code="DOCUMENT_TOO_DEEP",
        )
    if count > limits.max_conditions:
        raise InputError(
            f"A filter has more than {limits.max_conditions} conditions; that is the limit.",
            hint="Write in: [...] in place of many conditions on one field.",
            code="TOO_COMPLEX",
        )
    return count


def check_order(terms: Sequence[str], limits: InputLimits) -> None:
    """Check how many terms an order has.

    Raises:
        InputError: There are too many.
    """
    if len(terms) > limits.max_conditions:
        raise InputError(
            f"An order has more than {limits.max_conditions} terms; that is the limit.",
            code="TOO_COMPLEX",
        )


def count_values(value: Any, most: int) -> int:
    """Return how many items and fields stand in a value; beyond ``most``, some larger number.

    A value that is nested deeper than ``MOST_LEVELS`` counts as too large.
    """
    count, levels = 0, 0
    left = [value] if isinstance(value, _CONTAINERS) else []
    while left:
        levels += 1
        if levels > MOST_LEVELS:
            return most + 1
        below: list[Any] = []
        for part in left:
            count += len(part)
            if count > most:
                return count
            items: Iterable[Any] = part.values() if isinstance(part, dict) else part
            below += [item for item in items if isinstance(item, _CONTAINERS)]
        left = below
    return count


def has_long_text(value: Any) -> bool:
    """Whether a text or a name in a value is longer than any that is declared."""
    left = [value]
    while left:
        part = left.pop()
        if isinstance(part, str):
            if len(part) > LONG_TEXT:
                return True
        elif isinstance(part, dict):
            left += part.keys()
            left += part.values()
        elif isinstance(part, list | tuple):
            left += part
    return False


def count_conditions(where: Any, most: int) -> tuple[int, int]:
    """Return how many conditions a filter has, and how many levels; counting ends at ``most``.

    Args:
        where: The filter, with GraphQL's names or with Python's; or several of them in a list.
        most: Most conditions.
    """
    count = deepest = 0
    left: list[tuple[Any, int]] = [(where, 1)]
    while left and count <= most:
        part, level = left.pop()
        if isinstance(part, list | tuple):
            # Up to as many again repeat one of the others.
            items = [item for item in part[: 2 * most + 2] if not isinstance(item, Repeated)]
            left += [(item, level) for item in items[: most + 1]]
            count += max(0, len(items) - most)
        elif isinstance(part, Mapping):
            deepest = max(deepest, level)
            count += 1
            for key, value in part.items():
                if key in COMBINING:
                    left.append((value, level + 1))
                else:
                    count += len(value) if isinstance(value, Mapping) else 1
                if count > most:
                    break
    return count, deepest
