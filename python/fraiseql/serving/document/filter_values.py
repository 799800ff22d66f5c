"""Fast coercion of filters, equal to graphql-core's."""

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

from fraiseql.schema.container_filters import OPERANDS
from fraiseql.serving.document.plain_values import PLAIN

Coercer = Callable[[Any], Any]


def filter_coercer(type_: GraphQLInputType) -> Coercer:
    """Return the coercer of a generated filter, of a part of one, or of a list of them.

    When it returns Undefined, graphql-core coerces the value again for its error message. Generated
    filters have no defaults and no required fields, and are plain dicts.
    """
    return _coercer(type_, {})


def _coercer(type_: Any, coercers: dict[str, Coercer]) -> Coercer:
    bare = type_.of_type if isinstance(type_, GraphQLNonNull) else type_
    if isinstance(bare, GraphQLList):
        return _list(_coercer(bare.of_type, coercers), isinstance(bare.of_type, GraphQLNonNull))
    if isinstance(bare, GraphQLInputObjectType):
        return coercers[bare.name] if bare.name in coercers else _object(bare, coercers)
    return PLAIN.get(bare.name) or (lambda value: coerce_input_value(value, bare))


def _object(type_: GraphQLInputObjectType, coercers: dict[str, Coercer]) -> Coercer:
    fields: dict[str, tuple[str, Coercer]] = {}
    has_operands = OPERANDS in type_.extensions

    def coerce(value: Any) -> Any:
        if type(value) is not dict:
            return Undefined
        # In the order of the declaration: the order in a document must not cause another plan.
        names = value if len(value) == 1 else [name for name in fields if name in value]
        if len(names) != len(value):
            return Undefined
        coerced: dict[str, Any] = {}
        for name in names:
            field = fields.get(name)
            item = value[name]
            if field is not None and item is not None:
                item = field[1](item)
            if field is None or item is Undefined:
                return Undefined
            coerced[field[0]] = item
        return type_.out_type(coerced) if has_operands else coerced

    # The type contains itself: register its coercer before those of its fields.
    coercers[type_.name] = coerce
    for name, field in type_.fields.items():
        fields[name] = (field.out_name or name, _coercer(field.type, coercers))
    return coerce


def _list(item: Coercer, required: bool) -> Coercer:
    def coerce(value: Any) -> Any:
        if type(value) is not list:
            # A single value is coerced to a list of one; graphql-core handles other kinds of lists.
            coerced = Undefined if isinstance(value, tuple | set) else item(value)
            return Undefined if coerced is Undefined else [coerced]
        items = []
        for part in value:
            coerced = (Undefined if required else None) if part is None else item(part)
            if coerced is Undefined:
                return Undefined
            items.append(coerced)
        return items

    return coerce
