"""Removal of filters by ``filter="indexed"`` for columns that no index begins with."""

from typing import Any, Final

from graphql import GraphQLInputObjectType

from fraiseql.database import Pool
from fraiseql.serving.planning.relations import BoundRelation, Relations
from fraiseql.sql_files import load_sql

_SQL: Final = load_sql(__name__)


async def withdraw_unindexed(
    pool: Pool, relations: Relations, bound_relations: list[tuple[str, BoundRelation]]
) -> None:
    """Remove the filters of such fields from the schema's inputs.

    Args:
        pool: Connections to the database.
        relations: Declarations, resolved.
        bound_relations: Types, each with a relation that answers it.
    """
    fields = [
        (type_name, bound, graphql_name, field.name)
        for type_name, bound in bound_relations
        for graphql_name, field in relations.schema.fields.get(type_name, {}).items()
        if field.filter is not None and field.filter.indexed
    ]
    if not fields:
        return
    rows = await pool.inspect(_SQL["leading_columns"].text)
    leading = {(row["schema"], row["name"], row["column"]) for row in rows}
    for type_name, bound, graphql_name, name in fields:
        access = relations.accesses(type_name, bound)[name]
        place = (bound.relation.schema, bound.relation.name, access.column.name)
        input_: Any = relations.schema.graphql.type_map.get(f"{type_name}Where")
        unindexed = access.in_document or place not in leading
        if unindexed and isinstance(input_, GraphQLInputObjectType):
            input_.fields.pop(graphql_name, None)
