"""Documents in a table of their own, maintained by triggers."""

from typing import Final

from fraiseql.caching.dependencies.recorded import (
    fingerprint_object,
    fingerprint_objects,
    record,
)
from fraiseql.caching.objects import DatabaseObject
from fraiseql.caching.strategies.projection.capture import capture_objects
from fraiseql.caching.strategies.projection.flush import flush_function, process_queue_function
from fraiseql.caching.strategies.projection.indexes import IndexRequirement, index_requirements
from fraiseql.caching.strategies.projection.maintenance_sql import (
    backfill,
    build_function,
    repair_batch_function,
    start,
)
from fraiseql.caching.strategies.projection.problems import problems
from fraiseql.caching.strategies.projection.spec import (
    BaseTable,
    EmbedSpec,
    Join,
    KeyColumn,
    ProjectionSpec,
    Qualified,
)
from fraiseql.caching.strategies.projection.tables import own_tables, shared_objects
from fraiseql.caching.strategies.projection.tree import FLUSH, Tree

__all__ = [
    "BaseTable",
    "EmbedSpec",
    "IndexRequirement",
    "Join",
    "KeyColumn",
    "ProjectionSpec",
    "Qualified",
    "flush_now",
    "index_requirements",
    "problems",
    "process_queue_sql",
    "projection_objects",
]

QUEUE_BATCH: Final = 1_000
"""Default number of queued changes that one transaction processes."""


def projection_objects(spec: ProjectionSpec) -> tuple[DatabaseObject, ...]:
    """List the objects of a projection, each after those that it needs.

    The first ones are shared by all projections and equal in every list. The last is the backfill,
    which commits batch by batch and cannot run in a transaction.
    """
    tree = Tree.of(spec)
    captures = capture_objects(tree)
    triggers = tuple(each.name for each in captures if each.kind == "trigger")
    return (
        *shared_objects(),
        *own_tables(tree),
        flush_function(tree),
        build_function(tree),
        repair_batch_function(tree),
        *([process_queue_function(tree)] if spec.mode == "async" else []),
        *captures,
        *fingerprint_objects(),
        _fingerprint(tree, triggers),
        start(tree, triggers),
        backfill(tree),
    )


def _fingerprint(tree: Tree, triggers: tuple[str, ...]) -> DatabaseObject:
    """Record the definitions behind documents, before the first document is computed."""
    spec = tree.spec
    subject = spec.table.sql
    statement = record(subject, (spec.view.sql,), triggers=f"^fql_{spec.name}_")
    needs = (spec.view.sql, *triggers)
    return fingerprint_object(subject, statement, spec.owner, needs, replaces=True)


def flush_now() -> str:
    """Return the statement after which a transaction flushes at once, and after each statement.

    The transaction then reads the documents as its own writes change them, and holds their locks
    until it ends.
    """
    return f"SET CONSTRAINTS {FLUSH} IMMEDIATE"


def process_queue_sql(spec: ProjectionSpec, most: int = QUEUE_BATCH) -> str:
    """Return the query that recomputes the documents of at most ``most`` queued changes.

    It returns the number of changes, and needs a READ COMMITTED transaction. Several may run at
    once.
    """
    return f"SELECT {Tree.of(spec).own('drain').sql}({most})"
