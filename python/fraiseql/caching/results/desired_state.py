"""Database objects that result caches need."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import get_args

from fraiseql.caching.changes.adoption import adoption_object
from fraiseql.caching.changes.floor import floor_object
from fraiseql.caching.changes.log import log_objects, trigger_object
from fraiseql.caching.changes.state import state_object
from fraiseql.caching.dependencies.fingerprint import shape_objects
from fraiseql.caching.dependencies.inspection import InspectedRelation
from fraiseql.caching.dependencies.view_age import unknown_since
from fraiseql.caching.objects import DatabaseObject
from fraiseql.caching.results.declared import has_caches
from fraiseql.caching.results.refusals import Resolved, refusals, resolve_queries
from fraiseql.caching.results.row_triggers import row_trigger_objects
from fraiseql.caching.results.sql.objects import TableStoreName, common_objects, store_objects
from fraiseql.caching.results.sql.stats import stats_objects
from fraiseql.caching.results.sql.views import view_objects
from fraiseql.caching.strategies.base import StoredType, Violation
from fraiseql.caching.strategies.projection.strategy import ProjectionInspection
from fraiseql.database import Pool
from fraiseql.schema import Schema


async def desired_results(
    schema: Schema, pool: Pool, stored_types: Sequence[StoredType]
) -> tuple[list[Violation], list[DatabaseObject]]:
    """Return the violations and the objects of declared caches; both empty without caches.

    Args:
        schema: Everything declared.
        pool: Connections to the database.
        stored_types: Stored types with their inspections.

    Raises:
        DatabaseError: The database cannot be reached.
    """
    if not has_caches(schema):
        return [], []
    resolved = await resolve_queries(schema, pool)
    return list(refusals(resolved)), list(_objects(resolved, stored_types))


def _objects(
    resolved: Sequence[Resolved], stored_types: Iterable[StoredType]
) -> Iterator[DatabaseObject]:
    yield from (*log_objects(), state_object(), floor_object(), *shape_objects())
    yield adoption_object()
    yield from common_objects()
    # Both rings, whatever is declared: results under a program's own keys may go to either, and one
    # view shows all entries. An unused ring is empty.
    stores: tuple[TableStoreName, ...] = get_args(TableStoreName)
    for store in stores:
        yield from store_objects(store)
    yield from (*stats_objects(), *view_objects(stores))
    tables = {
        table.sql
        for query in resolved
        for table in query.inspection.tables
        if _can_have_triggers(table)
    }
    for name in sorted(tables):
        yield trigger_object(name, unknown_since(name))
    for name in _queued(stored_types):
        # Created again with the table, which another declaration replaces.
        trigger = trigger_object(name, unknown_since(name))
        yield replace(trigger, needs=(*trigger.needs, name))
    rows = {row.whole: row for query in resolved for tags in query.tags for row in tags.rows}
    for row in rows.values():
        yield from row_trigger_objects(row)


def _can_have_triggers(table: InspectedRelation) -> bool:
    return table.kind in ("r", "p") and not table.catalog and table.persistence != "t"


def _queued(stored_types: Iterable[StoredType]) -> Iterator[str]:
    """Yield the tables of asynchronous projections, which answers may be computed from."""
    for stored_type in stored_types:
        if stored_type.stored.has_queue:
            inspection = stored_type.inspection
            if isinstance(inspection, ProjectionInspection) and inspection.resolved is not None:
                yield inspection.resolved.spec.table.sql
