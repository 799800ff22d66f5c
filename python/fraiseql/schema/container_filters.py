"""Generated filters of arrays and of JSON."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final, get_args, get_origin

from graphql import (
    GraphQLBoolean,
    GraphQLEnumType,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLInt,
    GraphQLList,
    GraphQLNonNull,
    GraphQLScalarType,
    GraphQLString,
)

from fraiseql.naming import to_camel
from fraiseql.operators import FILTER_OPERATORS, JsonOperand, Kind
from fraiseql.schema.definitions import FieldDefinition
from fraiseql.schema.filters import COMBINING, GENERATED, leaf_ref
from fraiseql.schema.hints import TypeReference, read_hint
from fraiseql.schema.model import Composite, Model

LENGTH_FILTER: Final = "ArrayLengthFilter"
JSON_FILTER: Final = "JSONFilter"
OPERANDS: Final = "fraiseql.operands"
"""Extension of filters whose values have an ``out_type`` of their own."""


def list_leaves(definition: Composite, model: Model) -> dict[str, TypeReference]:
    """Return the items of the fields that are stored lists of leaves, by Python name."""
    items: dict[str, TypeReference] = {}
    for name, field in definition.fields.items():
        ref = None if field.embed or field.computed else read_hint(field.annotation, name)
        if ref is not None and ref.item is not None and field.graphql_name not in COMBINING:
            item = leaf_ref(replace(field, annotation=_item(field.annotation)), model)
            if item is not None:
                items[name] = item
    return items


def _item(hint: Any) -> Any:
    """Return the hint of the items of ``list[T]`` or ``list[T] | None``."""
    parts = get_args(hint)
    if get_origin(hint) is list:
        return parts[0]
    return next((_item(part) for part in parts if part is not type(None)), hint)


def json_fields(definition: Composite) -> list[str]:
    """Return the Python names of the stored fields with any JSON."""
    return [
        name
        for name, field in definition.fields.items()
        if field.graphql_name not in COMBINING and is_json(field)
    ]


def is_json(field: FieldDefinition) -> bool:
    """Return whether a field is stored and holds any JSON."""
    if field.embed or field.computed:
        return False
    return read_hint(field.annotation, field.name).target in (dict, Any)


def array_filter_name(leaf_name: str) -> str:
    """Return the GraphQL name of the filter of arrays of a leaf."""
    return f"{leaf_name}ArrayFilter"


def _own_operators(
    operands: Mapping[Kind, GraphQLInputType], prefix: str
) -> dict[str, GraphQLInputField]:
    return {
        to_camel(operator.public_name): GraphQLInputField(
            operands[operator.kind],
            description=operator.description,
            out_name=operator.public_name,
        )
        for operator in FILTER_OPERATORS.values()
        if operator.kind in operands and operator.name.startswith((prefix, "is_null"))
    }


def array_filter(
    leaf: GraphQLScalarType | GraphQLEnumType, length: GraphQLInputObjectType
) -> GraphQLInputObjectType:
    """Build the input that compares arrays of a leaf; ``length`` compares their length."""
    items = GraphQLList(GraphQLNonNull(leaf))
    fields = _own_operators({"items": items, "item": leaf, "null": GraphQLBoolean}, "list.")
    fields["length"] = GraphQLInputField(length, description="Number of items.")
    return GraphQLInputObjectType(
        array_filter_name(leaf.name),
        fields,
        description=f"Comparisons of lists of {leaf.name}; all of them must hold.",
        extensions={GENERATED: "where"},
    )


def length_filter() -> GraphQLInputObjectType:
    """Build the input that compares the length of arrays."""
    return GraphQLInputObjectType(
        LENGTH_FILTER,
        _own_operators({"length": GraphQLInt}, "length."),
        description="Comparisons of a number of items; all of them must hold.",
        extensions={GENERATED: "where"},
    )


def json_filter(leaf: GraphQLScalarType, path_name: str = "") -> GraphQLInputObjectType:
    """Build the input that compares JSON; with ``path``, under a name of its own."""
    keys = GraphQLList(GraphQLNonNull(GraphQLString))
    operands: dict[Kind, GraphQLInputType] = {
        "json": leaf,
        "json_key": GraphQLString,
        "json_keys": keys,
        "null": GraphQLBoolean,
    }
    if path_name:
        operands["json_path"] = GraphQLString
    return GraphQLInputObjectType(
        path_name or JSON_FILTER,
        _own_operators(operands, "json."),
        description="Comparisons of JSON; all of them must hold.",
        out_type=_with_json,
        extensions={GENERATED: "where", OPERANDS: True},
    )


def _with_json(value: dict[str, Any]) -> dict[str, Any]:
    return {
        name: JsonOperand(operand)
        if name in ("contains", "contained_by") and operand is not None
        else operand
        for name, operand in value.items()
    }
