"""Load the dependencies of a field from the database."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from fraiseql.caching.dependencies.inspection import inspect_dependencies
from fraiseql.caching.dependencies.parsed import Predicate, parse_predicates
from fraiseql.caching.results.declared import CachedQuery
from fraiseql.caching.results.dependencies import (
    NOTHING,
    Dependencies,
    dependencies_of,
    with_owners,
)
from fraiseql.caching.results.recorded_dependencies import NOT_APPLIED, recorded_dependencies
from fraiseql.caching.results.refusals import Resolved, refusals
from fraiseql.caching.results.row_tags import NO_TAGS, DeclaredTags, load_tags
from fraiseql.database import Pool
from fraiseql.results import CacheableField

QUERY: Final = "query:"
"""Prefix of the tag that every entry of a query has."""


@dataclass(frozen=True, slots=True)
class CacheDependencies:
    """Dependencies of a field's values.

    Attributes:
        dependencies: Dependencies of every value; labels are among the tags.
        tags: Returns the tags of one value, from the values of its arguments.
        timed: Whether only the time since it was computed says how far a value may be behind.
        meaning: Definitions of the names in predicates; part of the key.
    """

    dependencies: Dependencies
    tags: Callable[[Mapping[str, Any]], tuple[str, ...]]
    timed: bool
    meaning: tuple[str, ...] = ()


async def load_cache_dependencies(pool: Pool, field: CacheableField) -> CacheDependencies | str:
    """Return a field's dependencies, or in one word why it cannot be cached now.

    Raises:
        SourceError: A relation does not exist.
        DatabaseError: The database cannot be reached.
    """
    if field.statements:
        return await _load_recorded(pool, field)
    declared = await load_tags(pool, field.cache)
    # The reads of Python functions below a Python resolver are recorded with its own.
    if field.functions and not declared.relations and field.definition.function is None:
        return "functions"
    relations = (*field.relations, *declared.relations)
    reads = list(dict.fromkeys(relation.sql for relation in relations))
    predicates = [Predicate(field.type_name, *pair) for pair in field.predicates]
    trees = await parse_predicates(pool, predicates)
    inspection = await inspect_dependencies(pool.inspect, reads, trees.texts)
    query = CachedQuery(field.definition, (field.cache,), True, tuple(reads), ())
    for refusal in refusals([Resolved(query, (declared,), inspection, trees.refused)]):
        if not refusal.create_only:
            return refusal.code.lower()
    if declared.rows:
        # Loaded after the fingerprint, which changes when a row trigger is dropped later.
        declared = await load_tags(pool, field.cache)
    dependencies = NOTHING
    if reads:
        dependencies = await with_owners(pool.inspect, dependencies_of(reads, inspection))
        dependencies = replace(dependencies, salted=any(row.traced for row in declared.rows))
    if not dependencies.traced:
        return NOT_APPLIED
    loaded = _with_tags(field, declared, dependencies)
    return replace(loaded, meaning=(*inspection.meaning, *inspection.named))


async def _load_recorded(pool: Pool, field: CacheableField) -> CacheDependencies | str:
    """Return the dependencies of recorded statements, or why they do not make an answer exact."""
    recorded = await recorded_dependencies(pool, field)
    if isinstance(recorded, str):
        return recorded
    dependencies, meaning = recorded
    loaded = _with_tags(field, NO_TAGS, dependencies)
    return replace(loaded, meaning=(*meaning, *field.statements))


def _with_tags(
    field: CacheableField, declared: DeclaredTags, dependencies: Dependencies
) -> CacheDependencies:
    query_tag = f"{QUERY}{field.definition.graphql_name}"
    base: Sequence[str] = dependencies.tags

    def tags(arguments: Mapping[str, Any]) -> tuple[str, ...]:
        return (*declared.applied(base, arguments), query_tag)

    limited = field.cache.ttl is not None or field.cache.stale is not None
    if declared.labels:
        labelled = tuple(sorted({*base, *declared.labels}))
        dependencies = replace(dependencies, tags=labelled)
    return CacheDependencies(dependencies, tags, timed=limited and not dependencies.relations)
