"""Wanted: every object that an application's declarations ask for, and what is refused."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

from fraiseql.caching.definition.tables import Table, load_tables
from fraiseql.caching.dependencies.predicates import load_predicates
from fraiseql.caching.objects import DatabaseObject
from fraiseql.caching.results.desired_state import wanted_results
from fraiseql.caching.results.sql.grants import Right
from fraiseql.caching.strategies import generated_column, materialized_view
from fraiseql.caching.strategies.base import ResolveContext, StoredType, Strategy, Violation
from fraiseql.caching.strategies.indexes.objects import wanted_indexes
from fraiseql.caching.strategies.predicates import stored_predicates
from fraiseql.caching.strategies.projection import strategy as projection
from fraiseql.catalog import Catalog, Relation
from fraiseql.catalog.load import load_catalog
from fraiseql.database import Pool
from fraiseql.schema import Schema
from fraiseql.schema.definitions import ObjectDefinition
from fraiseql.schema.storage import GeneratedColumn, MaterializedView, Projection
from fraiseql.sources import declared_relations, live_source

STRATEGIES: Final[Mapping[type, Strategy]] = {
    GeneratedColumn: generated_column,
    MaterializedView: materialized_view,
    Projection: projection,
}
"""The module behind each declaration of ``stored=``."""


@dataclass(frozen=True, slots=True)
class DesiredState:
    """What declarations come to.

    Attributes:
        objects: In an order in which they can be made.
        refusals: What is declared and cannot be had; then ``objects`` lacks it.
        kept: The types that are kept.
        types: Names of all declared types.
        refused: Names of kept types whose documents cannot be had, be it for an embedded type.
    """

    objects: tuple[DatabaseObject, ...]
    refusals: tuple[Violation, ...] = ()
    kept: tuple[StoredType, ...] = ()
    types: frozenset[str] = frozenset()
    refused: frozenset[str] = frozenset()


async def load_desired_state(schema: Schema, pool: Pool) -> DesiredState:
    """Return what the declarations of ``schema`` want in the database behind ``pool``.

    Raises:
        SourceError: A relation that is declared does not exist.
        DatabaseError: The database cannot be reached or does not allow this.
    """
    names = declared_relations(schema)
    catalog = await load_catalog(pool, names)
    for name in set(names) - made_relations(schema):
        catalog.relation(name, wanted_by="A declared type")
    world = await load_context(schema, catalog, pool)
    found: list[DatabaseObject] = []
    refusals: list[Violation] = []
    kept = [await with_inspection(one, pool) for one in kept_types(world)]
    without: set[str] = set()
    for one in kept:
        refused, objects = _of(one)
        refusals += refused
        found += objects
        if not all(each.create_only for each in refused):
            without.add(one.type_name)
    indexes, refused = wanted_indexes(world)
    refusals += refused
    found += indexes
    refused, objects = await wanted_results(schema, pool, kept)
    refusals += refused
    found += objects
    refusals += _twice(found)
    types = frozenset(schema.objects)
    return DesiredState(in_order(found), tuple(refusals), tuple(kept), types, frozenset(without))


def _twice(objects: list[DatabaseObject]) -> Iterator[Violation]:
    """Yield what two declarations want in different forms."""
    first: dict[tuple[str, str], DatabaseObject] = {}
    for one in objects:
        other = first.setdefault(one.key, one)
        # What it is the fingerprint of is refused itself.
        if other.digest != one.digest and one.kind != "fingerprint":
            yield Violation(
                "NAME_TAKEN",
                one.owner,
                f"{other.owner} has a {one.kind} {one.name} of another form.",
                "Keep one of the two types; the other one is read live, at no loss.",
            )


def kept_types(world: ResolveContext) -> Iterator[StoredType]:
    """Yield every type that is declared with ``stored=``.

    Raises:
        SourceError: Its relation does not exist.
    """
    for name, definition in world.schema.objects.items():
        if definition.stored is not None:
            source = live_source(definition) or ""
            if source not in world.catalog.relations and source in made_relations(world.schema):
                table, key = Table(*_split(source), "v", {}), definition.key
            else:
                relation = world.catalog.relation(source, wanted_by=name)
                table, key = world.tables[source], _key(definition, relation)
            yield StoredType(name, definition, definition.stored, table, key, world)


def made_relations(schema: Schema) -> set[str]:
    """Return the live relations that applying makes: they are not there before the first time."""
    definitions = schema.objects.values()
    pairs = [(one.sql_source, live_source(one)) for one in definitions]
    return {live for source, live in pairs if live is not None and live != source}


def _split(name: str) -> tuple[str, str]:
    schema, _, bare = name.rpartition(".")
    return schema, bare


def strategy_of(kept: StoredType) -> Strategy:
    """Return the module behind the declaration of a type that is kept."""
    return STRATEGIES[type(kept.stored)]


def document_relations(wanted: DesiredState, type_name: str) -> tuple[str, ...]:
    """Return the relations that hold a type's stored documents, as quoted names."""
    return tuple(
        created.name
        for kept in wanted.kept
        if kept.type_name == type_name
        for created in strategy_of(kept).objects(kept)
        if created.kind in ("table", "materialized view")
        and not created.name.startswith('"fraiseql".')
    )


