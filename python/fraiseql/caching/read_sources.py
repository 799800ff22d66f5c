"""Published sources: where kept documents are there and of the declared version, they are read."""

from dataclasses import replace

from fraiseql.caching.ddl.desired_state import (
    STRATEGIES,
    kept_types,
    load_context,
    strategy_of,
    with_inspection,
)
from fraiseql.caching.strategies.indexes.hints import load_index_hints
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
    if not any(type(one.stored) in STRATEGIES or one.indexes for one in schema.objects.values()):
        return live
    sources = dict(live.sources)
    world = await load_context(schema, catalog, pool)
    indexes = await load_index_hints(world, pool)
    for name, source in live.sources.items():
        inspection = indexes.get((source.relation.schema, source.relation.name))
        if inspection is not None:
            sources[name] = replace(source, indexes=inspection)
    for bare in kept_types(world):
        if type(bare.stored) not in STRATEGIES:
            continue
        kept = await with_inspection(bare, pool)
        strategy = strategy_of(kept)
        refused = any(not one.create_only for one in strategy.refusals(kept))
        found = None if refused else await strategy.read_source(kept, pool)
        if found is not None:
            sources[kept.type_name] = replace(sources[kept.type_name], kept=found)
    return SourceMap(sources, live.embedded)
