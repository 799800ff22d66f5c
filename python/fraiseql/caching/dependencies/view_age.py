"""Statements that store a materialized view's snapshot, and compute its age.

A view has seen a transaction if and only if the stored snapshot sees it. That snapshot is taken
before the view's query runs, so it never includes too much.
"""
# ruff: noqa: S608 - names are literals that are escaped here

from typing import Final

from fraiseql.caching.advisory_locks import BUILDING, FILLING
from fraiseql.caching.changes.log import LOG, TRIGGER
from fraiseql.caching.changes.state import CLUSTER, STATE
from fraiseql.caching.dependencies.reads import UNTRACKED, closure
from fraiseql.caching.dependencies.recorded import is_unchanged
from fraiseql.expressions import literal
from fraiseql.sql_names import op

# Whether every write is logged, and the meaning of the query: triggers that exist and are ENABLE
# ALWAYS, partitions, and the views in between. A change that is reverted is a new version (xmin).
# Sums, since a sorted list would cost more than the rest of the age.
_SUM: Final = "pg_catalog.sum(pg_catalog.hashtextextended(pg_catalog.concat_ws(':', {}), 0))"
_SHAPE: Final = f"""\
pg_catalog.concat_ws(';',
  (SELECT {_SUM.format("g.tgrelid, g.tgenabled, g.xmin")}
   FROM pg_catalog.pg_trigger g
   WHERE g.tgrelid {op("=")} ANY ({{tags}}::pg_catalog.oid[]) AND g.tgname {op("=")} '{TRIGGER}'),
  (SELECT {_SUM.format("i.inhparent, i.inhrelid, i.xmin")}
   FROM pg_catalog.pg_inherits i
   WHERE i.inhparent {op("=")} ANY ({{tags}}::pg_catalog.oid[])
     OR i.inhrelid {op("=")} ANY ({{tags}}::pg_catalog.oid[])),
  CASE WHEN {{views}} {op("<>")} '{{{{}}}}' THEN
    (SELECT {_SUM.format("w.ev_class, w.xmin")}
     FROM pg_catalog.pg_rewrite w WHERE w.ev_class {op("=")} ANY ({{views}})) END)"""

# The row may have come from another cluster with a dump: there its relation has another number,
# or its snapshot lies beyond every transaction of this cluster.
_NOW: Final = "pg_catalog.clock_timestamp()"
_SINCE: Final = f"greatest(extract(epoch FROM {_NOW} {op('-')} {{}}), 0.000001)"
_AGE: Final = f"""\
(SELECT CASE WHEN s.snap IS NULL OR (s.relation {op("=")} {{relation}}::pg_catalog.oid) IS NOT TRUE
    OR pg_catalog.pg_snapshot_xmax(s.snap)
      {op(">")} pg_catalog.pg_snapshot_xmax(pg_catalog.pg_current_snapshot())
    OR (s.shape {op("=")} {{shape}}) IS NOT TRUE OR {{unchanged}} IS NOT TRUE
    OR s.clock AND s.as_of {op(">")} {_NOW}
  THEN NULL
  ELSE (SELECT CASE WHEN pg_catalog.max(c.at) {op(">")} {_NOW} THEN NULL ELSE greatest(
      CASE WHEN s.clock THEN {_SINCE.format("s.as_of")} ELSE 0 END,
      CASE WHEN pg_catalog.min(c.at) IS NULL THEN 0
        ELSE {_SINCE.format("pg_catalog.min(c.at)")} END) END
     FROM {LOG} c
     WHERE c.tag {op("=")} ANY (s.tags) AND c.xid {op(">=")} pg_catalog.pg_snapshot_xmin(s.snap)
       AND NOT pg_catalog.pg_visible_in_snapshot(c.xid, s.snap)) END::double precision
 FROM {STATE} s WHERE s.name {op("=")} {{name}})"""


