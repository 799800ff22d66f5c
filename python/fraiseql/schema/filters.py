"""Generated inputs for filters and orders."""

from collections.abc import Callable, Mapping
from typing import Any, Final, Literal

from graphql import (
    GraphQLBoolean,
    GraphQLEnumType,
    GraphQLEnumValue,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLList,
    GraphQLNamedType,
    GraphQLNonNull,
    GraphQLScalarType,
    GraphQLString,
)

from fraiseql.naming import to_camel
from fraiseql.operators import FILTER_OPERATORS, Kind
from fraiseql.schema.by_key import ByKey, GroupBy, GroupOrder, Having
from fraiseql.schema.definitions import EnumDefinition, FieldDefinition, ScalarDefinition
from fraiseql.schema.filter_options import Filter
from fraiseql.schema.hints import TypeReference, read_hint
from fraiseql.schema.leaves import LEAVES, TEXT_LEAVES, EnumType
from fraiseql.schema.model import Composite, Model
from fraiseql.schema.orders import below, with_direction
from fraiseql.schema.queries import OrderBy, Where

COMBINING: Final = ("and", "or", "not")
"""Names of the combinators of filters; no filterable field can have one."""

GENERATED: Final = "fraiseql.generated"
"""Extension of generated inputs: their kind."""
_GUARDED: Final = "fraiseql.guarded"
_SUFFIXES: Final[Mapping[type, str]] = {
    Where: "Where",
    OrderBy: "OrderBy",
    ByKey: "By",
    GroupBy: "AggregateField",
    Having: "AggregateHaving",
    GroupOrder: "AggregateOrderBy",
}

ORDER: Final = EnumType(
    "OrderDirection",
    {
        "ASC": GraphQLEnumValue("", description="Smallest first, nulls last."),
        "DESC": GraphQLEnumValue("-", description="Greatest first, nulls before them."),
        "ASC_NULLS_FIRST": GraphQLEnumValue(
            " nulls first", description="Nulls first, then the smallest."
        ),
        "ASC_NULLS_LAST": GraphQLEnumValue(" nulls last", description="The same as ASC."),
        "DESC_NULLS_FIRST": GraphQLEnumValue("- nulls first", description="The same as DESC."),
        "DESC_NULLS_LAST": GraphQLEnumValue(
            "- nulls last", description="Greatest first, nulls last."
        ),
    },
    description="Direction of an order.",
    extensions={GENERATED: "order"},
)


_DIRECTIONS: Final = frozenset(entry.value for entry in ORDER.values.values())


def generated_kind(type_: GraphQLNamedType) -> Literal["where", "order"] | None:
    """Return whether a type is part of a generated filter or of an order; None for others."""
    kind: Literal["where", "order"] | None = type_.extensions.get(GENERATED)
    return kind


def guarded_owner(type_: GraphQLNamedType) -> str | None:
    """Return whose fields an input compares, in a schema where comparing needs rights; or None."""
    owner: str | None = type_.extensions.get(_GUARDED)
    return owner


def input_extensions(kind: str, definition: Composite, *, guarded: bool) -> dict[str, str]:
    """Return the extensions that mark a generated input: its kind, and whose fields it compares."""
    return {GENERATED: kind} | ({_GUARDED: definition.name} if guarded else {})


def leaf_ref(field: FieldDefinition, model: Model) -> TypeReference | None:
    """Return the reference of a field that can be compared: a stored scalar or enum; else None."""
    if field.embed or field.computed:
        return None
    ref = read_hint(field.annotation, field.name)
    if ref.item is not None:
        return None
    definition = model.definitions.get(ref.target)
    if isinstance(definition, ScalarDefinition):
        return ref if definition.form != "any" else None
    if isinstance(definition, EnumDefinition):
        return ref
    return ref if ref.target in LEAVES and ref.target not in (dict, Any) else None


def comparable(definition: Composite, model: Model) -> dict[str, TypeReference]:
    """Return the fields of a type that can be filtered and ordered by, by Python name."""
    references = {name: leaf_ref(field, model) for name, field in definition.fields.items()}
    return {name: ref for name, ref in references.items() if ref is not None}


