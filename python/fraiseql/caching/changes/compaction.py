"""Compaction: rows of the log that nothing depends on are deleted, a bounded number at once.

A long transaction holds nothing back: what counts is whether a row is visible to a snapshot, not
whether all older transactions have ended.
"""
# ruff: noqa: S608 - names are constants

from typing import Final

from fraiseql.caching.changes.log import LOG
from fraiseql.caching.changes.state import BUILDING, FILLING, STATE
from fraiseql.database.writing import Writer

MOST: Final = 20_000
"""Rows that one statement deletes."""

# A refresh that runs meanwhile stores a later snapshot, to which these rows are visible too; a
# reader who sees them gone sees the state rows that they were judged by.
_SEEN: Final = f"""
DELETE FROM {LOG} WHERE (tag, xid) IN (
  SELECT c.tag, c.xid FROM {LOG} c
  WHERE NOT EXISTS (
    SELECT FROM {STATE} s WHERE c.tag = ANY (s.tags) AND s.snap IS NOT NULL
      AND NOT pg_catalog.pg_visible_in_snapshot(c.xid, s.snap))
  ORDER BY c.tag, c.xid LIMIT {MOST})
"""

# Of what a view has not seen, the oldest row of each table tells its age as all of them do, and
# every snapshot to come sees all that this one sees: so no other row is missed.
_MERGED: Final = f"""
WITH done AS MATERIALIZED (
  SELECT c.tag, c.xid, c.at FROM {LOG} c
  WHERE pg_catalog.pg_visible_in_snapshot(c.xid, pg_catalog.pg_current_snapshot())),
oldest AS (
  SELECT DISTINCT ON (s.name, d.tag) d.tag, d.xid
  FROM {STATE} s JOIN done d ON d.tag = ANY (s.tags)
  WHERE NOT pg_catalog.pg_visible_in_snapshot(d.xid, s.snap)
  ORDER BY s.name, d.tag, d.at, d.xid)
DELETE FROM {LOG} WHERE (tag, xid) IN (
  SELECT tag, xid FROM done EXCEPT SELECT tag, xid FROM oldest LIMIT {MOST})
"""

_MINE: Final = f"""
SELECT coalesce(has_table_privilege(to_regclass('{STATE}'), 'UPDATE')
  AND has_table_privilege(to_regclass('{LOG}'), 'DELETE'), false)
"""
_ANY: Final = f"SELECT EXISTS (SELECT FROM {LOG})"
_TURN: Final = "SELECT pg_try_advisory_xact_lock($1)"


async def compact(writer: Writer) -> None:
    """Delete what every view has seen, and of what one has not, all but the oldest.

    A view that is being built is in no committed row of the state, and one that is being refreshed
    has there the snapshot before its own: while there is one, the rows that it may lack are left.
    Where nothing is logged, or the log is another role's, nothing is done.

    Raises:
        DatabaseError: The log cannot be written.
    """
    if not await writer.fetchval(_MINE) or not await writer.fetchval(_ANY):
        return
    for lock, statement in ((BUILDING, _SEEN), (FILLING, _MERGED)):
        async with writer.begun():
            # The lock in a statement of its own: the next one's snapshot is then younger.
            await writer.execute("SET TRANSACTION ISOLATION LEVEL READ COMMITTED")
            if await writer.fetchval(_TURN, lock):
                await writer.execute(statement)
