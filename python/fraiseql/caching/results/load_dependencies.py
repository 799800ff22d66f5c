"""Depending: what the answers of one part depend on, loaded from the database."""

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
from fraiseql.caching.results.refusals import Resolved, refusals
from fraiseql.caching.results.row_tags import DeclaredTags, load_tags
from fraiseql.database import Pool
from fraiseql.results import Part

QUERY: Final = "query:"
"""Begins the tag that every entry of a query has."""

NOT_APPLIED: Final = "not_applied"


@dataclass(frozen=True, slots=True)
class Needs:
    """What the answers of one part depend on.

    Attributes:
        dependencies: Of every answer; with the labels among the tags.
        tags: Returns the tags of one answer, from the values of its arguments.
        timed: Whether nothing but time tells how far an answer may be behind.
        meaning: What names in predicates mean, of somebody's own.
    """

    dependencies: Dependencies
    tags: Callable[[Mapping[str, Any]], tuple[str, ...]]
    timed: bool
    meaning: tuple[str, ...] = ()


async def load_needs(pool: Pool, part: Part) -> Needs | str:
    """Return what a part depends on, or in one word why it cannot be kept as the database is.

    Raises:
        SourceError: A relation does not exist.
        DatabaseError: The database cannot be asked.
    """
    declared = await load_tags(pool, part.cache)
    if part.functions and not declared.relations:
        return "functions"
    reads = list(dict.fromkeys(one.sql for one in (*part.relations, *declared.relations)))
    predicates = [Predicate(part.type_name, *one) for one in part.predicates]
    trees = await parse_predicates(pool, predicates)
    inspection = await inspect_dependencies(pool.inspect, reads, trees.texts)
    query = CachedQuery(part.definition, (part.cache,), True, tuple(reads), ())
    for refused in refusals([Resolved(query, (declared,), inspection, trees.refused)]):
        if not refused.create_only:
            return refused.code.lower()
    if declared.rows:
        # Asked after the shape was: a trigger for rows that goes later changes that.
        declared = await load_tags(pool, part.cache)
    found = NOTHING
    if reads:
        found = await with_owners(pool.inspect, dependencies_of(reads, inspection))
        found = replace(found, salted=any(row.traced for row in declared.rows))
    if not found.traced:
        return NOT_APPLIED
    return replace(_needs(part, declared, found), meaning=(*inspection.meaning, *inspection.named))


def _needs(part: Part, declared: DeclaredTags, found: Dependencies) -> Needs:
    named = f"{QUERY}{part.definition.graphql_name}"
    base: Sequence[str] = found.tags

    def tags(arguments: Mapping[str, Any]) -> tuple[str, ...]:
        return (*declared.applied(base, arguments), named)

    limited = part.cache.ttl is not None or part.cache.stale is not None
    if declared.labels:
        found = replace(found, tags=tuple(sorted({*found.tags, *declared.labels})))
    return Needs(found, tags, timed=limited and not found.relations)
