"""Choices: what a comparison says besides its parameter so that a declared index can serve it."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from fraiseql.accesses import Access, wire_type
from fraiseql.errors import InputError
from fraiseql.expressions import SIGNS, constant
from fraiseql.serving.sql.wire import Slot, converter

_LESS: Final = frozenset({"lt", "lte"})
_NUMBER: Final = re.compile(r"-?[0-9]+(?:\.[0-9]+)?")
_LONGEST_NUMBER: Final = 1_000
"""Characters up to which a text may be a number; PostgreSQL takes 131,072 digits."""


class Choice(NamedTuple):
    """How one comparison is written.

    Attributes:
        literal: The value itself, as SQL, where a predicate asks for it, or the test for null that
            the value asks for; else empty, and the value is a parameter.
        bounds: Comparisons that hold wherever this one does, as operator and SQL.
        contained: ``value`` where containment is asked besides; ``number`` where a document may
            hold the text as a number too; else empty.
    """

    literal: str = ""
    bounds: tuple[str, ...] = ()
    contained: str = ""


ORDINARY: Final = Choice()


@dataclass(frozen=True, slots=True)
class ChoicePoint:
    """A comparison whose form depends on the value that a request brings."""

    access: Access
    operator: str
    slot: Slot


def may_choose(access: Access, operator: str) -> bool:
    """Whether the value decides how such a comparison is written."""
    if operator == "is_null":
        return True
    if operator not in SIGNS:
        return False
    return bool(access.bounds or (operator == "eq" and (access.constants or access.contained)))


def chooser(access: Access, operator: str) -> Callable[[Any], Choice]:
    """Return what tells from a value, as the driver takes it, how a comparison is written."""
    if operator == "is_null":
        return _null_test
    equal = operator == "eq"
    literals = {value: constant(access, value) for value in access.constants} if equal else {}
    bounds = [
        (sign, bound, f"{SIGNS[sign]} {constant(access, bound)}") for sign, bound in access.bounds
    ]

    def choose(value: Any) -> Choice:
        literal = literals.get(value, "")
        contained = _contained(access, value) if equal and access.contained else ""
        implied = [sql for sign, bound, sql in bounds if _implied(operator, value, sign, bound)]
        if literal or contained or implied:
            return Choice(literal, tuple(implied), contained)
        return ORDINARY

    return choose


def _null_test(value: Any) -> Choice:
    """Return the test that indexes know: no predicate is implied by one compared with a value."""
    return Choice("IS NULL" if value else "IS NOT NULL")


def choose_constant(access: Access, operator: str, slot: Slot) -> Choice:
    """Return how a comparison with a value of the document itself is written."""
    try:
        return chooser(access, operator)(converter(slot)(slot.source))
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
    """Return in which forms a document can hold what reads like ``value``."""
    if wire_type(access) != "text":
        return "value"
    if _NUMBER.fullmatch(value):
        return "number" if len(value) <= _LONGEST_NUMBER else ""
    # These may be the text of a boolean, an object or a list.
    return "" if value in ("true", "false") or value[:1] in ("{", "[") else "value"
