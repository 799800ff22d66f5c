"""Choices: what a comparison says besides its parameter so that a declared index can serve it."""

import re
from dataclasses import dataclass
from typing import Any, Final, Literal

from fraiseql.accesses import SIGNS, Access, constant, wire_type
from fraiseql.errors import InputError
from fraiseql.serving.sql.wire import Slot, converter

_LESS: Final = frozenset({"lt", "lte"})
_NUMBER: Final = re.compile(r"-?[0-9]+(?:\.[0-9]+)?")
_LONGEST_NUMBER: Final = 1_000
"""Characters up to which a text may be a number; PostgreSQL takes 131,072 digits."""


@dataclass(frozen=True, slots=True)
class Choice:
    """How one comparison is written.

    Attributes:
        literal: The value itself, as SQL, where a predicate asks for it; else it is a parameter.
        bounds: Comparisons that hold wherever this one does, as operator and SQL.
        contained: Whether containment is asked besides: of the value as it is, or of a text that
            may stand in a document as a number too; empty for neither.
    """

    literal: str = ""
    bounds: tuple[str, ...] = ()
    contained: Literal["", "value", "number"] = ""


ORDINARY: Final = Choice()


@dataclass(frozen=True, slots=True)
class ChoicePoint:
    """A comparison whose form depends on the value that a request brings."""

    access: Access
    operator: str
    slot: Slot


def may_choose(access: Access, operator: str) -> bool:
    """Whether the value decides how such a comparison is written."""
    if operator not in SIGNS:
        return False
    return bool(access.bounds or (operator == "eq" and (access.constants or access.contained)))


def choose(access: Access, operator: str, value: Any) -> Choice:
    """Return how a comparison with ``value``, as the driver takes it, is written."""
    literal = contained = ""
    if operator == "eq":
        literal = constant(access, value) if value in access.constants else ""
        contained = _contained(access, value)
    bounds = tuple(
        [
            f"{SIGNS[sign]} {constant(access, bound)}"
            for sign, bound in access.bounds
            if _implied(operator, value, sign, bound)
        ]
    )
    return Choice(literal, bounds, contained)  # type: ignore[arg-type]


def choose_constant(access: Access, operator: str, slot: Slot) -> Choice:
    """Return how a comparison with a value of the document itself is written."""
    try:
        return choose(access, operator, converter(slot)(slot.source))
    except InputError:
        # Said when the value is bound, as an error of its field.
        return ORDINARY


def _implied(operator: str, value: Any, sign: str, bound: Any) -> bool:
    """Whether whatever compares so with ``value`` compares so with ``bound`` too."""
    less = sign in _LESS
    if operator != "eq" and (operator in _LESS) != less:
        return False
    if value == bound:
        return operator == sign or sign in ("gte", "lte")
    return bool(value < bound if less else value > bound)


def _contained(access: Access, value: Any) -> str:
    """Return in which forms a document can hold a value that reads like ``value``."""
    if not access.contained:
        return ""
    if wire_type(access) != "text":
        return "value"
    if _NUMBER.fullmatch(value):
        return "number" if len(value) <= _LONGEST_NUMBER else ""
    # These may be the text of a boolean, an object or a list.
    return "" if value in ("true", "false") or value[:1] in ("{", "[") else "value"
