"""Compaction: rows of the log that nothing depends on are deleted, a bounded number at once.

For views a long transaction holds nothing back: what counts is whether a row is visible to a
snapshot, not whether all older transactions have ended. For results it does: what is deleted
raises the floor, and a floor above the oldest transaction that runs would make new results
worthless; so it is passed only where the log grows too long.
"""
# ruff: noqa: S608 - names are constants

from typing import Final

from fraiseql.caching.changes.floor import FLOOR
from fraiseql.caching.changes.log import LOG
from fraiseql.caching.changes.state import BUILDING, FILLING, STATE
from fraiseql.database.writing import AdminConnection

MOST: Final = 20_000
"""Rows that one statement deletes, and that may wait for a long transaction."""

MOST_OF_TAG: Final = 1_000
"""Rows of one tag that may wait: each look-up of a result reads them."""

MOST_FLOORS: Final = 100_000
"""Floors of single rows of tables, before the oldest of them become one floor of their column."""

# A refresh that runs meanwhile stores a later snapshot, to which these rows are visible too; a
# reader who sees them gone sees the state rows that they were judged by.
_SEEN: Final = f"""
SELECT c.tag, c.xid FROM {LOG} c
WHERE NOT EXISTS (
  SELECT FROM {STATE} s WHERE c.tag = ANY (s.tags) AND s.snap IS NOT NULL
    AND NOT pg_catalog.pg_visible_in_snapshot(c.xid, s.snap)){{more}}
ORDER BY c.tag, c.xid LIMIT {MOST}"""

# Of what a view has not seen, the oldest row of each table tells its age as all of them do, one of
# the future that it is not known, and
# every snapshot to come sees all that this one sees: so no other row is missed.
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

# What no transaction that runs can miss, and no result that may be a little stale needs for its
# age; of a tag with many rows only the former counts, and of one with too many nothing does.
_HORIZON: Final = "pg_catalog.pg_snapshot_xmin(pg_catalog.pg_current_snapshot())"
_UNMISSED: Final = f"""
  AND (c.xid < {_HORIZON} AND c.at < clock_timestamp() - {{kept}} * interval '1 second'
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

# A floor of `table:column=value` becomes part of the one of `table:column`, which is asked about
# wherever the first one is.
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

# Nobody here sees a transaction that has not begun: such rows came from another cluster.
_STRANGE: Final = tuple(
    f"DELETE FROM {name} WHERE xid >= pg_catalog.pg_snapshot_xmax(pg_catalog.pg_current_snapshot())"
    for name in (LOG, FLOOR)
)

KEPT: Final = 10.0
"""Seconds that rows of the log stay where results are kept, at least."""

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
    """Return whether the role may delete from the log; also where there is none.

    Raises:
        DatabaseError: The database cannot be asked.
    """
    return await connection.fetchval(_MINE) is not False


async def compact(connection: AdminConnection, kept: float = KEPT) -> None:
    """Delete what every view has seen, and of what one has not, all but the oldest.

    A view that is being built is in no committed row of the state, and one that is being refreshed
    has there the snapshot before its own: while there is one, the rows that it may lack are left.
    Where results are kept, the floor says what was deleted. Where nothing is logged, or the log is
    another role's, nothing is done.

    Args:
        connection: A connection outside of any transaction.
        kept: Seconds that rows are there for the age of results, if not too many come.

    Raises:
        DatabaseError: The log cannot be written.
    """
    if not await connection.fetchval(_MINE) or not await connection.fetchval(_ANY):
        return
    for lock, rows in ((BUILDING, _SEEN), (FILLING, _MERGED)):
        async with connection.begun():
            # The lock in a statement of its own: the next one's snapshot is then younger.
            await connection.execute("SET TRANSACTION ISOLATION LEVEL READ COMMITTED")
            if await connection.fetchval(_TURN, lock):
                for statement in _statements(
                    rows, kept, floor=await connection.fetchval(_HAS_FLOOR)
                ):
                    await connection.execute(statement)


async def empty(connection: AdminConnection) -> None:
    """Delete all of the log, in the caller's transaction, which claims nothing of views any more.

    Raises:
        DatabaseError: The log cannot be written.
    """
    # Not TRUNCATE: a transaction with an older snapshot would find the log empty.
    everything = f"SELECT tag, xid FROM {LOG}"
    await connection.fetchval("SELECT pg_advisory_xact_lock($1)", FILLING)
    if await connection.fetchval(_HAS_FLOOR):
        for statement in (*_STRANGE, _FLOORED.format(rows=everything)):
            await connection.execute(statement)
    else:
        await connection.execute(_PLAIN.format(rows=everything))


def _statements(rows: str, kept: float, *, floor: bool) -> tuple[str, ...]:
    if not floor:
        return (_PLAIN.format(rows=rows.format(more="")),)
    return (
        *_STRANGE,
        _FLOORED.format(rows=rows.format(more=_UNMISSED.format(kept=float(kept)))),
        _FOLDED,
    )
