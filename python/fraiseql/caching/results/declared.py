"""Queries: which queries are kept, and which relations and predicates their answers may name."""

from collections.abc import Iterator
from dataclasses import dataclass

from graphql import GraphQLNamedType, GraphQLObjectType, get_named_type

from fraiseql.caching.changes.compaction import SHORTEST_LIFE
from fraiseql.schema import Schema
from fraiseql.schema.definitions import QueryDefinition
from fraiseql.schema.storage import Cache, seconds
from fraiseql.sources import live_source


@dataclass(frozen=True, slots=True)
class CachedQuery:
    """One query whose answers are kept.

    Attributes:
        definition: The query.
        caches: How they are kept: its own way, or those of operations.
        own: Whether it says so itself.
        relations: Names, as declared, of what a statement of it may name.
        predicates: The developers' own SQL that may stand in one: its field, its relation, and
            the text.
    """

    definition: QueryDefinition
    caches: tuple[Cache, ...]
    own: bool
    relations: tuple[str, ...]
    predicates: tuple[tuple[str, str, str], ...]


def has_caches(schema: Schema) -> bool:
    """Tell whether anything is kept that a query or operation answers."""
    return bool(schema.operation_caches) or any(
        one.cache is not None for one in schema.queries.values()
    )


def caches_of(schema: Schema) -> tuple[Cache, ...]:
    """Return every declared cache."""
    own = (one.cache for one in schema.queries.values() if one.cache is not None)
    return (*own, *schema.operation_caches)


def log_lifetime(schema: Schema) -> float:
    """Return the seconds that rows of the change log are to stay for the age of what is kept."""
    declared = (seconds("stale", one.stale) for one in caches_of(schema) if one.stale is not None)
    return SHORTEST_LIFE + max(declared, default=0.0)


def cached_queries(schema: Schema) -> Iterator[CachedQuery]:
    """Yield every query whose answers are kept, by itself or within an operation."""
    for name, one in schema.queries.items():
        caches = schema.operation_caches if one.cache is None else (one.cache,)
        if caches:
            relations, predicates = _reads(schema, name) if one.function is None else ((), ())
            yield CachedQuery(one, caches, one.cache is not None, relations, predicates)


def _reads(schema: Schema, query: str) -> tuple[tuple[str, ...], tuple[tuple[str, str, str], ...]]:
    """Return the relations of a query's type and of all embeds below it, and their predicates."""
    query_type = schema.graphql.query_type
    assert query_type is not None  # noqa: S101 - it has the query
    begun = get_named_type(query_type.fields[query].type)
    relations: dict[str, None] = {}
    predicates: dict[tuple[str, str, str], None] = {}
    root = (
        schema.objects.get(begun.name)
        or schema.interfaces.get(begun.name)
        or schema.unions.get(begun.name)
    )
    source = None if root is None else live_source(root)
    if source is not None:
        relations[source] = None
    for name in _reached(schema, begun):
        for field in schema.fields.get(name, {}).values():
            if field.embed is not None:
                relations[field.embed.relation] = None
                if field.embed.where:
                    where = field.embed.where
                    predicates[f"{name}.{field.name}", field.embed.relation, where] = None
    return tuple(relations), tuple(predicates)


def _reached(schema: Schema, begun: GraphQLNamedType) -> list[str]:
    """Return the names of all types that a selection may come to."""
    found: dict[str, GraphQLNamedType] = {}
    waiting = [begun]
    while waiting:
        one = waiting.pop()
        if one.name in found:
            continue
        found[one.name] = one
        if one.name in schema.interfaces or one.name in schema.unions:
            waiting += schema.graphql.get_possible_types(one)  # type: ignore[arg-type]
        if one.name in schema.interfaces or isinstance(one, GraphQLObjectType):
            waiting += [get_named_type(field.type) for field in one.fields.values()]  # type: ignore[attr-defined]
    return list(found)
