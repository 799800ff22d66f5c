"""Reasons against caching the answers of a query."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from fraiseql.caching.dependencies.builtins import Kind
from fraiseql.caching.dependencies.inspection import (
    DependencyInspection,
    InspectedCall,
    InspectedRelation,
    inspect_dependencies,
)
from fraiseql.caching.dependencies.parsed import Predicate, parse_predicates
from fraiseql.caching.results.declared import CachedQuery, cached_queries
from fraiseql.caching.results.row_tags import DeclaredTags, load_tags
from fraiseql.caching.strategies.base import Violation
from fraiseql.catalog.load import load_catalog
from fraiseql.database import Pool
from fraiseql.schema import Schema
from fraiseql.schema.cache import Cache


@dataclass(frozen=True, slots=True)
class Resolved:
    """One cached query against the database.

    Attributes:
        query: The declared query.
        tags: Resolved tags of each of its caches.
        inspection: Dependencies of its answers and tags.
        unread: Fields whose predicate PostgreSQL refuses, each with its message.
    """

    query: CachedQuery
    tags: tuple[DeclaredTags, ...]
    inspection: DependencyInspection
    unread: tuple[tuple[str, str], ...] = ()


async def resolve_queries(schema: Schema, pool: Pool) -> list[Resolved]:
    """Return every cached query with its dependencies in the database.

    Relations that do not exist yet are left out: ``fraiseql db apply`` creates them.

    Raises:
        DatabaseError: The database cannot be reached.
    """
    queries = list(cached_queries(schema))
    names = sorted({name for query in queries for name in query.relations})
    catalog = await load_catalog(pool, names)
    resolved = []
    seen: dict[tuple[frozenset[str], ...], DependencyInspection] = {}
    for query in queries:
        tags = tuple([await load_tags(pool, cache) for cache in query.caches])
        reads = [catalog.relations[name] for name in query.relations if name in catalog.relations]
        reads += [relation for declared in tags for relation in declared.relations]
        predicates = [
            Predicate(owner, catalog.relations[name].sql, text)
            for owner, name, text in query.predicates
            if name in catalog.relations
        ]
        trees = await parse_predicates(pool, predicates)
        read_names = [relation.sql for relation in reads]
        behind = frozenset(read_names), frozenset(trees.texts)
        if behind not in seen:
            seen[behind] = await inspect_dependencies(
                pool.inspect, *map(sorted, behind), shape=False
            )
        resolved.append(Resolved(query, tags, seen[behind], trees.refused))
    return resolved


async def cache_refusals(schema: Schema, pool: Pool) -> list[Violation]:
    """Return the reasons against queries that declare ``cache=``; empty where all can be cached.

    Operations that are cached by policy are left out: a query that cannot be cached is computed.
    So are violations that only prevent the connected role from creating objects.

    Raises:
        DatabaseError: The database cannot be reached.
    """
    violations = refusals(await resolve_queries(schema, pool))
    return [violation for violation in violations if not violation.create_only]


def refusals(resolved: Iterable[Resolved]) -> Iterator[Violation]:
    """Yield the reasons against queries that declare ``cache=`` themselves."""
    for query in resolved:
        if query.query.own:
            yield from dict.fromkeys(_of_query(query))


def _of_query(resolved: Resolved) -> Iterator[Violation]:
    if resolved.query.recorded:
        # Its reads are not known yet.
        return
    where = f"Query.{resolved.query.definition.graphql_name}"
    (cache,), (tags,) = resolved.query.caches, resolved.tags
    for tag, reason in tags.unknown:
        yield _bad_tag(where, f"{tag!r} {reason}")
    names = {argument.name for argument in resolved.query.definition.arguments}
    for row in tags.rows:
        if row.argument not in names:
            reason = f"needs the argument {row.argument!r}, which the query does not have."
            yield _bad_tag(where, f"{row.declared!r} {reason}")
    for field, message in resolved.unread:
        yield _unread_predicate(where, field, message)
    yield from refused_reads(where, resolved.inspection, cache, tagged=bool(tags.relations))


def refused_reads(
    where: str, inspection: DependencyInspection, cache: Cache, *, tagged: bool
) -> Iterator[Violation]:
    """Yield the reasons against caching answers with some dependencies.

    Args:
        where: Name of the query.
        inspection: The dependencies.
        cache: Its cache.
        tagged: Whether the cache names relations.
    """
    for call in inspection.calls:
        yield from _of_call(where, call, tagged=tagged, stale=cache.stale is not None)
    for relation in inspection.tables:
        yield from _of_relation(where, relation, cache.store)


def _of_call(where: str, call: InspectedCall, *, tagged: bool, stale: bool) -> Iterator[Violation]:
    if call.volatility == "v" and (call.builtin or not tagged):
        yield Violation(
            "CACHE_VOLATILE",
            where,
            f"it calls {call.name}(), whose result may differ each time.",
            "Leave the call out of cached queries. For a function of your own, name the tables that"
            ' it reads: Cache(tags=("tb_post",)).',
        )
    elif call.kind is Kind.SERVER:
        yield Violation(
            "CACHE_VOLATILE",
            where,
            f"it calls {call.name}(), whose result depends on the server, the connection or the"
            " catalog, which change without a logged write.",
            "Leave the call out of cached queries. For text search, name the configuration:"
            " to_tsvector('english', body).",
        )
    elif call.kind is Kind.CLOCK and not stale:
        yield Violation(
            "CACHE_VOLATILE",
            where,
            f"it calls {call.name}(): the answer changes with time, without a write.",
            'Say how old an answer may be: Cache(stale="1m"); or compare with an argument.',
        )
    elif call.is_opaque and call.volatility != "i" and not tagged:
        yield Violation(
            "CACHE_UNKNOWN",
            where,
            f"it calls {call.name}(), which may read tables that cannot be determined.",
            "Leave the call out of cached queries, or name the tables that it reads:"
            ' Cache(tags=("tb_post",)).',
        )


def _of_relation(where: str, relation: InspectedRelation, store: str) -> Iterator[Violation]:
    reason = _untracked(relation, store)
    if reason:
        yield Violation(
            "CACHE_WRITES_NOT_SEEN",
            where,
            f"{relation.sql} {reason}",
            "Read tables whose writes can be logged, or leave cache out.",
        )
    elif not relation.owned and not relation.traced:
        yield Violation(
            "CACHE_WRITES_NOT_SEEN",
            where,
            f"{relation.sql} belongs to another role, so no trigger can be created on it.",
            "Run fraiseql db apply as a member of its role, or leave cache out.",
            create_only=True,
        )


def _untracked(relation: InspectedRelation, store: str) -> str:
    """Return why the change log misses writes of a table; empty where it has them all."""
    reasons = (
        (relation.catalog, "is a system table: no trigger can log its writes."),
        (
            relation.kind == "m" and not relation.refreshed,
            "is a materialized view of your own: its refreshes are not logged.",
        ),
        (relation.kind == "S", "is a sequence: its changes are not logged."),
        (relation.kind == "f", "is a foreign table: its writes are not logged."),
        (relation.persistence == "t", "is temporary: each session has its own."),
        (
            relation.persistence == "u" and store == "logged",
            "is unlogged: a crash empties it, but not the store logged.",
        ),
        (relation.subscribed, "is written by a subscription, which fires no statement triggers."),
    )
    return next((reason for holds, reason in reasons if holds), "")


def _unread_predicate(where: str, field: str, message: str) -> Violation:
    return Violation(
        "CACHE_UNKNOWN",
        where,
        f"PostgreSQL refuses the predicate of {field}: {message}",
        "Correct it; it may use only the columns of its relation.",
    )


def _bad_tag(where: str, reason: str) -> Violation:
    return Violation(
        "CACHE_TAG",
        where,
        f"its tag {reason}",
        "Name a relation, or rows of a table by an argument: tb_post.user_id={user_id}. Any other"
        " word is a label.",
    )
