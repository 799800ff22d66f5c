"""Filters: a checked ``where`` as a tree of comparisons."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from fraiseql.errors import InputError
from fraiseql.naming import suggestion
from fraiseql.operators import FILTER_OPERATORS
from fraiseql.schema import COMBINING
from fraiseql.serving.document.variable_signature import ListValueRef, ValueRef
from fraiseql.serving.planning.fields import UNCOMPARED, FieldAccess, require_access

Leaf = Any
"""A ``ValueRef`` into the values of a request, or a constant."""

_TEXT_FORMS: Final = frozenset({"String", "string", "ID"})


@dataclass(frozen=True, slots=True)
class FieldComparison:
    """Comparison of a row's value with a request's."""

    access: FieldAccess
    operator: str
    value: Leaf


@dataclass(frozen=True, slots=True)
class NullTest:
    """``IS NULL`` or, negated, ``IS NOT NULL``."""

    access: FieldAccess
    negated: bool


@dataclass(frozen=True, slots=True)
class Group:
    """Several conditions joined by AND or OR; an empty AND is true, an empty OR is false."""

    joiner: Literal["and", "or"]
    parts: "tuple[Filter, ...]"


@dataclass(frozen=True, slots=True)
class Negation:
    """True where ``part`` is not true: unknown counts as false."""

    part: "Filter"


Filter = FieldComparison | NullTest | Group | Negation


def parse_filter(where: Any, accesses: Mapping[str, FieldAccess], owner: str) -> Group:
    """Return the tree of a ``where`` whose scalars may be ``ValueRef``.

    Args:
        where: Field name → value, list, None or mapping of operators; ``and``, ``or``, ``not``.
        accesses: The fields that may be compared.
        owner: Name of the type or relation, for messages.

    Raises:
        InputError: A field or operator is unknown, or does not fit the field.
    """
    if not isinstance(where, Mapping):
        raise InputError(f"A where for {owner} must be a mapping of fields, not {where!r}.")
    return Group(
        "and", tuple([_entry(key, value, accesses, owner) for key, value in where.items()])
    )


def _entry(key: str, value: Any, accesses: Mapping[str, FieldAccess], owner: str) -> Filter:
    # No declared field has one of these names, but an undeclared column may.
    if key in COMBINING:
        return _combined(key, value, accesses, owner)
    access = require_access(accesses, key, owner)
    if value is None:
        return NullTest(access, negated=False)
    if isinstance(value, Mapping):
        parts = [_comparison(access, operator, item, owner) for operator, item in value.items()]
        return Group("and", tuple(parts))
    return _comparison(
        access, "in" if isinstance(value, list | tuple | ListValueRef) else "eq", value, owner
    )


def _combined(key: str, value: Any, accesses: Mapping[str, FieldAccess], owner: str) -> Filter:
    if value is None:
        return Group("and", ())
    if key == "not":
        return Negation(parse_filter(value, accesses, owner))
    # GraphQL coerces a single object to a list of one.
    items = value if isinstance(value, list | tuple) else [value]
    if any(isinstance(item, ValueRef) for item in items):
        raise InputError(f"{key!r} in a where for {owner} takes a list of mappings.")
    parts = tuple([parse_filter(item, accesses, owner) for item in items])
    return Group("or" if key == "or" else "and", parts)


def _comparison(access: FieldAccess, operator: str, value: Leaf, owner: str) -> Filter:
    _check_operator(access, operator, owner)
    if operator == "is_null":
        if isinstance(value, ValueRef):
            return FieldComparison(access, operator, value)
        if not isinstance(value, bool):
            raise InputError(
                f"is_null of {owner}.{access.name} takes true or false, not {value!r}."
            )
        return NullTest(access, negated=not value)
    if value is None:
        if operator in ("eq", "neq"):
            return NullTest(access, negated=operator == "neq")
        raise InputError(
            f"{operator} of {owner}.{access.name} cannot compare with null.",
            hint="Write is_null: true, or leave the operator out.",
        )
    takes_list = FILTER_OPERATORS[operator].kind == "list"
    if takes_list and not isinstance(value, list | tuple | ListValueRef):
        raise InputError(f"{operator} of {owner}.{access.name} takes a list.")
    if not takes_list and isinstance(value, list | tuple | ListValueRef | Mapping):
        raise InputError(f"{operator} of {owner}.{access.name} takes one value.")
    return FieldComparison(access, operator, value)


def _check_operator(access: FieldAccess, operator: str, owner: str) -> None:
    if operator not in FILTER_OPERATORS:
        raise InputError(
            f"{owner}.{access.name} cannot be compared by {operator!r}."
            f"{suggestion(operator, FILTER_OPERATORS)}",
            hint="Operators: " + ", ".join(sorted(FILTER_OPERATORS)) + ".",
            code="UNKNOWN_OPERATOR",
        )
    if access.form in UNCOMPARED and operator != "is_null":
        held = UNCOMPARED[access.form]
        raise InputError(f"{owner}.{access.name} holds {held}: only is_null compares it.")
    kind = FILTER_OPERATORS[operator].kind
    if kind == "text" and access.form not in _TEXT_FORMS:
        raise InputError(f"{operator} compares text; {owner}.{access.name} is not text.")
    if kind == "order" and access.form in ("Boolean", "boolean"):
        raise InputError(f"{operator} does not compare the boolean {owner}.{access.name}.")
    if kind == "order" and not access.ordered:
        held = access.column.type_name
        raise InputError(f"{operator} compares by order; {owner}.{access.name} is {held}.")
