"""Desired state: the objects of an application's declarations, and violations."""

from collections.abc import Iterator
from dataclasses import dataclass

from fraiseql.caching.ddl.trace_objects import trace_objects, trace_privileges
from fraiseql.caching.objects import DatabaseObject
from fraiseql.caching.results.desired_state import desired_results
from fraiseql.caching.results.sql.grants import Privilege
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
    """Objects that declarations ask for.

    Attributes:
        objects: Objects, dependencies first.
        refusals: Violations; ``objects`` has no object of such a declaration.
        stored_types: Types declared with ``stored=``.
        types: Names of all declared types.
        refused: Names of stored types with violations.
    """

    objects: tuple[DatabaseObject, ...]
    refusals: tuple[Violation, ...] = ()
    stored_types: tuple[StoredType, ...] = ()
    types: frozenset[str] = frozenset()
    refused: frozenset[str] = frozenset()


async def load_desired_state(schema: Schema, pool: Pool) -> DesiredState:
    """Return the desired state of ``schema`` in the database behind ``pool``.

    Raises:
        SourceError: A relation that is declared does not exist.
        DatabaseError: The database cannot be reached, or refuses a statement.
    """
    context = await load_context(schema, pool)
    for name in set(declared_relations(schema)) - applied_relations(schema):
        context.catalog.relation(name, wanted_by="A declared type")
    desired: list[DatabaseObject] = []
    refusals: list[Violation] = []
    stored_types = await load_stored_types(context, pool)
    refused: set[str] = set()
    for stored_type in stored_types:
        violations, objects = _of(stored_type)
        refusals += violations
        desired += objects
        if not all(violation.create_only for violation in violations):
            refused.add(stored_type.type_name)
    indexes, violations = wanted_indexes(context)
    refusals += violations
    desired += indexes
    violations, objects = await desired_results(schema, pool, stored_types)
    refusals += violations
    desired += objects
    if schema.traced:
        desired += trace_objects()
    refusals += _twice(desired)
    types = frozenset(schema.objects)
    return DesiredState(
        in_order(desired), tuple(refusals), tuple(stored_types), types, frozenset(refused)
    )


def _twice(objects: list[DatabaseObject]) -> Iterator[Violation]:
    """Yield violations of two declarations that need one object in different forms."""
    first: dict[tuple[str, str], DatabaseObject] = {}
    for obj in objects:
        other = first.setdefault(obj.key, obj)
        # The object of the fingerprint has a violation itself.
        if other.digest != obj.digest and obj.kind != "fingerprint":
            yield Violation(
                "NAME_TAKEN",
                obj.owner,
                f"{other.owner} has a {obj.kind} {obj.name} of another form.",
                "Keep one of the two types; the other one is read live, at no loss.",
            )


def document_relations(state: DesiredState, type_name: str) -> tuple[str, ...]:
    """Return the relations that hold a type's stored documents, as quoted names."""
    return tuple(
        created.name
        for stored_type in state.stored_types
        if stored_type.type_name == type_name
        for created in strategy_of(stored_type).objects(stored_type)
        if created.kind in ("table", "materialized view")
        and not created.name.startswith('"fraiseql".')
    )


def application_privileges(state: DesiredState) -> tuple[Privilege, ...]:
    """Return the privileges for stored documents and the trace, besides those on tables."""
    names = [
        name
        for stored_type in state.stored_types
        if stored_type.type_name not in state.refused
        for name in strategy_of(stored_type).readable(stored_type)
    ]
    stored = [Privilege("stored", "SELECT", name) for name in dict.fromkeys(names)]
    traced = trace_objects()[0] in state.objects
    return (*stored, *(trace_privileges() if traced else ()))


def _of(stored_type: StoredType) -> tuple[list[Violation], list[DatabaseObject]]:
    strategy = strategy_of(stored_type)
    violations = list(strategy.refusals(stored_type))
    # An object that only this role, or this server, must not create is still desired.
    allowed = all(violation.create_only for violation in violations)
    return violations, list(strategy.objects(stored_type)) if allowed else []


def in_order(objects: list[DatabaseObject]) -> tuple[DatabaseObject, ...]:
    """Return ``objects`` without duplicates, dependencies first.

    The framework's schema is left out: it belongs to the ledger.
    """
    objects = [obj for obj in objects if obj.kind != "schema"]
    by_name: dict[str, list[DatabaseObject]] = {}
    for obj in dict.fromkeys(objects):
        by_name.setdefault(obj.name, []).append(obj)
    done: dict[tuple[str, str], DatabaseObject] = {}

    def visit(obj: DatabaseObject) -> None:
        if obj.key in done:
            return
        for need in obj.needs:
            for needed in by_name.get(need, ()):
                if needed.key != obj.key:
                    visit(needed)
        done[obj.key] = obj

    for obj in dict.fromkeys(objects):
        visit(obj)
    return tuple(done.values())
