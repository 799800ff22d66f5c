"""Epoch of a cluster between two crashes, for entries outside of it.

A crash may lose committed transactions (``synchronous_commit = off``) and reuse their numbers: a
snapshot from before the crash says nothing about writes after it. Entries in the database are lost
with it; entries in Redis are not.
"""
# ruff: noqa: S608 - names are constants

from typing import Final

from fraiseql.caching.results.sql.objects import EPOCH, NEW_EPOCH
from fraiseql.database import Pool

# A crash, a restore and a promotion empty unlogged tables. A copy of a stopped server's files has
# the row, and another start time; a database created from this one as template has the row, and
# another number.
EPOCH_SQL: Final = f"""\
(SELECT concat_ws('/', e.id, (extract(epoch FROM pg_postmaster_start_time()) * 1000000)::bigint,
   d.oid)
 FROM {EPOCH} e, pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database())"""
"""Expression of the epoch in a statement's snapshot; null where a new one must begin."""

_RECOVERING: Final = "SELECT pg_is_in_recovery()"


async def crash_epoch(pool: Pool) -> str | None:
    """Return the epoch; a new one begins after a crash. None on a standby.

    Args:
        pool: Connections that may write.

    Raises:
        DatabaseError: The table does not exist, or belongs to another role.
    """
    if (await pool.inspect(_RECOVERING))[0][0]:
        return None
    await pool.inspect(f"SELECT {NEW_EPOCH}")
    rows = await pool.inspect(f"SELECT {EPOCH_SQL}")
    return None if rows[0][0] is None else str(rows[0][0])
