"""Size limits of variables and filters.

The functions do not recurse, and stop counting at the limit.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from fraiseql.errors import InputError
from fraiseql.schema import COMBINING
from fraiseql.serving.document.variable_signature import Repeated
from fraiseql.settings import Settings

MAX_LEVELS: Final = 100
"""Levels of lists and objects in a variable: each takes several calls in graphql-core."""

_CONTAINERS: Final = (dict, list, tuple)

RELATED_WEIGHT: Final = 10
"""Conditions that a filter of related rows counts as, and that a term of an order by them adds.

Each is a query of another relation.
"""

LONG_TEXT: Final = 200
"""Characters from which no similar name is suggested for a text."""


@dataclass(frozen=True, slots=True)
class InputLimits:
    """Limits of the values of one request.

    Attributes:
        max_values: Items of lists and fields of objects in the variables, without those in JSON.
        max_conditions: Conditions in a filter, and terms in an order.
        max_depth: Levels of ``and``, ``or`` and ``not``.
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
    """Return the limits in the settings."""
    return InputLimits(settings.max_input_values, settings.max_conditions, settings.max_depth)


def check_filter(where: Any, limits: InputLimits) -> int:
    """Return the number of conditions in a filter.

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
            hint="Write in: [...] instead of many conditions on one field.",
            code="TOO_COMPLEX",
        )
    return count


def check_order(terms: Sequence[Any], limits: InputLimits) -> None:
    """Check the number of terms in an order; those of related rows count as several.

    Raises:
        InputError: There are too many.
    """
    related = sum(isinstance(term, str) and "." in term for term in terms)
    if len(terms) + RELATED_WEIGHT * related > limits.max_conditions:
        raise InputError(
            f"An order has more than {limits.max_conditions} terms; that is the limit.",
            code="TOO_COMPLEX",
        )


def count_values(value: Any, limit: int) -> int:
    """Return the number of items and fields in a value; over ``limit``, any larger number.

    A value that is nested deeper than ``MAX_LEVELS`` counts as too large.
    """
    count, levels = 0, 0
    left = [value] if isinstance(value, _CONTAINERS) else []
    while left:
        levels += 1
        if levels > MAX_LEVELS:
            return limit + 1
        below: list[Any] = []
        for part in left:
            count += len(part)
            if count > limit:
                return count
            items: Iterable[Any] = part.values() if isinstance(part, dict) else part
            below += [item for item in items if isinstance(item, _CONTAINERS)]
        left = below
    return count


def has_long_text(value: Any) -> bool:
    """Whether a value contains a text or name longer than any declared name."""
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


def _has_filters(value: Any) -> bool:
    """Whether a value of a field is a filter of related rows: operators take no objects."""
    return isinstance(value, Mapping) and any(isinstance(v, Mapping) for v in value.values())


def count_conditions(where: Any, limit: int) -> tuple[int, int]:
    """Return the number of conditions and of levels in a filter; counting ends at ``limit``.

    Args:
        where: A filter, or a list of them, with GraphQL's or Python's names.
        limit: Limit of conditions.
    """
    count = deepest = 0
    left: list[tuple[Any, int]] = [(where, 1)]
    while left and count <= limit:
        part, level = left.pop()
        if isinstance(part, list | tuple):
            # Up to as many repeat another one.
            items = [item for item in part[: 2 * limit + 2] if not isinstance(item, Repeated)]
            left += [(item, level) for item in items[: limit + 1]]
            count += max(0, len(items) - limit)
        elif isinstance(part, Mapping):
            deepest = max(deepest, level)
            count += 1
            for key, value in part.items():
                if key in COMBINING:
                    left.append((value, level + 1))
                elif _has_filters(value):
                    left.append((value, level + 1))
                    count += RELATED_WEIGHT
                else:
                    count += len(value) if isinstance(value, Mapping) else 1
                if count > limit:
                    break
    return count, deepest
