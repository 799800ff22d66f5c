"""Wanted: every object that an application's declarations ask for, and what is refused."""

from collections.abc import Iterator
from dataclasses import dataclass

from fraiseql.caching.objects import DatabaseObject
from fraiseql.caching.results.desired_state import wanted_results
from fraiseql.caching.results.sql.grants import Right
from fraiseql.caching.strategies.base import StoredType, Violation
from fraiseql.caching.strategies.indexes.objects import wanted_indexes
from fraiseql.caching.strategies.registry import (
    applied_relations,
    load_context,
    load_stored_types,
    strategy_of,
)
from fraiseql.database import Pool
from fraiseql.schema import Schema
from fraiseql.sources import declared_relations


@dataclass(frozen=True, slots=True)
class DesiredState:
    """What declarations come to.

    Attributes:
        objects: In an order in which they can be made.
        refusals: What is declared and cannot be had; then ``objects`` lacks it.
        stored_types: The types that are kept.
        types: Names of all declared types.
        refused: Names of kept types whose documents cannot be had, be it for an embedded type.
    """

    objects: tuple[DatabaseObject, ...]
    refusals: tuple[Violation, ...] = ()
    stored_types: tuple[StoredType, ...] = ()
    types: frozenset[str] = frozenset()
    refused: frozenset[str] = frozenset()


async def load_desired_state(schema: Schema, pool: Pool) -> DesiredState:
    """Return what the declarations of ``schema`` want in the database behind ``pool``.

    Raises:
        SourceError: A relation that is declared does not exist.
        DatabaseError: The database cannot be reached or does not allow this.
    """
    context = await load_context(schema, pool)
    for name in set(declared_relations(schema)) - applied_relations(schema):
        context.catalog.relation(name, wanted_by="A declared type")
    found: list[DatabaseObject] = []
    refusals: list[Violation] = []
    stored_types = await load_stored_types(context, pool)
    without: set[str] = set()
    for one in stored_types:
        refused, objects = _of(one)
        refusals += refused
        found += objects
        if not all(each.create_only for each in refused):
            without.add(one.type_name)
    indexes, refused = wanted_indexes(context)
    refusals += refused
    found += indexes
    refused, objects = await wanted_results(schema, pool, stored_types)
    refusals += refused
    found += objects
    refusals += _twice(found)
    types = frozenset(schema.objects)
    return DesiredState(
        in_order(found), tuple(refusals), tuple(stored_types), types, frozenset(without)
    )


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


def document_relations(wanted: DesiredState, type_name: str) -> tuple[str, ...]:
    """Return the relations that hold a type's stored documents, as quoted names."""
    return tuple(
        created.name
        for stored_type in wanted.stored_types
        if stored_type.type_name == type_name
        for created in strategy_of(stored_type).objects(stored_type)
        if created.kind in ("table", "materialized view")
        and not created.name.startswith('"fraiseql".')
    )


def document_rights(wanted: DesiredState) -> tuple[Right, ...]:
    """Return what a role needs to read stored documents, besides the tables themselves."""
    names = [
        name
        for stored_type in wanted.stored_types
        if stored_type.type_name not in wanted.refused
        for name in strategy_of(stored_type).readable(stored_type)
    ]
    return tuple(Right("stored", "SELECT", name) for name in dict.fromkeys(names))


def _of(stored_type: StoredType) -> tuple[list[Violation], list[DatabaseObject]]:
    strategy = strategy_of(stored_type)
    refused = list(strategy.refusals(stored_type))
    # What only must not be made by this role, or here, is still what is declared.
    whole = all(one.create_only for one in refused)
    return refused, list(strategy.objects(stored_type)) if whole else []


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
