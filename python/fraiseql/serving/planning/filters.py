"""Filters: a checked ``where`` as a tree of comparisons."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol, get_args

from fraiseql.catalog import Column, Relation
from fraiseql.errors import InputError
from fraiseql.naming import suggestion
from fraiseql.operators import JsonOperand
from fraiseql.schema import COMBINING
from fraiseql.serving.document.variable_signature import ListValueRef, ValueRef
from fraiseql.serving.planning.comparison import comparison
from fraiseql.serving.planning.fields import FieldAccess, require_access
from fraiseql.serving.planning.filter_tree import (
    Filter,
    Group,
    Negation,
    NullTest,
    Quantifier,
    RelatedRows,
)

_QUANTIFIERS: Final[tuple[Quantifier, ...]] = get_args(Quantifier)

_WHOLE_OPERANDS: Final = (JsonOperand, type(None))


@dataclass(frozen=True, slots=True)
class RelatedScope:
    """Rows that an embed reads, and the names in a filter of them.

    Attributes:
        many: Whether it is a list.
        relation: Their relation.
        join: Pairs of a column of it and of the outer relation.
        condition: The embed's own predicate.
        scope: Names that a filter of them may have.
    """

    many: bool
    relation: Relation
    join: tuple[tuple[Column, Column], ...]
    condition: str | None
    scope: "FilterScope"


class FilterScope(Protocol):
    """Names that a filter may have."""

    @property
    def owner(self) -> str:
        """Name of the type or relation, for messages."""

    @property
    def accesses(self) -> Mapping[str, FieldAccess]:
        """The fields and columns that may be compared."""

    def related(self, name: str) -> RelatedScope | None:
        """Return the rows that the embed called ``name`` reads; None for other names."""


def parse_filter(where: Any, scope: FilterScope) -> Group:
    """Return the tree of a ``where`` whose scalars may be ``ValueRef``.

    Args:
        where: Field name → value, list, None or mapping of operators; ``and``, ``or``, ``not``;
            name of an embed → filter of its object, or ``some``, ``every``, ``none`` of its list.
        scope: The names that it may have.

    Raises:
        InputError: A field or operator is unknown, or does not fit the field.
    """
    if not isinstance(where, Mapping):
        raise InputError(f"A where for {scope.owner} must be a mapping of fields, not {where!r}.")
    return Group("and", tuple([_entry(key, value, scope) for key, value in where.items()]))


def _entry(key: str, value: Any, scope: FilterScope) -> Filter:
    # No declared field has one of these names, but an undeclared column may.
    if key in COMBINING:
        return _combined(key, value, scope)
    # A column may have the name of an embed: single values and lists are compared with it.
    if value is None or isinstance(value, Mapping):
        related = scope.related(key)
        if related is not None:
            return _related(related, f"{scope.owner}.{key}", value)
    access, owner = require_access(scope.accesses, key, scope.owner), scope.owner
    if value is None:
        return NullTest(access, negated=False)
    if isinstance(value, Mapping):
        parts = [comparison(access, operator, item, owner) for operator, item in value.items()]
        return Group("and", tuple(parts))
    return comparison(
        access, "in" if isinstance(value, list | tuple | ListValueRef) else "eq", value, owner
    )


def _related(rows: RelatedScope, label: str, value: Mapping[str, Any] | None) -> Filter:
    if not rows.many:
        quantifier: Quantifier = "none" if value is None else "some"
        return _quantified(rows, quantifier, value or {})
    if value is None:
        raise InputError(
            f"{label} is a list, which cannot be null.",
            hint="Write none: {} for rows without any.",
        )
    return Group("and", tuple([_listed(rows, label, *item) for item in value.items()]))


def _listed(rows: RelatedScope, label: str, name: str, part: Any) -> Filter:
    quantifier = next((each for each in _QUANTIFIERS if each == name), None)
    if quantifier is None:
        raise InputError(
            f"{label} is a list, which has no {name!r}.{suggestion(name, _QUANTIFIERS)}",
            hint="Write some, every or none, each with a filter.",
            code="UNKNOWN_OPERATOR",
        )
    if not isinstance(part, Mapping):
        raise InputError(
            f"{name} of {label} takes a filter, not {part!r}.", hint="{} matches every row."
        )
    return _quantified(rows, quantifier, part)


def _quantified(rows: RelatedScope, quantifier: Quantifier, where: Mapping[str, Any]) -> Filter:
    part = parse_filter(where, rows.scope)
    return RelatedRows(rows.relation, rows.join, rows.condition, quantifier, part)


def _combined(key: str, value: Any, scope: FilterScope) -> Filter:
    if value is None:
        return Group("and", ())
    if key == "not":
        return Negation(parse_filter(value, scope))
    # GraphQL coerces a single object to a list of one.
    items = value if isinstance(value, list | tuple) else [value]
    if any(isinstance(item, ValueRef) for item in items):
        raise InputError(f"{key!r} in a where for {scope.owner} takes a list of mappings.")
    parts = tuple([parse_filter(item, scope) for item in items])
    return Group("or" if key == "or" else "and", parts)


def with_operands(where: Any, scope: FilterScope) -> Any:
    """Return a filter in which JSON that is compared with has a type of its own.

    Args:
        where: A filter in Python's form.
        scope: The names that it may have.
    """
    if isinstance(where, list):
        return [with_operands(part, scope) for part in where]
    if not isinstance(where, dict):
        return where
    return {key: _with_operands(key, value, scope) for key, value in where.items()}


def _with_operands(key: str, value: Any, scope: FilterScope) -> Any:
    if key in COMBINING:
        return with_operands(value, scope)
    access = scope.accesses.get(key)
    if not isinstance(value, dict):
        return value
    if access is not None and access.form == "json":
        return {
            name: JsonOperand(operand)
            if name in ("contains", "contained_by") and not isinstance(operand, _WHOLE_OPERANDS)
            else operand
            for name, operand in value.items()
        }
    related = scope.related(key)
    if related is None:
        return value
    if not related.many:
        return with_operands(value, related.scope)
    return {name: with_operands(part, related.scope) for name, part in value.items()}
