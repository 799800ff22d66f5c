"""Wanted: what an application whose answers are kept wants to be there in the database."""

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
from fraiseql.caching.results.refusals import (
    Resolved,
    refusals,
    resolve_queries,
)
from fraiseql.caching.results.row_triggers import row_trigger_objects
from fraiseql.caching.results.sql.objects import (
    TableStoreName,
    common_objects,
    store_objects,
)
from fraiseql.caching.results.sql.stats import stats_objects
from fraiseql.caching.results.sql.views import view_objects
from fraiseql.caching.strategies.base import StoredType, Violation
from fraiseql.caching.strategies.projection.strategy import ProjectionInspection
from fraiseql.database import Pool
from fraiseql.schema import Schema


async def desired_results(
    schema: Schema, pool: Pool, stored_types: Sequence[StoredType]
) -> tuple[list[Violation], list[DatabaseObject]]:
    """Return what cannot be had, and what is to be there; nothing where no answers are kept.

    Args:
        schema: Everything declared.
        pool: Connections to the database.
        stored_types: The types that are kept, with their facts.

    Raises:
        DatabaseError: The database cannot be asked.
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
    # Both rings, whatever is declared: keys that programs make may go to either, and one view shows
    # what is in them. The one that is not used holds nothing.
    stores: tuple[TableStoreName, ...] = get_args(TableStoreName)
    for store in stores:
        yield from store_objects(store)
    yield from (*stats_objects(), *view_objects(stores))
    tables = {one.sql: one for each in resolved for one in each.inspection.tables if _can_log(one)}
    for name in sorted(tables):
        yield trigger_object(name, unknown_since(name))
    for name in _drained(stored_types):
        # Remade with the table, which is another one after another declaration.
        made = trigger_object(name, unknown_since(name))
        yield replace(made, needs=(*made.needs, name))
    rows = {row.whole: row for each in resolved for tags in each.tags for row in tags.rows}
    for row in rows.values():
        yield from row_trigger_objects(row)


def _can_log(table: InspectedRelation) -> bool:
    return table.kind in ("r", "p") and not table.catalog and table.persistence != "t"


def _drained(stored_types: Iterable[StoredType]) -> Iterator[str]:
    """Yield the tables of asynchronous projections, which answers may be computed from."""
    for one in stored_types:
        if one.stored.has_queue:
            inspection = one.inspection
            if isinstance(inspection, ProjectionInspection) and inspection.resolved is not None:
                yield inspection.resolved.spec.table.sql
