"""Sources of an application, loaded from the database and checked."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator
from dataclasses import dataclass

from fraiseql.catalog import Catalog
from fraiseql.catalog.load import load_catalog
from fraiseql.database import Pool
from fraiseql.schema import Schema
from fraiseql.serving.planning.relations import BoundRelation, Relations
from fraiseql.serving.startup.columns import CheckedDeclarations, check_columns
from fraiseql.serving.startup.indexed import mark_unindexed, withdraw_unindexed
from fraiseql.serving.startup.proof import prove as prove_declarations
from fraiseql.serving.startup.unordered import withdraw_uncompared
from fraiseql.serving.startup.writes import check_writes
from fraiseql.sources import SourceMap, declared_relations, map_sources

Publish = Callable[[Schema, Catalog, Pool, SourceMap], Awaitable[SourceMap]]
"""Returns the sources to read instead of the live ones: caching passes it. Without stored types it
returns the live sources themselves."""


@dataclass(frozen=True, slots=True)
class LoadedSources:
    """The current sources.

    Attributes:
        live: Sources that read everything live.
        read: Sources that requests read.
    """

    live: SourceMap
    read: SourceMap


async def all_live(_schema: Schema, _catalog: Catalog, _pool: Pool, live: SourceMap) -> SourceMap:
    """Return the live sources: no type is stored."""
    return live


async def load_sources(
    schema: Schema, pool: Pool, publish: Publish, *, prove: bool = False, mark: bool = False
) -> LoadedSources:
    """Return the sources of ``schema``, after checking every declared relation and column.

    Args:
        schema: The declarations.
        pool: Connections to the database.
        publish: Returns the sources to read instead of the live ones.
        prove: Whether types and predicates are also checked by PostgreSQL, and filters without an
            operator in PostgreSQL are removed from the schema.
        mark: Whether the schema says which filters and orders no index serves.

    Raises:
        SourceError: A relation or column does not exist; the message has the nearest name.
        DatabaseError: The database cannot be reached or does not allow this.
    """
    catalog = await load_catalog(pool, declared_relations(schema))
    # In a thread: requests are answered while thousands of columns are checked.
    relations, checked = await asyncio.to_thread(_checked, schema, catalog)
    live = relations.sources
    if prove:
        served = list(_served(relations, checked.bound_relations))
        withdraw_uncompared(relations, served)
        await withdraw_unindexed(pool, relations, served)
        if mark:
            await mark_unindexed(pool, relations, served)
        await prove_declarations(pool, relations, checked)
        await check_writes(pool, relations)
    return LoadedSources(live, await publish(schema, catalog, pool, live))


def _checked(schema: Schema, catalog: Catalog) -> tuple[Relations, CheckedDeclarations]:
    # They read no rows, so lists need no bound.
    relations = Relations(schema, map_sources(schema, catalog), max_embed_items=0)
    return relations, check_columns(relations)


def _served(
    relations: Relations, bound_relations: Iterable[tuple[str, BoundRelation]]
) -> Iterator[tuple[str, BoundRelation]]:
    """Yield types with their relations, interfaces and unions included."""
    yield from bound_relations
    for type_name in relations.schema.interfaces:
        bound = relations.bound_relation(type_name)
        if bound is not None:
            yield type_name, bound
