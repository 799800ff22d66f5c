"""Registry of storage strategies, and the types that use them."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Final

from fraiseql.caching.definition.tables import Table, load_tables
from fraiseql.caching.dependencies.predicates import load_predicates
from fraiseql.caching.strategies import generated_column, materialized_view
from fraiseql.caching.strategies.base import ResolveContext, StoredType, Strategy
from fraiseql.caching.strategies.predicates import stored_predicates
from fraiseql.caching.strategies.projection import strategy as projection
from fraiseql.catalog import Catalog, Relation
from fraiseql.catalog.load import load_catalog
from fraiseql.database import Pool
from fraiseql.schema import Schema
from fraiseql.schema.definitions import ObjectDefinition
from fraiseql.schema.storage import GeneratedColumn, MaterializedView, Projection
from fraiseql.sources import declared_relations, live_source

_STRATEGIES: Final[Mapping[type, Strategy]] = {
    GeneratedColumn: generated_column,
    MaterializedView: materialized_view,
    Projection: projection,
}
"""The module behind each declaration of ``stored=``."""


def strategy_of(stored_type: StoredType) -> Strategy:
    """Return the module behind the declaration of a stored type."""
    return _STRATEGIES[type(stored_type.stored)]


async def load_context(
    schema: Schema, pool: Pool, catalog: Catalog | None = None
) -> ResolveContext:
    """Return the schema with its relations as the database has them.

    Args:
        schema: The declared schema.
        pool: Connections to the database.
        catalog: The declared relations; None loads them.

    Raises:
        SourceError: A declared relation does not exist.
        DatabaseError: The database cannot be read.
    """
    names = declared_relations(schema)
    if catalog is None:
        catalog = await load_catalog(pool, names)
    tables = await load_tables(pool, catalog, names)
    predicates = await load_predicates(pool, stored_predicates(schema, catalog))
    return ResolveContext(schema, catalog, tables, predicates)


async def load_stored_types(context: ResolveContext, pool: Pool) -> list[StoredType]:
    """Return every type declared with ``stored=``, inspected by its strategy.

    Raises:
        SourceError: A type's relation does not exist.
        DatabaseError: The database cannot be read.
    """
    return [
        replace(stored, inspection=await strategy_of(stored).inspect(stored, pool))
        for stored in _stored_types(context)
    ]


def _stored_types(context: ResolveContext) -> Iterator[StoredType]:
    for name, definition in context.schema.objects.items():
        if definition.stored is not None:
            table, key = _table_and_key(context, name, definition)
            yield StoredType(name, definition, definition.stored, table, key, context)


def _table_and_key(
    context: ResolveContext, name: str, definition: ObjectDefinition
) -> tuple[Table, tuple[str, ...]]:
    source = live_source(definition) or ""
    if source not in context.catalog.relations and source in applied_relations(context.schema):
        schema, _, bare = source.rpartition(".")
        return Table(schema, bare, "v", {}), definition.key
    relation = context.catalog.relation(source, wanted_by=name)
    return context.tables[source], _key(definition, relation)


def _key(definition: ObjectDefinition, relation: Relation) -> tuple[str, ...]:
    default = ("id",) if "id" in relation.columns else ()
    return definition.key or relation.key or default


def applied_relations(schema: Schema) -> set[str]:
    """Return the live relations that ``apply`` creates: they do not exist before the first time."""
    definitions = schema.objects.values()
    pairs = [(definition.sql_source, live_source(definition)) for definition in definitions]
    return {live for source, live in pairs if live is not None and live != source}
