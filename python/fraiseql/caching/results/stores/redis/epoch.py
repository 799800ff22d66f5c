"""Epoch: what a cluster was in between two crashes, for entries that are kept outside of it.

A crash may lose transactions that had committed (``synchronous_commit = off``) and give their
numbers to others: a snapshot from before says nothing of what came after. Entries inside of the
database are gone, or as old, with it; those in Redis are not.
"""
# ruff: noqa: S608 - names are constants

from typing import Final

from fraiseql.caching.results.sql.objects import EPOCH, NEW_EPOCH
from fraiseql.database import Pool

# A crash, a restore and a promotion empty what is not logged; a copy of the files of a server that
# was stopped has the row, and starts at another time; a database that another one was the template
# of has it too, and another number.
EPOCH_SQL: Final = f"""\
(SELECT concat_ws('/', e.id, (extract(epoch FROM pg_postmaster_start_time()) * 1000000)::bigint,
   d.oid)
 FROM {EPOCH} e, pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database())"""
"""Expression of the epoch in a statement's snapshot; null where it must be written anew."""

_RECOVERING: Final = "SELECT pg_is_in_recovery()"


async def crash_epoch(pool: Pool) -> str | None:
    """Return the epoch, begun anew where a crash has ended it; None on a standby.

    Args:
        pool: One that may write.

    Raises:
        DatabaseError: The table is not there, or is another role's.
    """
    if (await pool.inspect(_RECOVERING))[0][0]:
        return None
    await pool.inspect(f"SELECT {NEW_EPOCH}")
    rows = await pool.inspect(f"SELECT {EPOCH_SQL}")
    return None if rows[0][0] is None else str(rows[0][0])
