"""Filters: a checked ``where`` as a tree of comparisons."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, Protocol, get_args

from fraiseql.catalog import Column, Relation
from fraiseql.errors import InputError
from fraiseql.naming import suggestion
from fraiseql.operators import FILTER_OPERATORS, JsonOperand
from fraiseql.schema import COMBINING
from fraiseql.serving.document.variable_signature import ListValueRef, ValueRef
from fraiseql.serving.planning.fields import (
    OWN_OPERATORS,
    UNCOMPARED,
    FieldAccess,
    require_access,
)

Leaf = Any
"""A ``ValueRef`` into the values of a request, or a constant."""

Quantifier = Literal["some", "every", "none"]
"""How many of the related rows must match."""

_QUANTIFIERS: Final[tuple[Quantifier, ...]] = get_args(Quantifier)

_PUBLIC: Final = frozenset({name for name in FILTER_OPERATORS if "." not in name})
_WHOLE: Final = "Send the JSON, or the whole filter, as one variable."

_WHOLE_OPERANDS: Final = (JsonOperand, type(None))

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


@dataclass(frozen=True, slots=True)
class RelatedRows:
    """Test of the rows of another relation that belong to a row.

    ``some``: at least one is matched; ``none``: none is; ``every``: ``part`` is true for each of
    them, also where there are none.

    Attributes:
        relation: The other relation.
        join: Pairs of a column of it and of the row's own.
        condition: The developer's SQL predicate over its columns.
        quantifier: How many must match.
        part: What they must match.
    """

    relation: Relation
    join: tuple[tuple[Column, Column], ...]
    condition: str | None
    quantifier: Quantifier
    part: "Filter"


Filter = FieldComparison | NullTest | Group | Negation | RelatedRows


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
        parts = [_comparison(access, operator, item, owner) for operator, item in value.items()]
        return Group("and", tuple(parts))
    return _comparison(
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


def _has_references(value: Any) -> bool:
    if isinstance(value, Mapping):
        return any(_has_references(part) for part in value.values())
    if isinstance(value, list | tuple):
        return any(_has_references(part) for part in value)
    return isinstance(value, ValueRef)


def _comparison(access: FieldAccess, operator: str, value: Leaf, owner: str) -> Filter:
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


def comparisons(part: Filter) -> Iterator[FieldComparison | NullTest]:
    """Yield the comparisons of the rows themselves, without those of related rows."""
    for each in _parts(part, related=False):
        if isinstance(each, FieldComparison | NullTest):
            yield each


def related_rows(part: Filter) -> Iterator[RelatedRows]:
    """Yield the tests of related rows, with those inside of them."""
    for each in _parts(part, related=True):
        if isinstance(each, RelatedRows):
            yield each


def _parts(part: Filter, *, related: bool) -> Iterator[Filter]:
    yield part
    inner: tuple[Filter, ...] = ()
    if isinstance(part, Group):
        inner = part.parts
    elif isinstance(part, Negation) or (related and isinstance(part, RelatedRows)):
        inner = (part.part,)
    for each in inner:
        yield from _parts(each, related=related)
