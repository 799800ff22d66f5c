"""Strategy: what ``stored=Projection()`` wants, refuses, publishes, compares and mends."""

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
from fraiseql.caching.strategies.projection.fan_out import fan_outs, too_many
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
from fraiseql.caching.strategies.projection.read_source import is_built, is_whole, kept_document
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
    """What a declared projection comes to.

    Attributes:
        resolved: None when something is refused.
        refused: Why it cannot be had.
        indexes: Indexes that its lookups want and the tables have not.
    """

    resolved: ResolvedProjection | None
    refused: tuple[Violation, ...] = ()
    indexes: tuple[DatabaseObject, ...] = ()


async def inspect(stored_type: StoredType, pool: Pool) -> ProjectionInspection:
    """Read what is under the documents, and resolve the declaration."""
    names = tuple(unknown(stored_type))
    if names:
        return ProjectionInspection(None, names)
    root = places(stored_type)
    tables = {Qualified(one.table.schema, one.table.name) for one in root.walk()}
    found = await load_inspection(pool, tables)
    wrong = tuple(refused(stored_type, root, found))
    if not all(one.create_only for one in wrong):
        return ProjectionInspection(None, wrong)
    resolved = resolve(stored_type, root, found)
    spec = resolved.spec
    rows: list[Any] = await pool.inspect(unfit(spec))
    wrong += tuple(of_problems(stored_type, rows))
    if spec.mode != "async":
        wrong += tuple(of_level(stored_type, await pool.inspect(LEVEL)))
    # Data grow: what was within its budget when it was built stays kept.
    if not wrong and not await is_built(spec, pool):
        wrong = tuple(unbounded(stored_type, root, found))
        if not wrong and spec.mode != "async":
            wrong = tuple(too_many(stored_type, await fan_outs(spec, found, pool)))
    return ProjectionInspection(
        resolved, wrong, tuple(index_objects(stored_type, root, spec, found))
    )


def refusals(stored_type: StoredType) -> Iterable[Violation]:
    """Return why the declaration cannot be had."""
    return _inspection(stored_type).refused


def objects(stored_type: StoredType) -> Iterable[DatabaseObject]:
    """Return the live view, what keeps the documents, and the views that show them."""
    spec = spec_of(stored_type)
    return [
        *live_view.objects(stored_type, chosen(stored_type)),
        *_inspection(stored_type).indexes,
        *projection_objects(spec),
        reading_view(spec),
        public_view(stored_type, spec),
    ]


async def read_source(stored_type: StoredType, pool: Pool) -> StoredSource | None:
    """Return the projection when all of it is there, true, and the role may read it."""
    spec = spec_of(stored_type)
    if not await is_whole(spec, pool):
        return None
    prompt = await recorded_prompt(pool, spec.table.sql)
    if prompt is None:
        return None
    embeds = chosen(stored_type)
    access = await load_access(pool.inspect, spec.table.sql, live_reads(stored_type, embeds))
    return replace(kept_document(stored_type, spec, embeds, prompt), access=access)


def readable(stored_type: StoredType) -> Iterable[str]:
    """Return the view that shows the documents, and the queue that tells their age."""
    spec = spec_of(stored_type)
    queue = (Tree.of(spec).own("queue").sql,) if spec.mode == "async" else ()
    return (spec.reading.sql, *queue)


async def verify(stored_type: StoredType, connection: AdminConnection, sample: float) -> Verified:
    """Compare kept documents with the live view; with a sample, rows of either side."""
    return await compared(stored_type.type_name, spec_of(stored_type), connection, sample)


async def repair(stored_type: StoredType, connection: AdminConnection) -> int:
    """Recompute what differs, a range at a time, under the locks that writers take."""
    return await mended(spec_of(stored_type), connection)


async def has_queue(stored_type: StoredType, connection: AdminConnection) -> bool:
    """Tell whether this generation is made, and its queue is for the connected role to drain."""
    queue = Tree.of(spec_of(stored_type)).own("queue")
    return bool(await connection.fetchval(_HAS_QUEUE, queue.schema, queue.name))


async def process_queue(stored_type: StoredType, connection: AdminConnection) -> int:
    """Recompute what a bounded number of queued changes leads to, and return that number.

    For ``mode="async"`` only; 0 means that nothing waits, or that other drains have all of it.
    """
    return int(await connection.fetchval(process_queue_sql(spec_of(stored_type))))


def spec_of(stored_type: StoredType) -> ProjectionSpec:
    """Return the spec of a declaration that has no refusal."""
    resolved = _inspection(stored_type).resolved
    assert resolved is not None  # noqa: S101 - asked only when nothing is refused
    return resolved.spec


def _inspection(stored_type: StoredType) -> ProjectionInspection:
    found = stored_type.inspection
    assert isinstance(found, ProjectionInspection)  # noqa: S101 - read by this module
    return found


async def compared(
    type_name: str, spec: ProjectionSpec, connection: AdminConnection, sample: float
) -> Verified:
    """Compare documents as text, by the keys of both sides; ``sample`` is a share in per cent."""
    rows: list[Any] = await connection.fetch(comparison(spec, sample))
    shown = tuple(
        Difference(row["key"], row["kept"], row["live"]) for row in rows if row["key"] is not None
    )
    return Verified(type_name, rows[0]["compared"], rows[0]["differing"], shown)


async def mended(spec: ProjectionSpec, connection: AdminConnection) -> int:
    """Recompute what differs, range after range, each committed; return how many there were.

    A range waits for writers as they wait for each other.
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
