"""Partitions: the job that adopts those that came or went since the last apply."""
# ruff: noqa: S608 - identifiers are quoted, and names written as texts

from typing import Final

from fraiseql.caching.changes.adoption import adopt_partitions
from fraiseql.caching.ddl.adopt import adopt
from fraiseql.caching.refresh.ground import Ground
from fraiseql.caching.results.declared import has_caches
from fraiseql.caching.strategies.projection.problems import lineage
from fraiseql.caching.strategies.projection.spec import ProjectionSpec
from fraiseql.caching.strategies.projection.strategy import spec_of
from fraiseql.caching.strategies.projection.tables import BUILT, whole
from fraiseql.caching.strategies.registry import strategy_of
from fraiseql.database.writing import AdminConnection
from fraiseql.expressions import literal
from fraiseql.schema import Schema

_LOOK: Final = 2.0
"""Seconds between two looks at the catalog."""

RELOAD: Final = None
"""Says that what the job was given is older than the catalog."""


def reads_partitions(schema: Schema) -> bool:
    """Return whether anything that is stored may be read from partitioned tables."""
    stored = (one.stored for one in schema.objects.values())
    return has_caches(schema) or any(one is not None and one.reads_tables for one in stored)


async def adopt_partitions_of(ground: Ground, connection: AdminConnection) -> float | None:
    """Have the change log told of new partitions, and documents built of those there are.

    Raises:
        DatabaseError: A lock was not to be had, or a step failed; the next turn goes on.
    """
    await adopt_partitions(connection)
    projections = [one for one in ground.stored_types if one.stored.follows_partitions]
    for stored_type in projections:
        spec = spec_of(stored_type)
        if await connection.fetchval(f"SELECT {lineage(spec)}") != spec.lineage:
            return RELOAD
        if await connection.fetchval(_outdated(spec)):
            await adopt(connection, list(strategy_of(stored_type).objects(stored_type)))
    return _LOOK


def _outdated(spec: ProjectionSpec) -> str:
    """Write whether documents that were whole once are of other partitions than there are."""
    table, view = literal(spec.table.sql), literal(spec.reading.sql)
    return f"""\
SELECT obj_description(to_regclass({table}), 'pg_class') = '{BUILT}'
  AND obj_description(to_regclass({view}), 'pg_class') IS DISTINCT FROM {literal(whole(spec))}
  AND has_table_privilege(to_regclass('fraiseql.ledger'), 'UPDATE')"""
