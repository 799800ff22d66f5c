"""Finding: the sources of an application, as the database has them at the moment."""

from collections.abc import Awaitable, Callable, Iterable, Iterator
from dataclasses import dataclass

from fraiseql.catalog import Catalog
from fraiseql.catalog.load import load_catalog
from fraiseql.database import Pool
from fraiseql.schema import Schema
from fraiseql.serving.planning.relations import BoundRelation, Relations
from fraiseql.serving.startup.columns import check_columns
from fraiseql.serving.startup.proof import prove as prove_declarations
from fraiseql.serving.startup.unordered import withdraw_uncompared
from fraiseql.sources import SourceMap, declared_relations, map_sources

Publish = Callable[[Schema, Catalog, Pool, SourceMap], Awaitable[SourceMap]]
"""Says which sources are read instead of the live ones: caching's word. Where nothing is
declared to be kept, it returns the very live ones."""


@dataclass(frozen=True, slots=True)
class LoadedSources:
    """Sources as they are at the moment.

    Attributes:
        live: Those that read everything live.
        read: Those that are read.
    """

    live: SourceMap
    read: SourceMap


async def all_live(_schema: Schema, _catalog: Catalog, _pool: Pool, live: SourceMap) -> SourceMap:
    """Keep nothing."""
    return live


async def find_sources(
    schema: Schema, pool: Pool, publish: Publish, *, prove: bool = False
) -> LoadedSources:
    """Return the sources of ``schema``, after checking every declared relation and column.

    Args:
        schema: What is declared.
        pool: Connections to the database.
        publish: Says what is read instead of the live sources.
        prove: Whether types and predicates are also compared with what PostgreSQL says of them,
            and the schema is left without filters that PostgreSQL has no operator for.

    Raises:
        SourceError: A relation or column does not exist; the message has the nearest name.
        DatabaseError: The database cannot be reached or does not allow this.
    """
    catalog = await load_catalog(pool, declared_relations(schema))
    live = map_sources(schema, catalog)
    # Nothing is read with them: lists need no bound.
    relations = Relations(schema, live, max_embed_items=0)
    checked = check_columns(relations)
    if prove:
        withdraw_uncompared(relations, _served(relations, checked.bound_relations))
        await prove_declarations(pool, relations, checked)
    return LoadedSources(live, await publish(schema, catalog, pool, live))


def _served(
    relations: Relations, bound_relations: Iterable[tuple[str, BoundRelation]]
) -> Iterator[tuple[str, BoundRelation]]:
    """Yield types with their relations; interfaces and unions besides their object types."""
    yield from bound_relations
    for type_name in relations.schema.interfaces:
        bound = relations.bound_relation(type_name)
        if bound is not None:
            yield type_name, bound
