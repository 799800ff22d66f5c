"""Values of filters, coerced as graphql-core does but by functions made once."""

from collections.abc import Callable
from typing import Any

from graphql import (
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLList,
    GraphQLNonNull,
    Undefined,
)
from graphql.utilities.coerce_input_value import coerce_input_value

from fraiseql.serving.document.plain_values import PLAIN

Coercer = Callable[[Any], Any]


def filter_coercer(type_: GraphQLInputType) -> Coercer:
    """Return the coercer of a generated filter, of a part of one, or of a list of these.

    Undefined from it means "ask graphql-core", which has the words for what is wrong. Generated
    filters have no defaults, no required fields, and are plain dicts.
    """
    return _coercer(type_, {})


def _coercer(type_: Any, known: dict[str, Coercer]) -> Coercer:
    bare = type_.of_type if isinstance(type_, GraphQLNonNull) else type_
    if isinstance(bare, GraphQLList):
        return _list(_coercer(bare.of_type, known), isinstance(bare.of_type, GraphQLNonNull))
    if isinstance(bare, GraphQLInputObjectType):
        return known[bare.name] if bare.name in known else _object(bare, known)
    return PLAIN.get(bare.name) or (lambda value: coerce_input_value(value, bare))


def _object(type_: GraphQLInputObjectType, known: dict[str, Coercer]) -> Coercer:
    fields: dict[str, tuple[str, Coercer]] = {}

    def coerce(value: Any) -> Any:
        if type(value) is not dict:
            return Undefined
        # In the order of the declaration: the order that a client writes must not make a plan.
        names = value if len(value) == 1 else [name for name in fields if name in value]
        if len(names) != len(value):
            return Undefined
        found: dict[str, Any] = {}
        for name in names:
            field = fields.get(name)
            item = value[name]
            if field is not None and item is not None:
                item = field[1](item)
            if field is None or item is Undefined:
                return Undefined
            found[field[0]] = item
        return found

    # The type contains itself: its own coercer is known before its fields are.
    known[type_.name] = coerce
    for name, field in type_.fields.items():
        fields[name] = (field.out_name or name, _coercer(field.type, known))
    return coerce


def _list(item: Coercer, required: bool) -> Coercer:
    def coerce(value: Any) -> Any:
        if type(value) is not list:
            # One value stands for a list of one; other kinds of lists are graphql-core's affair.
            coerced = Undefined if isinstance(value, tuple | set) else item(value)
            return Undefined if coerced is Undefined else [coerced]
        found = []
        for part in value:
            coerced = (Undefined if required else None) if part is None else item(part)
            if coerced is Undefined:
                return Undefined
            found.append(coerced)
        return found

    return coerce