def age(view: str, unchanged: str | None = None) -> str:
    """Return the expression of a view's age in seconds, in the snapshot of its statement.

    It is 0 when the view has every committed write to its tables; otherwise the time since the
    first missing write; null when that is unknown: after a restore, when a trigger was dropped or
    disabled, a partition attached or a view in between replaced, and when the time of a write lies
    in the future because the clock was set back. A view that reads the clock is at least as old as
    its last refresh.

    Args:
        view: The materialized view, quoted and qualified.
        unchanged: Condition that all definitions are as recorded; None to compare them.
    """
    name = literal(view)
    unchanged = unchanged or is_unchanged(view)
    shape = _SHAPE.format(tags="s.tags", views="s.views")
    return _AGE.format(
        name=name, relation=f"pg_catalog.to_regclass({name})", shape=shape, unchanged=unchanged
    )


def age_unknown(row: str) -> str:
    """Return the condition that the last refresh of the present tables did not know the age.

    Args:
        row: Alias of the row in ``fraiseql.view_state``.
    """
    shape = _SHAPE.format(tags=f"{row}.tags", views=f"{row}.views")
    return f"({row}.snap IS NULL AND {row}.shape IS NOT DISTINCT FROM {shape})"


def begin_state(view: str, *, clock: bool) -> tuple[str, ...]:
    """Return the statements that store the snapshot, to run before a view is populated.

    Outside of READ COMMITTED the snapshot is older than the locks against compaction; then no
    snapshot is stored until the first refresh.
    """
    shared = "SELECT pg_advisory_xact_lock_shared({})"
    stored = f"""\
INSERT INTO {STATE} (name, cluster, snap, clock, as_of)
VALUES ({literal(view)}, {CLUSTER},
  CASE current_setting('transaction_isolation')
    WHEN 'read committed' THEN pg_catalog.pg_current_snapshot() END,
  {str(clock).lower()}, now())
ON CONFLICT (name) DO UPDATE SET cluster = excluded.cluster, snap = excluded.snap,
  clock = excluded.clock, as_of = excluded.as_of"""
    return shared.format(BUILDING), shared.format(FILLING), stored


def shape_now(view: str) -> str:
    """Return the query for the fingerprint of a view's tables, to run before it is populated."""
    return f"{_found(view)} SELECT found.shape FROM found"


def end_state(view: str, unchanged: str = "true") -> str:
    """Return the statement to run afterwards: it stores the view's tables and their fingerprint.

    Args:
        view: Quoted and qualified.
        unchanged: Condition that ``found.shape`` has not changed since.
    """
    name = literal(view)
    return f"""\
{_found(view)}
UPDATE {STATE} s SET relation = {name}::regclass, tags = found.tags, views = found.views,
  shape = found.shape,
  snap = CASE WHEN {unchanged} AND NOT EXISTS ({UNTRACKED}) THEN s.snap END,
  took = greatest(0, extract(epoch FROM clock_timestamp() - s.as_of)),
  refreshes = s.refreshes + 1, fails = 0, failed_at = NULL, failure = NULL
FROM found WHERE s.name = {name}"""


def _found(view: str) -> str:
    return f"""\
{closure(f"ARRAY[{literal(view)}::regclass]::oid[]")}, parts AS (
  SELECT ARRAY(SELECT reads.oid::text FROM reads ORDER BY 1) AS tags,
    ARRAY(SELECT v.oid FROM views v JOIN pg_catalog.pg_class c ON c.oid = v.oid
      WHERE c.relkind = 'v' ORDER BY 1) AS views),
found AS (
  SELECT tags, views, {_SHAPE.format(tags="parts.tags", views="parts.views")} AS shape FROM parts)
"""


def forget_state(view: str) -> str:
    """Return the statement that removes the state of a dropped view."""
    return f"DELETE FROM {STATE} WHERE name = {literal(view)}"


def unknown_since(table: str) -> str:
    """Return the statement that makes the age of views over ``table`` unknown."""
    return (
        f"UPDATE {STATE} SET snap = NULL WHERE {literal(table)}::regclass::oid::text = ANY (tags)"
    )
