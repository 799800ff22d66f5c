"""Declared caches: which queries have one, and what their answers may read."""

from collections.abc import Iterator
from dataclasses import dataclass

from graphql import GraphQLNamedType, GraphQLObjectType, get_named_type

from fraiseql.caching.changes.compaction import SHORTEST_LIFE
from fraiseql.schema import Schema
from fraiseql.schema.cache import Cache, seconds
from fraiseql.schema.definitions import QueryDefinition
from fraiseql.schema.pages import row_type
from fraiseql.sources import declared_relations, live_source


@dataclass(frozen=True, slots=True)
class CachedQuery:
    """One query whose answers are cached.

    Attributes:
        definition: The query.
        caches: Its own cache, or those of operations.
        own: Whether the query declares its cache itself.
        relations: Declared names of the relations that its statements may read.
        predicates: SQL that developers wrote and that its statements may contain: field, relation
            and text.
        recorded: Whether its reads are recorded as it runs: ``relations`` are all that the schema
            declares.
    """

    definition: QueryDefinition
    caches: tuple[Cache, ...]
    own: bool
    relations: tuple[str, ...]
    predicates: tuple[tuple[str, str, str], ...]
    recorded: bool = False


def has_caches(schema: Schema) -> bool:
    """Whether any query or operation is cached."""
    return bool(schema.operation_caches) or any(
        query.cache is not None for query in schema.queries.values()
    )


def caches_of(schema: Schema) -> tuple[Cache, ...]:
    """Return every declared cache."""
    own = (query.cache for query in schema.queries.values() if query.cache is not None)
    return (*own, *schema.operation_caches)


def log_lifetime(schema: Schema) -> float:
    """Return the seconds for which the change log holds rows, so that entries can be validated."""
    stale = (seconds("stale", cache.stale) for cache in caches_of(schema) if cache.stale)
    return SHORTEST_LIFE + max(stale, default=0.0)


def cached_queries(schema: Schema) -> Iterator[CachedQuery]:
    """Yield every query that is cached, by itself or within an operation."""
    for name, query in schema.queries.items():
        caches = schema.operation_caches if query.cache is None else (query.cache,)
        if not caches:
            continue
        own = query.cache is not None
        if query.function is None:
            yield CachedQuery(query, caches, own, *_reads(schema, name))
        else:
            recorded = any(is_recorded(query, cache) for cache in caches)
            relations = tuple(declared_relations(schema)) if recorded else ()
            yield CachedQuery(query, caches, own, relations, (), recorded)


def is_recorded(query: QueryDefinition, cache: Cache) -> bool:
    """Whether the reads of a query are recorded as it runs: of a function without tags."""
    return query.function is not None and not cache.tags


def _reads(schema: Schema, query: str) -> tuple[tuple[str, ...], tuple[tuple[str, str, str], ...]]:
    """Return the relations of a query's type and of all embeds below it, and their predicates."""
    result_type = row_type(schema.graphql, schema.queries[query])
    relations: dict[str, None] = {}
    predicates: dict[tuple[str, str, str], None] = {}
    root = (
        schema.objects.get(result_type.name)
        or schema.interfaces.get(result_type.name)
        or schema.unions.get(result_type.name)
    )
    source = None if root is None else live_source(root)
    if source is not None:
        relations[source] = None
    for name in _reachable(schema, result_type):
        for field in schema.fields.get(name, {}).values():
            if field.embed is not None:
                relations[field.embed.relation] = None
                if field.embed.where:
                    where = field.embed.where
                    predicates[f"{name}.{field.name}", field.embed.relation, where] = None
    return tuple(relations), tuple(predicates)


def _reachable(schema: Schema, root: GraphQLNamedType) -> list[str]:
    """Return the names of all types that a selection may reach."""
    reached: dict[str, GraphQLNamedType] = {}
    waiting = [root]
    while waiting:
        current = waiting.pop()
        name = current.name
        if name in reached:
            continue
        reached[name] = current
        if name in schema.interfaces or name in schema.unions:
            waiting += schema.graphql.get_possible_types(current)  # type: ignore[arg-type]
        if name in schema.interfaces or isinstance(current, GraphQLObjectType):
            waiting += [get_named_type(field.type) for field in current.fields.values()]  # type: ignore[attr-defined]
    return list(reached)
