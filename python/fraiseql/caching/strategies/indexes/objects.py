"""Objects of declared indexes, built without blocking reads and writes."""

from datetime import UTC, datetime, timedelta

from fraiseql.caching.objects import DatabaseObject
from fraiseql.caching.strategies.base import ResolveContext, Violation
from fraiseql.caching.strategies.indexes.resolve import resolve
from fraiseql.caching.strategies.indexes.spec import IndexSpec, indexed_types, unindexed_types
from fraiseql.expressions import compared
from fraiseql.field_access import wire_type
from fraiseql.schema.durations import seconds_of
from fraiseql.values import as_wire

SLOTS = ("_a", "_b")
"""Suffixes of the two names of a rolling index: the one in use, and the next or last one."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def index_specs(context: ResolveContext) -> tuple[list[IndexSpec], list[Violation]]:
    """Return the declared indexes, and the reasons for refusing others.

    Raises:
        SourceError: A declared relation, or the column of a field, does not exist.
    """
    specs: list[IndexSpec] = []
    refusals = [_no_table(name) for name in unindexed_types(context)]
    for indexed in indexed_types(context):
        for declared in indexed.definition.indexes:
            spec = resolve(indexed, declared)
            if isinstance(spec, Violation):
                refusals.append(spec)
            else:
                specs.append(spec)
    return specs, refusals


def wanted_indexes(context: ResolveContext) -> tuple[list[DatabaseObject], list[Violation]]:
    """Return the objects of declared indexes, and the reasons for refusing others.

    Raises:
        SourceError: A declared relation, or the column of a field, does not exist.
    """
    specs, refusals = index_specs(context)
    refusals += [_not_owned(spec) for spec in specs if not spec.table.owned]
    return [index_object(spec) for spec in specs if spec.table.owned], refusals


def _no_table(type_name: str) -> Violation:
    return Violation(
        "INDEX_TABLE",
        type_name,
        "its relation does not exist or was created by FraiseQL, so that it can have no indexes.",
        "Declare the indexes on a type over the table itself.",
    )


def _not_owned(spec: IndexSpec) -> Violation:
    return Violation(
        "INDEX_TABLE",
        spec.type_name,
        f"{spec.table.sql} belongs to a role that the connected role is not a member of.",
        "Apply as the owner of the table.",
    )


def index_object(spec: IndexSpec) -> DatabaseObject:
    """Return the object of a spec."""
    lock = (
        f"SHARE UPDATE EXCLUSIVE on {spec.table.sql}: neither reads nor writes wait; it waits for"
        " the transactions in progress"
    )
    if spec.rolled is not None:
        return _rolling_object(spec, lock)
    return DatabaseObject(
        "index",
        spec.sql_name(),
        (spec.create(spec.predicate),),
        (drop(spec.sql_name()),),
        spec.type_name,
        transactional=False,
        lock=lock,
    )


def _rolling_object(spec: IndexSpec, lock: str) -> DatabaseObject:
    drops = tuple([drop(spec.sql_name(slot)) for slot in SLOTS])
    first = spec.create(rolling_predicate(spec, cutoff(spec, datetime.now(UTC))), SLOTS[0])
    return DatabaseObject(
        "rolling index",
        spec.sql_name(),
        (*drops, first),
        drops,
        spec.type_name,
        transactional=False,
        lock=lock,
        version=spec.definition,
    )


def drop(name: str) -> str:
    """Return the statement that drops an index without blocking reads and writes."""
    return f"DROP INDEX CONCURRENTLY IF EXISTS {name}"


def cutoff(spec: IndexSpec, now: datetime) -> datetime:
    """Return the cut-off of a rolling index: a whole number of steps since 1970."""
    window = timedelta(seconds=seconds_of(spec.declared.window, of="window"))
    step = timedelta(seconds=seconds_of(spec.declared.step, of="step"))
    return _EPOCH + (now - window - _EPOCH) // step * step


def rolling_predicate(spec: IndexSpec, moment: datetime) -> str:
    """Return the predicate of a rolling index whose cut-off is ``moment``."""
    assert spec.rolled is not None  # noqa: S101 - callers check it
    return compared("", spec.rolled, "gt", as_wire(wire_type(spec.rolled), moment))
