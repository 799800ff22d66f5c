"""Compaction of the change log in bounded steps.

A long transaction does not hold back rows that only views need: such a row can go once the
snapshots of the views see it. It does hold back rows for results: deleting a row raises the low
watermark, and new results are useless below a watermark that is newer than the oldest running
transaction. So the watermark passes that transaction only when the log grows too long.
"""
# ruff: noqa: S608 - names are constants

from typing import Final

from fraiseql.caching.advisory_locks import BUILDING, FILLING
from fraiseql.caching.changes.floor import FLOOR
from fraiseql.caching.changes.log import LOG
from fraiseql.caching.changes.state import STATE
from fraiseql.database.writing import AdminConnection

MOST: Final = 20_000
"""Rows that one statement deletes, and that may wait for a long transaction."""

MOST_OF_TAG: Final = 1_000
"""Rows of one tag that may wait: every look-up of a result reads them."""

MOST_FLOORS: Final = 100_000
"""Watermarks of single rows, before the oldest of them are merged into one of their column."""

# A concurrent refresh stores a later snapshot, which sees these rows too. A reader that no longer
# sees them sees the state rows that allowed their deletion.
_SEEN: Final = f"""
SELECT c.tag, c.xid FROM {LOG} c
WHERE NOT EXISTS (
  SELECT FROM {STATE} s WHERE c.tag = ANY (s.tags) AND s.snap IS NOT NULL
    AND NOT pg_catalog.pg_visible_in_snapshot(c.xid, s.snap)){{more}}
ORDER BY c.tag, c.xid LIMIT {MOST}"""

# Of the rows that a view has not seen, the oldest one of each table is enough for its age; a row of
# the future makes the age unknown. Later snapshots see all that this one sees.
_MERGED: Final = f"""
WITH done AS MATERIALIZED (
  SELECT c.tag, c.xid, c.at FROM {LOG} c
  WHERE pg_catalog.pg_visible_in_snapshot(c.xid, pg_catalog.pg_current_snapshot())),
oldest AS (
  SELECT DISTINCT ON (s.name, d.tag) d.tag, d.xid
  FROM {STATE} s JOIN done d ON d.tag = ANY (s.tags)
  WHERE NOT pg_catalog.pg_visible_in_snapshot(d.xid, s.snap)
  ORDER BY s.name, d.tag, d.at > clock_timestamp() DESC, d.at, d.xid)
SELECT c.tag, c.xid FROM done c
WHERE NOT EXISTS (SELECT FROM oldest o WHERE (o.tag, o.xid) = (c.tag, c.xid)){{more}}
LIMIT {MOST}"""

# Rows that no running transaction can miss and that no stale result needs for its age. For a tag
# with many rows only the first condition counts; rows of a tag with too many always go.
_HORIZON: Final = "pg_catalog.pg_snapshot_xmin(pg_catalog.pg_current_snapshot())"
_UNMISSED: Final = f"""
  AND (c.xid < {_HORIZON} AND c.at < clock_timestamp() - {{seconds}} * interval '1 second'
    OR c.xid < {_HORIZON}
      AND c.tag IN (SELECT l.tag FROM {LOG} l GROUP BY l.tag HAVING count(*) > {MOST_OF_TAG})
    OR (SELECT count(*) FROM {LOG} l WHERE l.xid >= {_HORIZON}) > {MOST}
    OR c.tag IN (SELECT l.tag FROM {LOG} l WHERE l.xid >= {_HORIZON}
      GROUP BY l.tag HAVING count(*) > {MOST_OF_TAG}))"""

_PLAIN: Final = f"DELETE FROM {LOG} WHERE (tag, xid) IN ({{rows}})"
_FLOORED: Final = f"""
WITH gone AS (
  DELETE FROM {LOG} WHERE (tag, xid) IN ({{rows}}) RETURNING tag, xid),
latest AS (
  SELECT DISTINCT ON (g.tag) g.tag, g.xid, count(*) FILTER (WHERE g.xid >= {_HORIZON})
    OVER (PARTITION BY g.tag) AS forced
  FROM gone g ORDER BY g.tag, g.xid DESC)
INSERT INTO {FLOOR} AS f (tag, xid, forced) SELECT l.tag, l.xid, l.forced FROM latest l
ON CONFLICT (tag) DO UPDATE SET forced = f.forced + excluded.forced,
  xid = CASE WHEN f.xid < excluded.xid THEN excluded.xid ELSE f.xid END
"""

