"""Low watermark of the change log: ``fraiseql.changes_floor``.

It has the latest transaction of each tag whose row was deleted from the log. If a snapshot does not
see that transaction, the log no longer has all writes since the snapshot.
"""

from typing import Final

from fraiseql.caching.advisory_locks import BUILDING, FILLING
from fraiseql.caching.changes.log import LOG
from fraiseql.caching.objects import DatabaseObject
from fraiseql.sql_files import load_sql

FLOOR: Final = '"fraiseql"."changes_floor"'

_SQL: Final = load_sql(__name__)
"""``forced`` counts rows that were deleted for space during a long transaction."""


def floor_object() -> DatabaseObject:
    """Return the table: logged like the log, so that a crash loses neither."""
    shared = "SELECT pg_advisory_xact_lock_shared({})"
    return DatabaseObject(
        "table",
        FLOOR,
        (
            # Waits for a compaction that began before the table existed.
            shared.format(BUILDING),
            shared.format(FILLING),
            _SQL["changes_floor"].text,
            _SQL["changes_floor_xid"].text,
            f"COMMENT ON TABLE {FLOOR} IS 'The latest transaction of each tag that the log lost'",
            f"REVOKE ALL ON {FLOOR} FROM PUBLIC",
        ),
        (f"DROP TABLE IF EXISTS {FLOOR}",),
        needs=(LOG,),
        replaces=True,
    )
