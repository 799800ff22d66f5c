"""Sources of an application, with stored documents where they are complete."""

from dataclasses import replace

from fraiseql.caching.strategies.indexes.hints import load_index_hints
from fraiseql.caching.strategies.registry import load_context, load_stored_types, strategy_of
from fraiseql.catalog import Catalog
from fraiseql.database import Pool
from fraiseql.schema import Schema
from fraiseql.sources import SourceMap


async def read_sources(schema: Schema, catalog: Catalog, pool: Pool, live: SourceMap) -> SourceMap:
    """Return the sources of an application, with its stored documents.

    A type whose stored documents are missing, or of another version than declared, is read live:
    the answer is the same.

    Args:
        schema: The declared schema.
        catalog: The declared relations.
        pool: Connections to the database.
        live: The sources that read everything live.

    Raises:
        DatabaseError: The database cannot be reached.
    """
    if not any(each.stored is not None or each.indexes for each in schema.objects.values()):
        return live
    sources = dict(live.sources)
    context = await load_context(schema, pool, catalog)
    indexes = await load_index_hints(context, pool)
    for name, source in live.sources.items():
        hints = indexes.get((source.relation.schema, source.relation.name))
        if hints is not None:
            sources[name] = replace(source, indexes=hints)
    for stored_type in await load_stored_types(context, pool):
        strategy = strategy_of(stored_type)
        refused = any(not violation.create_only for violation in strategy.refusals(stored_type))
        stored_source = None if refused else await strategy.read_source(stored_type, pool)
        if stored_source is not None:
            sources[stored_type.type_name] = replace(
                sources[stored_type.type_name], stored=stored_source
            )
    return SourceMap(sources, live.embedded)
