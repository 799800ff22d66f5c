"""Generated inputs that name one row by a unique key."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from graphql import (
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLNonNull,
)

from fraiseql.naming import to_camel
from fraiseql.schema.by_key import Key
from fraiseql.schema.filters import comparable, input_extensions
from fraiseql.schema.hints import TypeReference, read_hint
from fraiseql.schema.model import Composite, Model


def key_name(key: Key) -> str:
    """Return the Python name of a key in its input."""
    return "_and_".join(key)


def keys_of(definition: Composite, model: Model) -> dict[str, Key]:
    """Return the keys by which root fields find a type's rows, by name."""
    return {
        key_name(key): key
        for query in model.queries
        if query.keys
        and read_hint(query.annotation, query.name).innermost == definition.python_class
        for key in query.keys
    }


def key_input_names(definition: Composite, model: Model) -> Iterator[str]:
    """Yield the GraphQL names of the inputs of a type's keys."""
    for name, key in keys_of(definition, model).items():
        if len(key) > 1:
            yield _inner_name(definition, name)


def _inner_name(definition: Composite, name: str) -> str:
    camel = to_camel(name)
    return f"{definition.name}By{camel[:1].upper()}{camel[1:]}"


def key_input(
    name: str,
    definition: Composite,
    model: Model,
    leaf: Callable[[TypeReference], Any],
    *,
    guarded: bool,
) -> GraphQLInputObjectType:
    """Build the input of which exactly one field, a unique key, must be present.

    Args:
        name: Its GraphQL name.
        definition: The type of the rows.
        model: All declarations.
        leaf: Returns the GraphQL type of a field.
        guarded: Whether fields of some type need a right.
    """
    references = comparable(definition, model)

    def column(name: str, *, required: bool) -> tuple[str, GraphQLInputField]:
        field, of = definition.fields[name], leaf(references[name])
        of = GraphQLNonNull(of) if required else of
        own = GraphQLInputField(of, description=field.description, out_name=name)
        return field.graphql_name, own

    fields: dict[str, GraphQLInputField] = {}
    extensions = input_extensions("where", definition, guarded=guarded)
    for each, key in keys_of(definition, model).items():
        if len(key) == 1:
            graphql_name, field = column(key[0], required=False)
            fields[graphql_name] = field
            continue
        composite = GraphQLInputObjectType(
            _inner_name(definition, each),
            dict(column(part, required=True) for part in key),
            description=f"A key of {definition.name} with several fields.",
            extensions=extensions,
        )
        fields[to_camel(each)] = GraphQLInputField(composite, out_name=each)
    return GraphQLInputObjectType(
        name,
        fields,
        description=f"One {definition.name} by a unique key: exactly one of these.",
        is_one_of=True,
        extensions=extensions,
    )


def equal_to_key(keys: tuple[Key, ...], value: Mapping[str, Any]) -> dict[str, Any]:
    """Return the equality conditions of a key's value, by Python name of the field."""
    ((name, operand),) = value.items()
    key = next(each for each in keys if key_name(each) == name)
    return {name: operand} if len(key) == 1 else dict(operand)