def document_rights(wanted: DesiredState) -> tuple[Right, ...]:
    """Return what a role needs to read stored documents, besides the tables themselves."""
    names = [
        name
        for kept in wanted.kept
        if kept.type_name not in wanted.refused
        for name in strategy_of(kept).readable(kept)
    ]
    return tuple(Right("stored", "SELECT", name) for name in dict.fromkeys(names))


async def with_inspection(kept: StoredType, pool: Pool) -> StoredType:
    """Return ``kept`` with what its strategy reads from the database."""
    strategy = STRATEGIES.get(type(kept.stored))
    return (
        kept if strategy is None else replace(kept, inspection=await strategy.inspect(kept, pool))
    )


def _of(kept: StoredType) -> tuple[list[Violation], list[DatabaseObject]]:
    strategy = STRATEGIES.get(type(kept.stored))
    if strategy is None:
        return [_unknown(kept)], []
    refused = list(strategy.refusals(kept))
    # What only must not be made by this role, or here, is still what is declared.
    whole = all(one.create_only for one in refused)
    return refused, list(strategy.objects(kept)) if whole else []


def _unknown(kept: StoredType) -> Violation:
    names = " or ".join(f"{one.__name__}()" for one in STRATEGIES)
    return Violation(
        "UNKNOWN_STRATEGY",
        kept.type_name,
        f"stored={kept.stored!r} is no strategy that can be applied.",
        f"Write stored={names}, or leave stored out to read live.",
    )


def _key(definition: ObjectDefinition, relation: Relation) -> tuple[str, ...]:
    usual = ("id",) if "id" in relation.columns else ()
    return definition.key or relation.key or usual


async def load_context(schema: Schema, catalog: Catalog, pool: Pool) -> ResolveContext:
    """Return what declarations are resolved against.

    Raises:
        DatabaseError: The database cannot be asked.
    """
    tables = await load_tables(pool, catalog, declared_relations(schema))
    predicates = await load_predicates(pool, stored_predicates(schema, catalog))
    return ResolveContext(schema, catalog, tables, predicates)


def in_order(objects: list[DatabaseObject]) -> tuple[DatabaseObject, ...]:
    """Return ``objects``, each once, after what it needs; otherwise in the order given.

    The framework's schema is left out: it comes with the ledger, and stays as long.
    """
    objects = [one for one in objects if one.kind != "schema"]
    by_name: dict[str, list[DatabaseObject]] = {}
    for one in dict.fromkeys(objects):
        by_name.setdefault(one.name, []).append(one)
    done: dict[tuple[str, str], DatabaseObject] = {}

    def visit(one: DatabaseObject) -> None:
        if one.key in done:
            return
        for need in one.needs:
            for needed in by_name.get(need, ()):
                if needed.key != one.key:
                    visit(needed)
        done[one.key] = one

    for one in dict.fromkeys(objects):
        visit(one)
    return tuple(done.values())
