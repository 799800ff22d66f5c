"""Additions to comparisons that let a declared index serve them."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Literal, NamedTuple

from fraiseql.errors import InputError
from fraiseql.expressions import constant, infix
from fraiseql.field_access import FieldAccess
from fraiseql.operators import SIGNS
from fraiseql.serving.sql.parameters import Parameter, comparable
from fraiseql.sql_names import fn, ty
from fraiseql.values import PostgresText

CURSOR_VALUE: Final = "cursor"
"""Operator of a ``HintPoint`` that asks whether a cursor's value is null."""

_LESS: Final = frozenset({"lt", "lte"})
_NUMBER: Final = re.compile(r"-?[0-9]+(?:\.[0-9]+)?")
_LONGEST_NUMBER: Final = 1_000
"""Maximum characters of a number in a text; PostgreSQL allows 131,072 digits."""


Nullness = Literal["null", "value", ""]
"""Whether a cursor's value is null; empty for a statement that serves both."""


class IndexHint(NamedTuple):
    """Additions to one comparison for the value of a request.

    Attributes:
        literal: The value as SQL when a predicate compares with it, or the null test for it; empty
            when the value is a parameter.
        bounds: Comparisons implied by this one, as operator and SQL.
        contained: JSON values of which a document must contain one, for a GIN index; ``{}`` is
            the placeholder of the value.
        nullness: Whether a cursor's value is null.
    """

    literal: str = ""
    bounds: tuple[str, ...] = ()
    contained: tuple[str, ...] = ()
    nullness: Nullness = ""


UNHINTED: Final = IndexHint()


@dataclass(frozen=True, slots=True)
class HintPoint:
    """A comparison whose SQL depends on the value in a request."""

    access: FieldAccess
    operator: str
    parameter: Parameter


def may_have_hint(access: FieldAccess, operator: str) -> bool:
    """Whether the SQL of such a comparison depends on its value."""
    if operator == "is_null":
        return True
    if operator not in SIGNS:
        return False
    return bool(access.bounds or (operator == "eq" and (access.constants or access.contained)))


def hint_finder(access: FieldAccess, operator: str) -> Callable[[Any], IndexHint]:
    """Return the function from a value, as Python compares it, to the comparison's hint."""
    if operator == "is_null":
        return _null_test
    if operator == CURSOR_VALUE:
        return _nullness
    equal = operator == "eq"
    literals = {value: constant(access, value) for value in access.constants} if equal else {}
    bounds = [
        (sign, bound, f"{infix(access, SIGNS[sign])} {constant(access, bound)}")
        for sign, bound in access.bounds
    ]

    def find(value: Any) -> IndexHint:
        literal = literals.get(value, "")
        contained = _contained(access, value) if equal and access.contained else ()
        implied = [sql for sign, bound, sql in bounds if _implied(operator, value, sign, bound)]
        if literal or contained or implied:
            return IndexHint(literal, tuple(implied), contained)
        return UNHINTED

    return find


def _null_test(value: Any) -> IndexHint:
    """Return the null test as SQL: a comparison with a parameter implies no predicate."""
    return IndexHint("IS NULL" if value else "IS NOT NULL")


def _nullness(value: Any) -> IndexHint:
    return IndexHint(nullness="null" if value is None else "value")


def hint_for_constant(access: FieldAccess, operator: str, parameter: Parameter) -> IndexHint:
    """Return the hint of a comparison with a constant in the document."""
    try:
        return hint_finder(access, operator)(comparable(parameter)(parameter.source))
    except InputError:
        # Reported as an error of its field when the value is bound.
        return UNHINTED


def _implied(operator: str, value: Any, sign: str, bound: Any) -> bool:
    """Whether a comparison with ``value`` implies the one with ``bound``."""
    less = sign in _LESS
    if operator != "eq" and (operator in _LESS) != less:
        return False
    if value == bound:
        return operator == sign or sign in ("gte", "lte")
    if isinstance(value, PostgresText):
        return False
    return bool(value < bound if less else value > bound)


def _contained(access: FieldAccess, value: Any) -> tuple[str, ...]:
    """Return the JSON values that are equal to ``value``, as SQL.

    ``{}`` is the placeholder of the parameter. Empty when there are too many.
    """
    if access.form in ("Int", "integer"):
        return _integers(value, truths=access.form == "Int")
    if access.form in ("Boolean", "boolean"):
        # Every number but zero is true.
        return () if value else ("{}", "0")
    if _NUMBER.fullmatch(value):
        # A document may contain the number itself where its text is compared.
        return ("{}", f"{{}}::{ty('numeric')}") if len(value) <= _LONGEST_NUMBER else ()
    # They may be the text of a boolean, an object or a list.
    return () if value in ("true", "false") or value[:1] in ("{", "[") else ("{}",)


def _integers(value: Any, *, truths: bool) -> tuple[str, ...]:
    forms = ["{}", f"{fn('trim_scale')}({{}})::{ty('text')}"]
    if value == 0:
        forms.append(f"'-0'::{ty('text')}")
    if truths and value in (0, 1):
        forms.append("true" if value else "false")
    return tuple(forms)
