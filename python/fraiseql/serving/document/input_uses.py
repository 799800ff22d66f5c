"""Fields that generated filters and orders in a value compare by."""

from collections.abc import Iterator
from typing import Any

from graphql import (
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLList,
    GraphQLNonNull,
    get_named_type,
)

from fraiseql.schema import COMBINING, generated_kind, guarded_owner
from fraiseql.schema.orders import parse_term

Use = tuple[str, str]
"""GraphQL name of the compared type, and Python name of its field."""


def is_guarded(type_: GraphQLInputType) -> bool:
    """Whether values of a type may compare by a field that needs a right."""
    return _is_guarded(get_named_type(type_), set())


def _is_guarded(type_: Any, seen: set[str]) -> bool:
    if guarded_owner(type_) is not None:
        return True
    if not isinstance(type_, GraphQLInputObjectType) or type_.name in seen:
        return False
    seen.add(type_.name)
    return any(_is_guarded(get_named_type(entry.type), seen) for entry in type_.fields.values())


def input_uses(value: Any, type_: Any) -> Iterator[Use]:
    """Yield the fields that a coerced value compares by, in a schema where that needs rights.

    Args:
        value: The coerced value; scalars in filters may be references.
        type_: Its GraphQL type.
    """
    if isinstance(type_, GraphQLNonNull):
        yield from input_uses(value, type_.of_type)
    elif isinstance(type_, GraphQLList):
        for item in value if isinstance(value, list | tuple) else [value]:
            yield from input_uses(item, type_.of_type)
    elif value is not None and isinstance(type_, GraphQLInputObjectType):
        yield from _object_uses(value, type_)


def _order_uses(name: str, type_: Any) -> Iterator[Use]:
    """Yield the fields of a term, which may lead through embeds."""
    owner, (head, _, rest) = guarded_owner(type_), name.partition(".")
    if owner is None:
        return
    yield owner, head
    for entry in type_.fields.values() if rest else ():
        if entry.out_name == head:
            yield from _order_uses(rest, get_named_type(entry.type))


def _object_uses(value: Any, type_: GraphQLInputObjectType) -> Iterator[Use]:
    owner, kind = guarded_owner(type_), generated_kind(type_)
    if kind == "order":
        # The order of groups is an object in an object; its planner checks the rights.
        if owner is None:
            return
        yield from _order_uses(parse_term(value).name, type_)
        return
    for name, entry in type_.fields.items():
        key = entry.out_name or name
        if kind is None:
            # An input of the application is an instance of its class.
            yield from input_uses(getattr(value, key, None), entry.type)
        elif key in value:
            if owner is not None and key not in COMBINING:
                yield owner, key
            yield from input_uses(value[key], entry.type)
