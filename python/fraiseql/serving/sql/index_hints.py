"""Choices: what a comparison says besides its parameter so that a declared index can serve it."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from fraiseql.errors import InputError
from fraiseql.expressions import constant, infix
from fraiseql.field_access import FieldAccess
from fraiseql.operators import SIGNS
from fraiseql.serving.sql.parameters import Parameter, comparable
from fraiseql.sql_names import fn, ty
from fraiseql.values import PostgresText

_LESS: Final = frozenset({"lt", "lte"})
_NUMBER: Final = re.compile(r"-?[0-9]+(?:\.[0-9]+)?")
_LONGEST_NUMBER: Final = 1_000
"""Characters up to which a text may be a number; PostgreSQL takes 131,072 digits."""


class IndexHint(NamedTuple):
    """How one comparison is written.

    Attributes:
        literal: The value itself, as SQL, where a predicate asks for it, or the test for null that
            the value asks for; else empty, and the value is a parameter.
        bounds: Comparisons that hold wherever this one does, as operator and SQL.
        contained: The JSON values of which a document must contain one, where a GIN index finds
            them; ``{}`` stands for the value.
    """

    literal: str = ""
    bounds: tuple[str, ...] = ()
    contained: tuple[str, ...] = ()


UNHINTED: Final = IndexHint()


@dataclass(frozen=True, slots=True)
class HintPoint:
    """A comparison whose form depends on the value that a request brings."""

    access: FieldAccess
    operator: str
    parameter: Parameter


def may_have_hint(access: FieldAccess, operator: str) -> bool:
    """Whether the value decides how such a comparison is written."""
    if operator == "is_null":
        return True
    if operator not in SIGNS:
        return False
    return bool(access.bounds or (operator == "eq" and (access.constants or access.contained)))


def hint_finder(access: FieldAccess, operator: str) -> Callable[[Any], IndexHint]:
    """Return what tells from a value, as Python compares it, how a comparison is written."""
    if operator == "is_null":
        return _null_test
    equal = operator == "eq"
    literals = {value: constant(access, value) for value in access.constants} if equal else {}
    bounds = [
        (sign, bound, f"{infix(access, SIGNS[sign])} {constant(access, bound)}")
        for sign, bound in access.bounds
    ]

    def choose(value: Any) -> IndexHint:
        literal = literals.get(value, "")
        contained = _contained(access, value) if equal and access.contained else ()
        implied = [sql for sign, bound, sql in bounds if _implied(operator, value, sign, bound)]
        if literal or contained or implied:
            return IndexHint(literal, tuple(implied), contained)
        return UNHINTED

    return choose


def _null_test(value: Any) -> IndexHint:
    """Return the test that indexes know: no predicate is implied by one compared with a value."""
    return IndexHint("IS NULL" if value else "IS NOT NULL")


def hint_for_constant(access: FieldAccess, operator: str, parameter: Parameter) -> IndexHint:
    """Return how a comparison with a value of the document itself is written."""
    try:
        return hint_finder(access, operator)(comparable(parameter)(parameter.source))
    except InputError:
        # Said when the value is bound, as an error of its field.
        return UNHINTED


def _implied(operator: str, value: Any, sign: str, bound: Any) -> bool:
    """Whether whatever compares so with ``value`` compares so with ``bound`` too."""
    less = sign in _LESS
    if operator != "eq" and (operator in _LESS) != less:
        return False
    if value == bound:
        return operator == sign or sign in ("gte", "lte")
    if isinstance(value, PostgresText):
        return False
    return bool(value < bound if less else value > bound)


def _contained(access: FieldAccess, value: Any) -> tuple[str, ...]:
    """Return the JSON values that a document can hold for what is equal to ``value``, as SQL.

    ``{}`` stands for the parameter; none at all where they are too many.
    """
    if access.form in ("Int", "integer"):
        return _integers(value, truths=access.form == "Int")
    if access.form in ("Boolean", "boolean"):
        # Every number but zero is true.
        return () if value else ("{}", "0")
    if _NUMBER.fullmatch(value):
        # A document may hold the number itself where its text is asked for.
        return ("{}", f"{{}}::{ty('numeric')}") if len(value) <= _LONGEST_NUMBER else ()
    # These may be the text of a boolean, an object or a list.
    return () if value in ("true", "false") or value[:1] in ("{", "[") else ("{}",)


def _integers(value: Any, *, truths: bool) -> tuple[str, ...]:
    forms = ["{}", f"{fn('trim_scale')}({{}})::{ty('text')}"]
    if value == 0:
        forms.append(f"'-0'::{ty('text')}")
    if truths and value in (0, 1):
        forms.append("true" if value else "false")
    return tuple(forms)
