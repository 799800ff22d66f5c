"""Kinds of variables: how values of a type are coerced, and what of them decides a plan."""

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
from fraiseql.serving.document.filter_values import filter_coercer
from fraiseql.serving.document.plain_values import PLAIN
from fraiseql.serving.document.variable_signature import (
    ListValueRef,
    ValueRef,
    abstract,
    variable_signature,
)

Coercer = Callable[[Any], Any]
"""Turns a raw value into a Python value, or returns ``Undefined`` when it does not fit."""

Probe = Callable[[Any], Any]
"""Returns what of a coerced value decides the plan."""


def compile_coercer(type_: GraphQLInputType) -> tuple[Coercer, bool]:
    """Return a quick coercer for ``type_``, and whether null is refused.

    Undefined from the coercer means "ask graphql-core", which has the words for what is wrong.
    """
    required = isinstance(type_, GraphQLNonNull)
    quick = PLAIN.get(getattr(_bare(type_), "name", ""))
    if quick is None and generated_kind(get_named_type(type_)) == "where":
        quick = filter_coercer(type_)
    return quick or _by_graphql_core(type_), required


def _by_graphql_core(type_: GraphQLInputType) -> Coercer:
    def coerce(value: Any) -> Any:
        try:
            return coerce_input_value(value, type_)
        except GraphQLError:
            # An input class refused the values that it was made of.
            return Undefined

    return coerce


def _bare(type_: Any) -> Any:
    return type_.of_type if isinstance(type_, GraphQLNonNull) else type_


@dataclass(frozen=True, slots=True)
class VariableKind:
    """What planning makes of the values of a type.

    Attributes:
        place: Returns the place of a value, by the value and the name of its variable.
        probe: Returns what of a value decides the plan; None where only null does.
        is_composite: Whether a value consists of others: of items or fields.
        is_filter: Whether it is a filter, or part of one.
        has_names: Whether a client writes names in it: of fields, or of members of an enum.
    """

    place: Callable[[Any, str], Any]
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
_WHERE: Final = VariableKind(abstract, variable_signature, is_filter=True)


def kind_of(type_: GraphQLInputType) -> VariableKind:
    """Return the kind of a variable's type.

    Only filters and orders are looked into. The values of other types reach Python or a statement
    whole, so that what a client puts into them cannot multiply plans.
    """
    named = get_named_type(type_)
    generated = generated_kind(named)
    if generated is not None:
        return _ORDER if generated == "order" else _WHERE
    if not is_leaf_type(named):
        return _OPAQUE
    if isinstance(_bare(type_), GraphQLList):
        return _LEAVES
    return _ENUM if is_enum_type(named) else _LEAF


def probe_of(type_: GraphQLInputType, *, by_value: bool) -> Probe | None:
    """Return what of the values of a variable decides the plan; None for nothing.

    Args:
        type_: The variable's type.
        by_value: Whether what is selected depends on the value.
    """
    if by_value:
        return repr
    probe = kind_of(type_).probe
    if probe is None and not isinstance(type_, GraphQLNonNull):
        return _is_given
    return probe


def _is_given(value: Any) -> bool:
    return value is not None
