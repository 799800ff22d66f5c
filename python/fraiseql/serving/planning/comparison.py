"""Comparison of one field or column in a filter."""

from collections.abc import Mapping
from typing import Any, Final

from fraiseql.errors import InputError
from fraiseql.naming import suggestion
from fraiseql.operators import FILTER_OPERATORS, JsonOperand
from fraiseql.serving.document.variable_signature import ListValueRef, ValueRef
from fraiseql.serving.planning.fields import (
    OWN_OPERATORS,
    UNCOMPARED,
    FieldAccess,
)
from fraiseql.serving.planning.filter_tree import (
    FieldComparison,
    Filter,
    Group,
    Leaf,
    Negation,
    NullTest,
)

_PUBLIC: Final = frozenset({name for name in FILTER_OPERATORS if "." not in name})
_WHOLE: Final = "Send the JSON, or the whole filter, as one variable."


_TEXT_FORMS: Final = frozenset({"String", "string", "ID"})


def _own_comparison(access: FieldAccess, operator: str, value: Leaf, owner: str) -> Filter:
    """Return the comparison of an array or of JSON."""
    place = f"{operator} of {owner}.{access.name}"
    if operator == "length" and access.form == "list":
        if not isinstance(value, Mapping):
            raise InputError(f"{place} takes comparisons, not {value!r}.")
        parts = [_length(access, name, number, owner) for name, number in value.items()]
        return Group("and", tuple(parts))
    row = FILTER_OPERATORS.get(f"{access.form}.{operator}")
    if row is None:
        forms = (access.form + ".", "is_null")
        names = [
            each.public_name for each in FILTER_OPERATORS.values() if each.name.startswith(forms)
        ]
        names += ["length"] if access.form == "list" else []
        raise InputError(
            f"{owner}.{access.name} holds {OWN_OPERATORS[access.form]}, which has no {operator!r}."
            f"{suggestion(operator, names)}",
            hint="Operators: " + ", ".join(sorted(names)) + ".",
            code="UNKNOWN_OPERATOR",
        )
    if row.option and not (access.filter and access.filter.has(row.option)):
        raise _undeclared(access, operator, row.option, owner)
    if value is None:
        raise InputError(f"{place} cannot compare with null.", hint="Write is_null: true.")
    if row.kind == "json":
        value = value.json if isinstance(value, JsonOperand) else value
        if not isinstance(value, ValueRef) and _has_references(value):
            raise InputError(f"{place} takes JSON without variables inside.", hint=_WHOLE)
    elif (row.kind in ("items", "json_keys")) is not isinstance(value, list | tuple | ListValueRef):
        single = row.kind in ("item", "json_key", "json_path")
        raise InputError(f"{place} takes {'one value' if single else 'a list'}.")
    return FieldComparison(access, row.name, value)


def _length(access: FieldAccess, operator: str, value: Leaf, owner: str) -> Filter:
    if f"length.{operator}" not in FILTER_OPERATORS or value is None:
        raise InputError(
            f"length of {owner}.{access.name} is compared by eq, neq, gt, gte, lt, lte."
        )
    return FieldComparison(access, f"length.{operator}", value)


def _has_references(value: Any) -> bool:
    if isinstance(value, Mapping):
        return any(_has_references(part) for part in value.values())
    if isinstance(value, list | tuple):
        return any(_has_references(part) for part in value)
    return isinstance(value, ValueRef)


def comparison(access: FieldAccess, operator: str, value: Leaf, owner: str) -> Filter:
    """Return the comparison of a field or column.

    Args:
        access: The field or column.
        operator: Its public name.
        value: A constant, or a reference to a value of the request.
        owner: Name of the type or relation, for messages.

    Raises:
        InputError: The operator is unknown, or does not fit.
    """
    if access.form in OWN_OPERATORS and operator != "is_null":
        return _own_comparison(access, operator, value, owner)
    kind = None if access.filter is None else access.filter.column
    own = FILTER_OPERATORS.get(f"{kind}.{operator}")
    if own is not None:
        return _single(access, own.name, value, f"{operator} of {owner}.{access.name}")
    _check_operator(access, operator, owner)
    if operator in ("distinct_from", "not_distinct_from"):
        # Conditions that are unknown count as false, also where they are negated.
        equal = _checked(access, "eq", value, owner)
        return Negation(equal) if operator == "distinct_from" else equal
    return _checked(access, operator, value, owner)


def _single(access: FieldAccess, operator: str, value: Leaf, place: str) -> Filter:
    """Return the comparison with one value that is not null."""
    if value is None:
        raise InputError(f"{place} cannot compare with null.", hint="Write is_null: true.")
    if isinstance(value, list | tuple | ListValueRef | Mapping):
        raise InputError(f"{place} takes one value.")
    return FieldComparison(access, operator, value)


def _checked(access: FieldAccess, operator: str, value: Leaf, owner: str) -> Filter:
    """Return the comparison by an operator that the field has."""
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
    if operator not in _PUBLIC:
        raise InputError(
            f"{owner}.{access.name} cannot be compared by {operator!r}."
            f"{suggestion(operator, _PUBLIC)}",
            hint="Operators: " + ", ".join(sorted(_PUBLIC)) + ".",
            code="UNKNOWN_OPERATOR",
        )
    if access.form in UNCOMPARED and operator != "is_null":
        held = UNCOMPARED[access.form]
        raise InputError(f"{owner}.{access.name} holds {held}: only is_null compares it.")
    kind = FILTER_OPERATORS[operator].kind
    option = FILTER_OPERATORS[operator].option
    if option and not (access.filter and access.filter.has(option)):
        raise _undeclared(access, operator, option, owner)
    if kind in ("text", "search") and access.form not in _TEXT_FORMS:
        raise InputError(f"{operator} compares text; {owner}.{access.name} is not text.")
    if kind == "order" and access.form in ("Boolean", "boolean"):
        raise InputError(f"{operator} does not compare the boolean {owner}.{access.name}.")
    if kind == "order" and not access.ordered:
        held = access.column.type_name
        raise InputError(f"{operator} compares by order; {owner}.{access.name} is {held}.")


def _undeclared(access: FieldAccess, operator: str, option: str, owner: str) -> InputError:
    return InputError(
        f"{owner}.{access.name} is not declared for {operator}.",
        hint=f"Declare it: fraiseql.field(filter=fraiseql.Filter({option}=…)).",
        code="UNKNOWN_OPERATOR",
    )
