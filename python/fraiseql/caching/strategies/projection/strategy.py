"""The strategy of ``stored=Projection()``."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, Final

from fraiseql.caching.dependencies.access import load_access
from fraiseql.caching.dependencies.recorded import recorded_prompt
from fraiseql.caching.objects import DatabaseObject
from fraiseql.caching.strategies import live_view
from fraiseql.caching.strategies.base import StoredType, Violation, live_reads
from fraiseql.caching.strategies.compare import Difference, Verified
from fraiseql.caching.strategies.projection import process_queue_sql, projection_objects
from fraiseql.caching.strategies.projection.embeds import chosen, places, unknown
from fraiseql.caching.strategies.projection.fan_out import measure_fan_outs, too_many
from fraiseql.caching.strategies.projection.indexes import index_objects
from fraiseql.caching.strategies.projection.inspection import load_inspection
from fraiseql.caching.strategies.projection.maintenance_sql import comparison, repair_next_batch
from fraiseql.caching.strategies.projection.preflight import (
    LEVEL,
    of_level,
    of_problems,
    refused,
    unbounded,
)
from fraiseql.caching.strategies.projection.problems import unfit
from fraiseql.caching.strategies.projection.read_source import is_built, is_whole, stored_source
from fraiseql.caching.strategies.projection.resolve import ResolvedProjection, resolve
from fraiseql.caching.strategies.projection.spec import ProjectionSpec, Qualified
from fraiseql.caching.strategies.projection.tables import public_view, reading_view
from fraiseql.caching.strategies.projection.tree import Tree
from fraiseql.database import Pool
from fraiseql.database.writing import AdminConnection
from fraiseql.sources import StoredSource

_HAS_QUEUE: Final = """
SELECT EXISTS (
  SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE n.nspname = $1 AND c.relname = $2
    AND has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'UPDATE'))
"""


@dataclass(frozen=True, slots=True)
class ProjectionInspection:
    """A declared projection, resolved against the database.

    Attributes:
        resolved: The projection; None if the declaration is refused.
        refused: The reasons for refusing it.
        indexes: Missing indexes of its lookups.
    """

    resolved: ResolvedProjection | None
    refused: tuple[Violation, ...] = ()
    indexes: tuple[DatabaseObject, ...] = ()


async def inspect(stored_type: StoredType, pool: Pool) -> ProjectionInspection:
    """Inspect the base tables, and resolve the declaration."""
    unknown_embeds = tuple(unknown(stored_type))
    if unknown_embeds:
        return ProjectionInspection(None, unknown_embeds)
    root = places(stored_type)
    names = {Qualified(path.table.schema, path.table.name) for path in root.walk()}
    tables = await load_inspection(pool, names)
    violations = tuple(refused(stored_type, root, tables))
    if not all(violation.create_only for violation in violations):
        return ProjectionInspection(None, violations)
    resolved = resolve(stored_type, root, tables)
    spec = resolved.spec
    rows: list[Any] = await pool.inspect(unfit(spec))
    violations += tuple(of_problems(stored_type, rows))
    if spec.mode != "async":
        violations += tuple(of_level(stored_type, await pool.inspect(LEVEL)))
    # Data grow: a projection within its budget when it was built stays stored.
    if not violations and not await is_built(spec, pool):
        violations = tuple(unbounded(stored_type, root, tables))
        if not violations and spec.mode != "async":
            violations = tuple(too_many(stored_type, await measure_fan_outs(spec, tables, pool)))
    return ProjectionInspection(
        resolved, violations, tuple(index_objects(stored_type, root, spec, tables))
    )


def refusals(stored_type: StoredType) -> Iterable[Violation]:
    """Return the reasons for refusing the declaration."""
    return _inspection(stored_type).refused


def objects(stored_type: StoredType) -> Iterable[DatabaseObject]:
    """Return the live view, the projection's own objects, and the views that read it."""
    spec = spec_of(stored_type)
    return [
        *live_view.objects(stored_type, chosen(stored_type)),
        *_inspection(stored_type).indexes,
        *projection_objects(spec),
        reading_view(spec),
        public_view(stored_type, spec),
    ]


async def read_source(stored_type: StoredType, pool: Pool) -> StoredSource | None:
    """Return the projection if it is complete, valid and readable for the role."""
    spec = spec_of(stored_type)
    if not await is_whole(spec, pool):
        return None
    prompt = await recorded_prompt(pool, spec.table.sql)
    if prompt is None:
        return None
    embeds = chosen(stored_type)
    access = await load_access(pool.inspect, spec.table.sql, live_reads(stored_type, embeds))
    return replace(stored_source(stored_type, spec, embeds, prompt), access=access)


def readable(stored_type: StoredType) -> Iterable[str]:
    """Return the view of the documents, and the queue that says how old they are."""
    spec = spec_of(stored_type)
    queue = (Tree.of(spec).own("queue").sql,) if spec.mode == "async" else ()
    return (spec.reading.sql, *queue)


async def verify(stored_type: StoredType, connection: AdminConnection, sample: float) -> Verified:
    """Compare stored documents with the live view; a sample takes rows of both sides."""
    return await compared(stored_type.type_name, spec_of(stored_type), connection, sample)


async def repair(stored_type: StoredType, connection: AdminConnection) -> int:
    """Recompute documents that differ, a batch at a time, under the locks of other writers."""
    return await mended(spec_of(stored_type), connection)


async def has_queue(stored_type: StoredType, connection: AdminConnection) -> bool:
    """Return whether this generation exists and the connected role may process its queue."""
    queue = Tree.of(spec_of(stored_type)).own("queue")
    return bool(await connection.fetchval(_HAS_QUEUE, queue.schema, queue.name))


async def process_queue(stored_type: StoredType, connection: AdminConnection) -> int:
    """Recompute the documents of one batch of queued changes, and return their number.

    For ``mode="async"`` only; 0 means that the queue is empty, or locked by other workers.
    """
    return int(await connection.fetchval(process_queue_sql(spec_of(stored_type))))


def spec_of(stored_type: StoredType) -> ProjectionSpec:
    """Return the spec of a declaration that was not refused."""
    resolved = _inspection(stored_type).resolved
    assert resolved is not None  # noqa: S101 - callers check the refusals first
    return resolved.spec


def _inspection(stored_type: StoredType) -> ProjectionInspection:
    inspection = stored_type.inspection
    assert isinstance(inspection, ProjectionInspection)  # noqa: S101 - set by this module
    return inspection


async def compared(
    type_name: str, spec: ProjectionSpec, connection: AdminConnection, sample: float
) -> Verified:
    """Compare documents as text, by the keys of both sides; ``sample`` is in per cent."""
    rows: list[Any] = await connection.fetch(comparison(spec, sample))
    differences = tuple(
        Difference(row["key"], row["stored"], row["live"]) for row in rows if row["key"] is not None
    )
    return Verified(type_name, rows[0]["compared"], rows[0]["differing"], differences)


async def mended(spec: ProjectionSpec, connection: AdminConnection) -> int:
    """Recompute documents that differ, batch after batch, each committed; return their number.

    A batch waits for other writers as they wait for each other.
    """
    tree = Tree.of(spec)
    statement = repair_next_batch(tree)
    last: tuple[str | None, ...] = (None,) * len(tree.root.types)
    total = 0
    while True:
        async with connection.begun():
            row: Any = await connection.fetchrow(statement, *last)
        total += int(row[0])
        last = tuple(row[1:])
        if last[0] is None:
            return total
