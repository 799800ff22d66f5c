"""Filters and orders by columns that no index begins with."""

from typing import Any, Final

from graphql import GraphQLInputObjectType

from fraiseql.database import Pool
from fraiseql.field_access import FieldAccess
from fraiseql.serving.planning.relations import BoundRelation, Relations
from fraiseql.sql_files import load_sql

UNINDEXED: Final = "(No index begins with this column.)"
"""Mark of a filter or order that reads the whole table."""

_TABLES: Final = frozenset({"table", "partitioned table"})

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
    leading = await _leading(pool)
    for type_name, bound, graphql_name, name in fields:
        access = relations.accesses(type_name, bound)[name]
        input_: Any = relations.schema.graphql.type_map.get(f"{type_name}Where")
        unindexed = access.in_document or _place(bound, access) not in leading
        if unindexed and isinstance(input_, GraphQLInputObjectType):
            input_.fields.pop(graphql_name, None)


async def mark_unindexed(
    pool: Pool, relations: Relations, bound_relations: list[tuple[str, BoundRelation]]
) -> None:
    """Say in descriptions which fields of tables no index serves; for development.

    Args:
        pool: Connections to the database.
        relations: Declarations, resolved.
        bound_relations: Types, each with a relation that answers it.
    """
    leading = await _leading(pool)
    for type_name, bound in bound_relations:
        accesses = relations.accesses(type_name, bound)
        if bound.relation.kind not in _TABLES:
            continue
        for graphql_name, field in relations.schema.fields.get(type_name, {}).items():
            access = accesses.get(field.name)
            if access is not None and _place(bound, access) not in leading:
                for suffix in ("Where", "OrderBy"):
                    _mark(relations.schema.graphql.type_map.get(type_name + suffix), graphql_name)


def _mark(input_: Any, graphql_name: str) -> None:
    fields = input_.fields if isinstance(input_, GraphQLInputObjectType) else {}
    entry = fields.get(graphql_name)
    if entry is not None and UNINDEXED not in (entry.description or ""):
        entry.description = f"{entry.description or ''} {UNINDEXED}".strip()


async def _leading(pool: Pool) -> set[tuple[str, str, str]]:
    rows = await pool.inspect(_SQL["leading_columns"].text)
    return {(row["schema"], row["name"], row["column"]) for row in rows}


def _place(bound: BoundRelation, access: FieldAccess) -> tuple[str, str, str]:
    return (bound.relation.schema, bound.relation.name, access.column.name)