# The watermark of `table:column=value` is merged into that of `table:column`, which look-ups of the
# former read too.
_FOLDED: Final = f"""
WITH old AS (
  SELECT f.tag FROM {FLOOR} f WHERE f.tag ~ '^[0-9]+:[^=]+='
  ORDER BY f.xid DESC OFFSET {MOST_FLOORS // 2}),
gone AS (
  DELETE FROM {FLOOR} f USING old
  WHERE f.tag = old.tag AND (SELECT count(*) FROM {FLOOR}) > {MOST_FLOORS}
  RETURNING split_part(f.tag, '=', 1) AS tag, f.xid, f.forced),
latest AS (
  SELECT DISTINCT ON (g.tag) g.tag, g.xid, sum(g.forced) OVER (PARTITION BY g.tag) AS forced
  FROM gone g ORDER BY g.tag, g.xid DESC)
INSERT INTO {FLOOR} AS f (tag, xid, forced) SELECT l.tag, l.xid, l.forced FROM latest l
ON CONFLICT (tag) DO UPDATE SET forced = f.forced + excluded.forced,
  xid = CASE WHEN f.xid < excluded.xid THEN excluded.xid ELSE f.xid END
"""

# Rows of transactions that have not begun came from another cluster.
_STRANGE: Final = tuple(
    f"DELETE FROM {name} WHERE xid >= pg_catalog.pg_snapshot_xmax(pg_catalog.pg_current_snapshot())"
    for name in (LOG, FLOOR)
)

SHORTEST_LIFE: Final = 10.0
"""Shortest time in seconds that rows stay while results are cached."""

_MINE: Final = f"""
SELECT has_table_privilege(to_regclass('{LOG}'), 'DELETE')
  AND coalesce(has_table_privilege(to_regclass('{FLOOR}'), 'INSERT')
    AND has_table_privilege(to_regclass('{FLOOR}'), 'UPDATE')
    AND has_table_privilege(to_regclass('{FLOOR}'), 'DELETE'), true)
  AND coalesce(has_any_column_privilege(to_regclass('{STATE}'), 'SELECT'), true)
"""
_HAS_FLOOR: Final = f"SELECT to_regclass('{FLOOR}') IS NOT NULL"
_ANY: Final = f"SELECT EXISTS (SELECT FROM {LOG})"
_TURN: Final = "SELECT pg_try_advisory_xact_lock($1)"


async def may_compact(connection: AdminConnection) -> bool:
    """Return whether the role may delete from the log; true if there is none.

    Raises:
        DatabaseError: The database cannot be asked.
    """
    return await connection.fetchval(_MINE) is not False


async def compact(connection: AdminConnection, seconds: float = SHORTEST_LIFE) -> None:
    """Delete rows that every view has seen, and of the others all but the oldest per table.

    A view that is being built has no committed state yet, and one that is being refreshed has its
    previous snapshot: the rows that it may need are left. While results are cached, the low
    watermark records the deleted rows. Does nothing without a log, or if another role owns it.

    Args:
        connection: A connection outside of any transaction.
        seconds: Time that rows stay for the age of results, unless there are too many.

    Raises:
        DatabaseError: The log cannot be written.
    """
    if not await connection.fetchval(_MINE) or not await connection.fetchval(_ANY):
        return
    for lock, rows in ((BUILDING, _SEEN), (FILLING, _MERGED)):
        async with connection.begun():
            # The lock in its own statement, so that the next statement has a later snapshot.
            await connection.execute("SET TRANSACTION ISOLATION LEVEL READ COMMITTED")
            if await connection.fetchval(_TURN, lock):
                for statement in _statements(
                    rows, seconds, floor=await connection.fetchval(_HAS_FLOOR)
                ):
                    await connection.execute(statement)


async def empty(connection: AdminConnection) -> None:
    """Delete the whole log, in the caller's transaction, which resets the state of views.

    Raises:
        DatabaseError: The log cannot be written.
    """
    # Not TRUNCATE: a transaction with an older snapshot would see an empty log.
    everything = f"SELECT tag, xid FROM {LOG}"
    await connection.fetchval("SELECT pg_advisory_xact_lock($1)", FILLING)
    if await connection.fetchval(_HAS_FLOOR):
        for statement in (*_STRANGE, _FLOORED.format(rows=everything)):
            await connection.execute(statement)
    else:
        await connection.execute(_PLAIN.format(rows=everything))


def _statements(rows: str, seconds: float, *, floor: bool) -> tuple[str, ...]:
    if not floor:
        return (_PLAIN.format(rows=rows.format(more="")),)
    return (
        *_STRANGE,
        _FLOORED.format(rows=rows.format(more=_UNMISSED.format(seconds=float(seconds)))),
        _FOLDED,
    )
