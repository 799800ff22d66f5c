"""Generated types and inputs of aggregates."""

from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any, Final, Literal

from graphql import (
    GraphQLEnumType,
    GraphQLEnumValue,
    GraphQLField,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLInt,
    GraphQLNonNull,
    GraphQLObjectType,
)

from fraiseql.schema.connections import BY_VALUE
from fraiseql.schema.filters import ORDER, comparable, input_extensions
from fraiseql.schema.hints import read_hint
from fraiseql.schema.leaves import BigInt
from fraiseql.schema.model import Composite, Model

Function = Literal["key", "count", "count_distinct", "sum", "avg", "min", "max"]
"""The value of a group: one of its keys, or an aggregate function of its rows."""

AGGREGATE_OF: Final = "fraiseql.aggregate_of"
"""Extension of a generated type: the name of the type whose rows it aggregates."""

GRAPHQL_NAMES: Final[Mapping[Function, str]] = {
    "key": "key",
    "count": "count",
    "count_distinct": "countDistinct",
    "sum": "sum",
    "avg": "avg",
    "min": "min",
    "max": "max",
}
FUNCTIONS: Final[Mapping[str, Function]] = {text: name for name, text in GRAPHQL_NAMES.items()}

_SUMS: Final[Mapping[Any, Any]] = {
    int: BigInt,
    BigInt: BigInt,
    Decimal: Decimal,
    float: float,
}
_AVERAGES: Final[Mapping[Any, Any]] = {**dict.fromkeys(_SUMS, Decimal), float: float}
_ORDERED: Final = (*_SUMS, datetime, date, time)
_TEXTS: Final[Mapping[Function, str]] = {
    "key": "Values of the fields of `groupBy`.",
    "count_distinct": "Number of different values, without null.",
    "sum": "Sums, without null; null for no value.",
    "avg": "Averages, without null; null for no value.",
    "min": "Smallest values.",
    "max": "Greatest values.",
}

Leaf = Callable[[Any], Any]
"""Returns the GraphQL type of a leaf's Python type or definition."""


def aggregate_name(definition: Composite, function: Function | None = None) -> str:
    """Return the GraphQL name of a type of aggregates, or of one of its parts."""
    name = "" if function is None else GRAPHQL_NAMES[function]
    return f"{definition.name}Aggregate{name[:1].upper()}{name[1:]}"


def fields_of(definition: Composite, model: Model) -> dict[Function, dict[str, Any]]:
    """Return the leaf of each field that a function applies to, by Python name."""
    targets = {name: ref.target for name, ref in comparable(definition, model).items()}
    extremes = {name: of for name, of in targets.items() if of is str or of in _ORDERED}
    functions: dict[Function, dict[str, Any]] = {
        "key": targets,
        "count_distinct": dict.fromkeys(targets, int),
        "sum": {name: _SUMS[of] for name, of in targets.items() if of in _SUMS},
        "avg": {name: _AVERAGES[of] for name, of in targets.items() if of in _SUMS},
        "min": extremes,
        "max": extremes,
    }
    return {function: fields for function, fields in functions.items() if fields}


def aggregated_types(model: Model) -> frozenset[str]:
    """Return the GraphQL names of the types whose connections have aggregates."""
    return frozenset(
        model.definitions[read_hint(query.annotation, query.name).innermost].name
        for query in model.queries
        if query.aggregates
    )


def generated_names(definition: Composite, model: Model) -> Iterator[str]:
    """Yield the GraphQL names of all types and inputs of a type's aggregates."""
    yield aggregate_name(definition)
    for function in fields_of(definition, model):
        name = aggregate_name(definition, function)
        yield from (name, f"{name}Having", f"{name}OrderBy")


def aggregate_type(definition: Composite, model: Model, leaf: Leaf) -> GraphQLObjectType:
    """Build the type of one group of rows.

    Args:
        definition: The type of the rows.
        model: All declarations.
        leaf: Returns GraphQL types.
    """
    parts: dict[str, GraphQLField] = {
        "count": GraphQLField(GraphQLNonNull(GraphQLInt), description="Number of rows.")
    }
    for function, fields in fields_of(definition, model).items():
        own = {
            definition.fields[name].graphql_name: GraphQLField(leaf(target))
            for name, target in fields.items()
        }
        part = GraphQLObjectType(
            aggregate_name(definition, function),
            own,
            description=f"{_TEXTS[function]} Of {definition.name}.",
        )
        parts[GRAPHQL_NAMES[function]] = GraphQLField(
            GraphQLNonNull(part), description=_TEXTS[function]
        )
    return GraphQLObjectType(
        aggregate_name(definition),
        parts,
        description=f"Aggregates of a group of {definition.name}.",
        extensions={AGGREGATE_OF: definition.name},
    )


def group_by_input(name: str, definition: Composite, model: Model) -> GraphQLEnumType:
    """Build the enum of the fields that rows can be grouped by."""
    fields = comparable(definition, model)
    return GraphQLEnumType(
        name,
        {definition.fields[each].graphql_name: GraphQLEnumValue(each) for each in fields},
        description=f"A field of {definition.name} to group by.",
        extensions={BY_VALUE: True},
    )


def having_input(
    name: str, definition: Composite, model: Model, filters: Leaf
) -> GraphQLInputObjectType:
    """Build the filter of groups; ``filters`` returns the filter of a leaf."""
    extensions = input_extensions("where", definition, guarded=False)
    parts = {"count": GraphQLInputField(filters(int))}
    for function, fields in fields_of(definition, model).items():
        own = {
            definition.fields[each].graphql_name: GraphQLInputField(filters(target), out_name=each)
            for each, target in fields.items()
            if function != "key" and target is not str
        }
        if own:
            inner = GraphQLInputObjectType(
                f"{aggregate_name(definition, function)}Having",
                own,
                description="All of them must hold.",
                extensions=extensions,
            )
            parts[GRAPHQL_NAMES[function]] = GraphQLInputField(inner, out_name=function)
    return GraphQLInputObjectType(
        name,
        parts,
        description=f"Filters groups of {definition.name}; all of them must hold.",
        extensions=extensions,
    )


def group_order_input(name: str, definition: Composite, model: Model) -> GraphQLInputObjectType:
    """Build the order of groups: one value and its direction in each item of the list."""
    extensions = input_extensions("order", definition, guarded=False)
    parts = {"count": GraphQLInputField(ORDER)}
    for function, fields in fields_of(definition, model).items():
        inner = GraphQLInputObjectType(
            f"{aggregate_name(definition, function)}OrderBy",
            {
                definition.fields[each].graphql_name: GraphQLInputField(ORDER, out_name=each)
                for each in fields
            },
            description="One field.",
            is_one_of=True,
            extensions=extensions,
        )
        parts[GRAPHQL_NAMES[function]] = GraphQLInputField(inner, out_name=function)
    return GraphQLInputObjectType(
        name,
        parts,
        description=f"One value to order groups of {definition.name} by; give several in a list.",
        is_one_of=True,
        extensions=extensions,
    )
