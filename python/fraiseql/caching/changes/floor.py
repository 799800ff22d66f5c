"""Floor: ``fraiseql.changes_floor``, the latest transaction of each tag that the log lost.

Whoever asks what was written since a snapshot is told by the log, unless the floor of a tag is not
below all that the snapshot saw: then what was asked about may be gone, and nothing is known.
"""

from typing import Final

from fraiseql.caching.changes.log import LOG
from fraiseql.caching.changes.state import BUILDING, FILLING
from fraiseql.caching.objects import DatabaseObject
from fraiseql.sql_files import load_sql

FLOOR: Final = '"fraiseql"."changes_floor"'

_SQL: Final = load_sql(__name__)
"""``forced`` counts the rows that were lost for want of room, under a long transaction."""


def floor_object() -> DatabaseObject:
    """Return the table: logged as the log is, so that a crash loses neither."""
    shared = "SELECT pg_advisory_xact_lock_shared({})"
    return DatabaseObject(
        "table",
        FLOOR,
        (
            # No compaction is under way that found no floor and will not raise it.
            shared.format(BUILDING),
            shared.format(FILLING),
            _SQL["changes_floor"].text,
            f"COMMENT ON TABLE {FLOOR} IS 'The latest transaction of each tag that the log lost'",
            f"REVOKE ALL ON {FLOOR} FROM PUBLIC",
        ),
        (f"DROP TABLE IF EXISTS {FLOOR}",),
        needs=(LOG,),
        replaces=True,
    )
