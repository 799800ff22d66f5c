"""Kinds of variables: their coercion and signature, by type."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from graphql import (
    GraphQLError,
    GraphQLInputType,
    GraphQLList,
    GraphQLNonNull,
    Undefined,
    get_named_type,
    is_enum_type,
    is_leaf_type,
)
from graphql.utilities.coerce_input_value import coerce_input_value

from fraiseql.schema import generated_kind
from fraiseql.schema.connections import BY_VALUE
from fraiseql.serving.document.filter_values import filter_coercer
from fraiseql.serving.document.input_uses import input_uses, is_guarded
from fraiseql.serving.document.plain_values import PLAIN
from fraiseql.serving.document.variable_signature import (
    ListValueRef,
    ValueRef,
    references,
    variable_signature,
)

Coercer = Callable[[Any], Any]
"""Turns a raw value into a Python value, or returns ``Undefined`` when it does not fit."""

Probe = Callable[[Any], Any]
"""Returns the part of a coerced value that is in the signature."""


def compile_coercer(type_: GraphQLInputType) -> tuple[Coercer, bool]:
    """Return a fast coercer for ``type_``, and whether null is refused.

    When it returns Undefined, graphql-core coerces the value again for its error message.
    """
    required = isinstance(type_, GraphQLNonNull)
    fast = PLAIN.get(getattr(_bare(type_), "name", ""))
    named = get_named_type(type_)
    if fast is None and generated_kind(named) == "where" and not _is_key(named):
        fast = filter_coercer(type_)
    return fast or _by_graphql_core(type_), required


def _is_key(type_: Any) -> bool:
    """Whether an input names a row by a key: it has required fields, or just one of several."""
    fields = type_.fields.values()
    return type_.is_one_of or any(isinstance(field.type, GraphQLNonNull) for field in fields)


def _by_graphql_core(type_: GraphQLInputType) -> Coercer:
    def coerce(value: Any) -> Any:
        try:
            return coerce_input_value(value, type_)
        except GraphQLError:
            # An input class rejected its values.
            return Undefined

    return coerce


def _bare(type_: Any) -> Any:
    return type_.of_type if isinstance(type_, GraphQLNonNull) else type_


@dataclass(frozen=True, slots=True)
class VariableKind:
    """How planning treats the values of a type.

    Attributes:
        reference: Returns the references to a value, by the value and the name of its variable.
        probe: Returns the part of a value that is in the signature; None when only null is.
        is_composite: Whether a value consists of items or fields.
        is_filter: Whether it is a filter, or part of one.
        has_names: Whether a client writes names in it: of fields, or of members of an enum.
    """

    reference: Callable[[Any, str], Any]
    probe: Probe | None = None
    is_composite: bool = True
    is_filter: bool = False
    has_names: bool = True


def _ref(value: Any, name: str) -> Any:
    return None if value is None else ValueRef(name)


def _list_ref(value: Any, name: str) -> Any:
    return None if value is None else ListValueRef(name)


def _itself(value: Any, _name: str) -> Any:
    return value


_LEAF: Final = VariableKind(_ref, is_composite=False, has_names=False)
_ENUM: Final = VariableKind(_ref, is_composite=False)
_OPAQUE: Final = VariableKind(_ref)
_LEAVES: Final = VariableKind(_list_ref)
_ORDER: Final = VariableKind(_itself, repr)
_DECIDING: Final = VariableKind(_itself, repr, is_composite=False)
_WHERE: Final = VariableKind(references, variable_signature, is_filter=True)


def kind_of(type_: GraphQLInputType) -> VariableKind:
    """Return the kind of a variable's type.

    Only filters and orders are inspected. The values of other types reach Python or a statement
    whole, so that their content cannot multiply plans.
    """
    named = get_named_type(type_)
    generated = generated_kind(named)
    if generated is not None:
        return _ORDER if generated == "order" else _WHERE
    if not is_leaf_type(named):
        return _OPAQUE
    if BY_VALUE in named.extensions:
        return _DECIDING
    if isinstance(_bare(type_), GraphQLList):
        return _LEAVES
    return _ENUM if is_enum_type(named) else _LEAF


def probe_of(type_: GraphQLInputType, *, by_value: bool) -> Probe | None:
    """Return the probe of a variable; None when its values do not affect the plan.

    Args:
        type_: The variable's type.
        by_value: Whether the selected fields depend on the value.
    """
    if by_value:
        return repr
    kind = kind_of(type_)
    if kind is _OPAQUE and is_guarded(type_):
        return lambda value: (value is not None, *sorted({*input_uses(value, type_)}))
    if kind.probe is None and not isinstance(type_, GraphQLNonNull):
        return is_not_null
    return kind.probe


def is_not_null(value: Any) -> bool:
    """Return whether a value is not null: the probe of a variable that is a parameter."""
    return value is not None
