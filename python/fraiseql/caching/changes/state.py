"""State of materialized views: ``fraiseql.view_state``, with the snapshot of each.

A view has seen a transaction if and only if the stored snapshot sees it. That snapshot is taken
before the view's query runs, so it never includes too much.
"""

from typing import Final

from fraiseql.caching.changes.log import LOG
from fraiseql.caching.objects import DatabaseObject
from fraiseql.sql_files import load_sql

STATE: Final = '"fraiseql"."view_state"'

CLUSTER: Final = """\
(SELECT c.system_identifier || '/' || d.oid FROM pg_catalog.pg_control_system() c,
  pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database())"""
"""Identity of this database: transaction numbers of another cluster mean nothing here."""

_SQL: Final = load_sql(__name__)

READABLE: Final = "name, relation, cluster, snap, shape, views, tags, clock, as_of, took, refreshes"
"""Columns that serving may read: not the message of a failed refresh, which may hold values."""


def state_object() -> DatabaseObject:
    """Return the table."""
    return DatabaseObject(
        "table",
        STATE,
        (
            _SQL["view_state"].text,
            f"COMMENT ON TABLE {STATE} IS 'What each materialized view has seen'",
            f"REVOKE ALL ON {STATE} FROM PUBLIC",
        ),
        (f"DROP TABLE IF EXISTS {STATE}",),
        needs=(LOG,),
        replaces=True,
    )
