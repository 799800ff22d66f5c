"""Refusals: why the answers of a query cannot be kept, or not kept true."""

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


@dataclass(frozen=True, slots=True)
class Resolved:
    """One cached query against the database.

    Attributes:
        query: What is declared.
        tags: What its tags mean, of each of its caches.
        inspection: What is behind its answers and its tags.
        unread: Fields whose predicate PostgreSQL refuses, each with its words.
    """

    query: CachedQuery
    tags: tuple[DeclaredTags, ...]
    inspection: DependencyInspection
    unread: tuple[tuple[str, str], ...] = ()


async def resolve_queries(schema: Schema, pool: Pool) -> list[Resolved]:
    """Return every cached query with what is behind it in the database as it is.

    Relations that are not there yet are left out: what applies a declaration makes them.

    Raises:
        DatabaseError: The database cannot be asked.
    """
    queries = list(cached_queries(schema))
    names = sorted({name for query in queries for name in query.relations})
    catalog = await load_catalog(pool, names)
    found = []
    for query in queries:
        tags = tuple([await load_tags(pool, cache) for cache in query.caches])
        reads = [catalog.relations[name] for name in query.relations if name in catalog.relations]
        reads += [one for declared in tags for one in declared.relations]
        predicates = [
            Predicate(owner, catalog.relations[name].sql, text)
            for owner, name, text in query.predicates
            if name in catalog.relations
        ]
        trees = await parse_predicates(pool, predicates)
        inspection = await inspect_dependencies(
            pool.inspect, [one.sql for one in reads], trees.texts
        )
        found.append(Resolved(query, tags, inspection, trees.refused))
    return found


async def cache_refusals(schema: Schema, pool: Pool) -> list[Violation]:
    """Return why what is declared with ``cache=`` cannot be kept; nothing when it all can.

    Operations that are kept by policy are not among it: there, what cannot be kept is not. Nor is
    what only stands against making it by the connected role.

    Raises:
        DatabaseError: The database cannot be asked.
    """
    found = refusals(await resolve_queries(schema, pool))
    return [one for one in found if not one.create_only]


def refusals(resolved: Iterable[Resolved]) -> Iterator[Violation]:
    """Yield why queries that ask for it themselves cannot be kept."""
    for one in resolved:
        if one.query.own:
            yield from dict.fromkeys(_of_query(one))


def _of_query(one: Resolved) -> Iterator[Violation]:
    where = f"Query.{one.query.definition.graphql_name}"
    (cache,), (tags,) = one.query.caches, one.tags
    for tag, why in tags.unknown:
        yield _bad_tag(where, f"{tag!r} {why}")
    names = {argument.name for argument in one.query.definition.arguments}
    for row in tags.rows:
        if row.argument not in names:
            given = f"the query has no argument {row.argument!r}."
            yield _bad_tag(where, f"{row.declared!r} cannot be filled in: {given}")
    if one.query.definition.function is not None:
        timed = cache.ttl is not None or cache.stale is not None
        if tags.empty and not timed:
            yield _unknown_function(where)
    for call in one.inspection.calls:
        yield from _of_call(where, call, tagged=bool(tags.relations), stale=cache.stale is not None)
    for place, words in one.unread:
        yield _unread_predicate(where, place, words)
    for relation in one.inspection.tables:
        yield from _of_relation(where, relation, cache.store)


def _of_call(where: str, call: InspectedCall, *, tagged: bool, stale: bool) -> Iterator[Violation]:
    if call.volatility == "v" and (call.builtin or not tagged):
        yield Violation(
            "CACHE_VOLATILE",
            where,
            f"{call.name}(), which it calls, may give something else each time.",
            "Leave the call out of what is cached. For a function of your own, name the tables"
            ' that it reads: Cache(tags=("tb_post",)).',
        )
    elif call.kind is Kind.SERVER:
        yield Violation(
            "CACHE_VOLATILE",
            where,
            f"{call.name}(), which it calls, tells of the server, the connection or the catalog,"
            " which change without a write that is logged.",
            "Leave the call out of what is cached. For text search name the configuration:"
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
            f"{call.name}(), which it calls, may read what nobody here can see.",
            "Leave the call out of what is cached, or name the tables that it reads:"
            ' Cache(tags=("tb_post",)).',
        )


def _of_relation(where: str, relation: InspectedRelation, store: str) -> Iterator[Violation]:
    why = _untracked(relation, store)
    if why:
        yield Violation(
            "CACHE_WRITES_NOT_SEEN",
            where,
            f"{relation.sql} {why}",
            "Read tables whose writes can be logged; or leave cache out.",
        )
    elif not relation.owned and not relation.traced:
        yield Violation(
            "CACHE_WRITES_NOT_SEEN",
            where,
            f"{relation.sql} is not the connected role's: no trigger can be put on it.",
            "Apply as a member of its role; or leave cache out.",
            create_only=True,
        )


def _untracked(relation: InspectedRelation, store: str) -> str:
    """Return why writes of a table do not all come to the log; empty when they do."""
    reasons = (
        (relation.catalog, "is PostgreSQL's own: no trigger can log its writes."),
        (
            relation.kind == "m" and not relation.kept,
            "is a materialized view of your own: nothing tells when it is refreshed.",
        ),
        (relation.kind == "S", "is a sequence: nothing tells when it goes on."),
        (relation.kind == "f", "is a foreign table: nothing tells when it is written."),
        (relation.persistence == "t", "is temporary: each session has its own."),
        (
            relation.persistence == "u" and store == "logged",
            "is not logged: a crash empties it, and the store logged survives that.",
        ),
        (relation.subscribed, "is written by a subscription, which fires no statement triggers."),
    )
    return next((reason for holds, reason in reasons if holds), "")


def _unknown_function(where: str) -> Violation:
    return Violation(
        "CACHE_UNKNOWN",
        where,
        "it is a Python function: nobody knows what it reads.",
        'Name the relations: Cache(tags=("tb_post",)); or say how long an answer lives:'
        ' Cache(ttl="1m", stale="1m").',
    )


def _unread_predicate(where: str, place: str, words: str) -> Violation:
    return Violation(
        "CACHE_UNKNOWN",
        where,
        f"PostgreSQL refuses the predicate of {place}: {words}",
        "Correct it; it stands in a query over its relation alone.",
    )


def _bad_tag(where: str, why: str) -> Violation:
    return Violation(
        "CACHE_TAG",
        where,
        f"its tag {why}",
        "Name a relation, or rows of a table by an argument, tb_post.user_id={user_id}; any other"
        " word is a label.",
    )
