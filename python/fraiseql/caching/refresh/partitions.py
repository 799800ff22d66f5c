"""Job that follows partitions attached or detached since the last apply."""
# ruff: noqa: S608 - identifiers are quoted, and names are escaped

from typing import Final

from fraiseql.caching.changes.adoption import adopt_partitions
from fraiseql.caching.ddl.adopt import adopt
from fraiseql.caching.refresh.job_context import JobContext
from fraiseql.caching.results.declared import has_caches
from fraiseql.caching.strategies.projection.problems import lineage
from fraiseql.caching.strategies.projection.spec import ProjectionSpec
from fraiseql.caching.strategies.projection.strategy import spec_of
from fraiseql.caching.strategies.projection.tables import BUILT, built_comment
from fraiseql.caching.strategies.registry import strategy_of
from fraiseql.database.writing import AdminConnection
from fraiseql.expressions import literal
from fraiseql.schema import Schema

_INTERVAL: Final = 2.0
"""Seconds between two checks of the catalog."""

RELOAD: Final = None
"""Result of a job whose context is older than the catalog."""


def reads_partitions(schema: Schema) -> bool:
    """Return whether stored documents or results may read partitioned tables."""
    stored = (each.stored for each in schema.objects.values())
    return has_caches(schema) or any(each is not None and each.reads_tables for each in stored)


async def adopt_partitions_of(work: JobContext, connection: AdminConnection) -> float | None:
    """Log the writes of new partitions, and build documents for the present ones.

    Raises:
        DatabaseError: A table was locked, or a step failed; the next run continues.
    """
    await adopt_partitions(connection)
    projections = [each for each in work.stored_types if each.stored.follows_partitions]
    for stored_type in projections:
        spec = spec_of(stored_type)
        if await connection.fetchval(f"SELECT {lineage(spec)}") != spec.lineage:
            return RELOAD
        if await connection.fetchval(_outdated(spec)):
            await adopt(connection, list(strategy_of(stored_type).objects(stored_type)))
    return _INTERVAL


def _outdated(spec: ProjectionSpec) -> str:
    """Return SQL: whether built documents are of other partitions than the present ones."""
    table, view = literal(spec.table.sql), literal(spec.reading.sql)
    comment = literal(built_comment(spec))
    return f"""\
SELECT obj_description(to_regclass({table}), 'pg_class') = '{BUILT}'
  AND obj_description(to_regclass({view}), 'pg_class') IS DISTINCT FROM {comment}
  AND has_table_privilege(to_regclass('fraiseql.ledger'), 'UPDATE')"""
