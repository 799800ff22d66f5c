"""Removal of filters and orders for columns that PostgreSQL cannot compare."""

from collections.abc import Iterable
from typing import Any

from graphql import GraphQLInputObjectType, GraphQLSchema

from fraiseql.serving.planning.fields import UNCOMPARED
from fraiseql.serving.planning.relations import BoundRelation, Relations


def withdraw_uncompared(
    relations: Relations, bound_relations: Iterable[tuple[str, BoundRelation]]
) -> None:
    """Remove filters and orders that no statement could answer from the schema's inputs.

    The schema is built from declarations alone; the column types are known at the start.

    Args:
        relations: Declarations, resolved.
        bound_relations: Types, each with a relation that answers it.
    """
    graphql = relations.schema.graphql
    for type_name, bound in bound_relations:
        accesses = relations.accesses(type_name, bound)
        for graphql_name, field in relations.schema.fields[type_name].items():
            access = accesses.get(field.name)
            if access is None:
                if field.embed is None and field.computed is None:
                    # A list inside a document, or in a column of another type.
                    _remove(graphql, f"{type_name}Where", graphql_name)
                continue
            if access.form in UNCOMPARED:
                _remove(graphql, f"{type_name}Where", graphql_name)
            if access.form in UNCOMPARED or not access.ordered:
                _remove(graphql, f"{type_name}OrderBy", graphql_name)


def _remove(graphql: GraphQLSchema, input_name: str, field: str) -> None:
    input_: Any = graphql.type_map.get(input_name)
    if isinstance(input_, GraphQLInputObjectType):
        input_.fields.pop(field, None)
