"""Published sources: where kept documents are there and of the declared version, they are read."""

from dataclasses import replace

from fraiseql.caching.strategies.indexes.hints import load_index_hints
from fraiseql.caching.strategies.registry import load_context, load_stored_types, strategy_of
from fraiseql.catalog import Catalog
from fraiseql.database import Pool
from fraiseql.schema import Schema
from fraiseql.sources import SourceMap


async def read_sources(schema: Schema, catalog: Catalog, pool: Pool, live: SourceMap) -> SourceMap:
    """Return the sources of an application, reading what is kept where it is there.

    A type whose kept documents are missing, or are of another version than is declared, is read
    live: the answer is the same.

    Args:
        schema: Everything declared.
        catalog: The relations that are declared.
        pool: Connections to the database.
        live: The sources that read everything live.

    Raises:
        DatabaseError: The database cannot be reached.
    """
    if not any(one.stored is not None or one.indexes for one in schema.objects.values()):
        return live
    sources = dict(live.sources)
    context = await load_context(schema, pool, catalog)
    indexes = await load_index_hints(context, pool)
    for name, source in live.sources.items():
        inspection = indexes.get((source.relation.schema, source.relation.name))
        if inspection is not None:
            sources[name] = replace(source, indexes=inspection)
    for stored_type in await load_stored_types(context, pool):
        strategy = strategy_of(stored_type)
        refused = any(not one.create_only for one in strategy.refusals(stored_type))
        found = None if refused else await strategy.read_source(stored_type, pool)
        if found is not None:
            sources[stored_type.type_name] = replace(sources[stored_type.type_name], kept=found)
    return SourceMap(sources, live.embedded)
