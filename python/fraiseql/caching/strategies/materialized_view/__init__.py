"""Materialized views that the framework refreshes and whose age it knows."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any, Final

from fraiseql.caching.dependencies.access import changed, load_access, queried
from fraiseql.caching.dependencies.recorded import guard, recorded_prompt
from fraiseql.caching.dependencies.view_age import age
from fraiseql.caching.objects import DatabaseObject
from fraiseql.caching.strategies.base import StoredType, live_reads
from fraiseql.caching.strategies.live_view import DOCUMENT
from fraiseql.caching.strategies.materialized_view.comparing import repair, verify
from fraiseql.caching.strategies.materialized_view.inspection import ViewInspection, load_inspection
from fraiseql.caching.strategies.materialized_view.names import (
    CONSTANT_KEY,
    embeds_of,
    key_of,
    physical_name,
)
from fraiseql.caching.strategies.materialized_view.objects import physical, view_objects
from fraiseql.caching.strategies.materialized_view.refusals import refusals
from fraiseql.caching.strategies.predicates import queried_by
from fraiseql.catalog.load import load_catalog
from fraiseql.database import Pool
from fraiseql.expressions import literal
from fraiseql.sources import Freshness, StoredSource, live_source

__all__ = ["inspect", "objects", "read_source", "readable", "refusals", "repair", "verify"]

# Run first: a role without USAGE on the schema cannot look up names in it.
_USABLE: Final = """
SELECT FROM pg_namespace WHERE nspname = 'fraiseql' AND has_schema_privilege(oid, 'USAGE')
"""
_READABLE: Final = """
SELECT FROM pg_class c
WHERE c.oid = to_regclass({view}) AND c.relispopulated
  AND has_table_privilege(c.oid, 'SELECT')
  AND has_table_privilege(to_regclass('fraiseql.changes'), 'SELECT')
  AND has_any_column_privilege(to_regclass('fraiseql.view_state'), 'SELECT')
"""


async def inspect(stored_type: StoredType, pool: Pool) -> ViewInspection:
    """Read the columns of the query, the relations it reads and the functions it calls."""
    return await load_inspection(stored_type, pool)


def objects(stored_type: StoredType) -> Iterable[DatabaseObject]:
    """Return the change log, the live view, the materialized view and its public view."""
    return list(view_objects(stored_type))


def readable(stored_type: StoredType) -> Iterable[str]:
    """Return the materialized view."""
    return (physical(stored_type),)


async def read_source(stored_type: StoredType, pool: Pool) -> StoredSource | None:
    """Return the materialized view, if it is populated and the connected role may read it.

    If the live answer is a view over the query, the privileges of its owner apply to both. If it
    is the table, the connected role must be allowed to read every relation of the documents.
    """
    view = physical(stored_type)
    if not await pool.inspect(_USABLE):
        return None
    readable: Any = await pool.inspect(_READABLE.format(view=literal(view)))
    allowed = stored_type.stored.sql is not None or all(
        read.selectable for read in stored_type.inspection.reads
    )
    if not readable or not allowed:
        return None
    prompt = await recorded_prompt(pool, view)
    if prompt is None:
        return None
    name = ".".join(physical_name(stored_type, stored_type.inspection.schema))
    relation = (await load_catalog(pool, [name])).relations[name]
    # PostgreSQL has no NOT NULL and no keys of materialized views: take those of the live relation.
    live = stored_type.context.catalog.relations[live_source(stored_type.definition) or ""].columns
    own = {
        name: live.get(name, column) if stored_type.stored.sql is None else column
        for name, column in relation.columns.items()
        if name != CONSTANT_KEY
    }
    stored, unchanged = stored_type.stored, guard(view, prompt)
    also = (changed(unchanged), *map(queried, queried_by(stored_type)))
    return StoredSource(
        replace(relation, columns=own, key=key_of(stored_type)),
        None if stored.sql is not None else DOCUMENT,
        "instead",
        frozenset(embeds_of(stored_type)),
        Freshness(age(view, unchanged), stored.bound, stored.when_stale),
        access=await load_access(
            pool.inspect, view, live_reads(stored_type, embeds_of(stored_type)), also
        ),
    )
