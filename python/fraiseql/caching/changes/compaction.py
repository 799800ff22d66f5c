"""Compaction: rows of the log that every view has seen are deleted, a bounded number at a time."""
# ruff: noqa: S608 - names are constants

from typing import Final

from fraiseql.caching.changes.log import LOG
from fraiseql.caching.changes.state import STATE
from fraiseql.database.writing import Writer

MOST: Final = 10_000
"""Rows that one compaction deletes."""

# A refresh that runs meanwhile stores a later snapshot, to which these rows are visible too; a
# reader who sees them gone sees the state rows that they were judged by. A long transaction holds
# nothing back: what counts is whether a row is visible to the snapshots, not whether all older
# transactions have ended.
_SEEN: Final = f"""
DELETE FROM {LOG} WHERE (tag, xid) IN (
  SELECT c.tag, c.xid FROM {LOG} c
  WHERE NOT EXISTS (
    SELECT FROM {STATE} s WHERE c.tag = ANY (s.tags) AND s.snap IS NOT NULL
      AND NOT pg_catalog.pg_visible_in_snapshot(c.xid, s.snap))
  ORDER BY c.tag, c.xid LIMIT {MOST} FOR UPDATE SKIP LOCKED)
"""


async def compact(writer: Writer) -> None:
    """Delete what every view has seen.

    Raises:
        DatabaseError: The log cannot be written.
    """
    if await writer.fetchval(f"SELECT to_regclass('{LOG}') IS NOT NULL"):
        await writer.execute(_SEEN)