def embedded(definition: Composite, model: Model) -> dict[str, Composite]:
    """Return the types of a type's embeds that can be filtered, by Python name."""
    types: dict[str, Composite] = {}
    for name, field in definition.fields.items():
        inner = (
            model.composite(read_hint(field.annotation, name).innermost) if field.embed else None
        )
        if inner is not None and comparable(inner, model):
            types[name] = inner
    return types


def listed(definition: Composite, model: Model) -> dict[str, Composite]:
    """Return those of the embeds that are lists."""
    fields = definition.fields
    types = embedded(definition, model).items()
    return {name: inner for name, inner in types if getattr(fields[name].embed, "on", ())}


def filtered(definition: Composite, model: Model) -> list[Composite]:
    """Return the types that a filter reaches: its own, and those of embeds at any depth."""
    reached: dict[str, Composite] = {}
    left = [definition]
    while left:
        current = left.pop()
        if current.name not in reached:
            reached[current.name] = current
            left += embedded(current, model).values()
    return list(reached.values())


def input_name(kind: type, definition: Composite) -> str:
    """Return the GraphQL name of a generated input."""
    return definition.name + _SUFFIXES[kind]


def filter_name(leaf_name: str) -> str:
    """Return the GraphQL name of the filter of a leaf type."""
    return f"{leaf_name}Filter"


def _kinds(leaf: GraphQLInputType, *, text: bool) -> set[Kind]:
    """Return the kinds of operators that compare a leaf type, besides tests for null."""
    if leaf is GraphQLBoolean:
        return {"equality"}
    if isinstance(leaf, GraphQLEnumType):
        return {"equality", "list"}
    ordered: set[Kind] = {"equality", "order", "list"}
    return ordered | {"text", "search"} if text else ordered


def own_filter_name(definition: Composite, field: FieldDefinition) -> str:
    """Return the GraphQL name of the filter of one field with its own operators."""
    name = field.graphql_name
    return f"{definition.name}{name[:1].upper()}{name[1:]}Filter"


def is_text(ref: TypeReference, model: Model) -> bool:
    """Return whether values of a leaf are compared as text (``like`` and so on)."""
    definition = model.definitions.get(ref.target)
    if isinstance(definition, ScalarDefinition):
        base = definition.python_class
        return definition.form == "string" and isinstance(base, type) and issubclass(base, str)
    return ref.target in TEXT_LEAVES


def misplaced_operators(ref: TypeReference, model: Model, only: Filter) -> list[str]:
    """Return the operators of a field's option that do not compare its type."""
    target: Any = model.definitions.get(ref.target)
    leaf = GraphQLBoolean if ref.target is bool else GraphQLString
    if isinstance(target, EnumDefinition):
        kinds: set[Kind] = {"equality", "list"}
    else:
        kinds = _kinds(leaf, text=is_text(ref, model))
    options = [option for option in ("regex", "search") if only.has(option)]
    return [
        name
        for name in (*(only.operators or ()), *options)
        if FILTER_OPERATORS[name].kind not in {*kinds, "null"}
    ]


def leaf_filter(
    leaf: GraphQLScalarType | GraphQLEnumType,
    *,
    text: bool,
    name: str = "",
    only: Filter | None = None,
) -> GraphQLInputObjectType:
    """Build the input that compares one field of a leaf type.

    Args:
        leaf: The type of the field.
        text: Whether its values are compared as text.
        name: Its GraphQL name; that of the leaf's filter when empty.
        only: The operators of one field.
    """
    names = only.named() if only else None
    own = only.column if only else None
    kinds = {*_kinds(leaf, text=text and own is None), "null"}
    operands: Mapping[Kind, GraphQLInputType] = {
        "equality": leaf,
        "order": leaf,
        "list": GraphQLList(GraphQLNonNull(leaf)),
        "text": GraphQLString,
        "search": GraphQLString,
        "null": GraphQLBoolean,
    }
    fields = {
        to_camel(operator.name): GraphQLInputField(
            operands[operator.kind], description=operator.description, out_name=operator.name
        )
        for operator in FILTER_OPERATORS.values()
        if operator.kind in kinds
        and (not operator.option or (only is not None and only.has(operator.option)))
        and (names is None or operator.name in names)
    }
    for operator in FILTER_OPERATORS.values() if own else ():
        if operator.name.startswith(f"{own}."):
            fields[to_camel(operator.public_name)] = GraphQLInputField(
                GraphQLString, description=operator.description, out_name=operator.public_name
            )
    return GraphQLInputObjectType(
        name or filter_name(leaf.name),
        fields,
        description=f"Comparisons of {leaf.name}; all of them must hold.",
        extensions={GENERATED: "where"},
    )


def list_filter_name(definition: Composite) -> str:
    """Return the GraphQL name of the filter of embedded lists of a type."""
    return f"{definition.name}ListFilter"


def list_filter(definition: Composite, where: GraphQLInputObjectType) -> GraphQLInputObjectType:
    """Build the input that tests the items of an embedded list.

    Args:
        definition: The type of the items.
        where: Its filter.
    """
    texts = {
        "some": "At least one item matches.",
        "every": "All items match, or there are none.",
        "none": "No item matches.",
    }
    return GraphQLInputObjectType(
        list_filter_name(definition),
        {name: GraphQLInputField(where, description=text) for name, text in texts.items()},
        description=f"Tests a list of {definition.name}; all of them must hold.",
        extensions={GENERATED: "where"},
    )


def where_input(
    definition: Composite,
    filters: Callable[[], Mapping[str, GraphQLInputObjectType]],
    *,
    guarded: bool,
) -> GraphQLInputObjectType:
    """Build the filter input of a type.

    Args:
        definition: The type.
        filters: Returns the filters of its fields by Python name.
        guarded: Whether fields of some type need a right.
    """

    def fields() -> dict[str, GraphQLInputField]:
        inputs = {
            definition.fields[name].graphql_name: GraphQLInputField(
                leaf, description=definition.fields[name].description, out_name=name
            )
            for name, leaf in filters().items()
        }
        several = GraphQLList(GraphQLNonNull(where))
        inputs["and"] = GraphQLInputField(several, description="All of these hold.")
        inputs["or"] = GraphQLInputField(several, description="At least one of these holds.")
        inputs["not"] = GraphQLInputField(where, description="This does not hold.")
        return inputs

    where = GraphQLInputObjectType(
        input_name(Where, definition),
        fields,
        description=f"Filters {definition.name}; all of them must hold.",
        extensions=input_extensions("where", definition, guarded=guarded),
    )
    return where


COUNT_ORDER: Final = GraphQLInputObjectType(
    # No name of a plausible type: one called Count has an input of the plain name.
    "ListCountOrderBy",
    {"count": GraphQLInputField(ORDER, description="Number of items.")},
    description="Value of a list to order by.",
    out_type=lambda value: with_direction("count", value["count"]),
    is_one_of=True,
    extensions={GENERATED: "order"},
)


def order_input(
    definition: Composite,
    names: list[str],
    related: Callable[[], Mapping[str, GraphQLInputObjectType]],
    *,
    guarded: bool,
) -> GraphQLInputObjectType:
    """Build the order input of a type: one field and its direction in each item of the list.

    Args:
        definition: The type.
        names: Python names of its fields.
        related: Returns the order inputs of embeds by Python name.
        guarded: Whether fields of some type need a right.
    """

    def fields() -> dict[str, GraphQLInputField]:
        types: dict[str, Any] = {**dict.fromkeys(names, ORDER), **related()}
        return {
            definition.fields[name].graphql_name: GraphQLInputField(type_, out_name=name)
            for name, type_ in types.items()
        }

    return GraphQLInputObjectType(
        input_name(OrderBy, definition),
        fields,
        description=f"One field to order {definition.name} by; give several in a list.",
        out_type=_order_term,
        is_one_of=True,
        extensions=input_extensions("order", definition, guarded=guarded),
    )


def _order_term(value: dict[str, str]) -> str:
    ((name, direction),) = value.items()
    if direction in _DIRECTIONS:
        return with_direction(name, direction)
    # The term of an embed's own input.
    return below(name, direction)
