"""Log: ``fraiseql.changes``, one row for each table that a transaction wrote, by triggers.

A row says nothing of when its transaction commits, and no order is assumed: whether a view has
seen it is asked of the snapshot that the view was read in. A row names the table by its number: a
trigger stays on a table through a rename, as views keep what they read.
"""

from typing import Final

from fraiseql.caching.objects import DatabaseObject, sql_function
from fraiseql.sql_files import load_sql

LOG: Final = '"fraiseql"."changes"'
"""Logged as the views are: after a crash both are there, or neither is."""

TRIGGER: Final = "fraiseql_changes"
_FUNCTION: Final = '"fraiseql"."changed"()'

CREATE_TRIGGER: Final = (
    f"CREATE OR REPLACE TRIGGER {TRIGGER} AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE"
    f" ON {{table}} FOR EACH STATEMENT EXECUTE FUNCTION {_FUNCTION}"
)
ENABLE_TRIGGER: Final = f"ALTER TABLE ONLY {{table}} ENABLE ALWAYS TRIGGER {TRIGGER}"

_SQL: Final = load_sql(__name__)


def seconds_since(instant: str) -> str:
    """Return the expression of the seconds since an instant; ``Infinity`` for one in the future.

    That was stored before the clock was set back, so how long ago it is, is not known.
    """
    return f"""\
CASE WHEN {instant} > clock_timestamp() THEN 'Infinity'::float8
  ELSE extract(epoch FROM clock_timestamp() - {instant})::float8 END"""


def log_objects() -> tuple[DatabaseObject, ...]:
    """Return the table of the log, and the function that writes to it."""
    table = DatabaseObject(
        "table",
        LOG,
        (
            _SQL["changes"].text,
            f"COMMENT ON TABLE {LOG} IS 'Which transaction wrote which table'",
            # It names rows and labels: ``fraiseql db grant`` lets the serving role read it.
            f"REVOKE ALL ON {LOG} FROM PUBLIC",
            "GRANT USAGE ON SCHEMA fraiseql TO PUBLIC",
        ),
        (f"DROP TABLE IF EXISTS {LOG}",),
        replaces=True,
    )
    return table, sql_function(_FUNCTION, _SQL["changed"], LOG)


def trigger_object(table: str, forget: str) -> DatabaseObject:
    """Return the trigger that logs the writes of one table.

    It fires for replicated writes too, and it stands on every partition by itself, since a
    statement that names a partition fires no trigger of the table above.

    Args:
        table: Quoted and qualified.
        forget: Statement that declares unknown what views have seen of the table: what was
            written while the trigger was not there is not in the log.
    """
    create, enable = (text.format(table=table) for text in (CREATE_TRIGGER, ENABLE_TRIGGER))
    return DatabaseObject(
        "trigger",
        f"{TRIGGER} ON {table}",
        (create, enable, forget),
        (f"DROP TRIGGER IF EXISTS {TRIGGER} ON {table}",),
        needs=(_FUNCTION,),
        lock=f"SHARE ROW EXCLUSIVE on {table} until commit; waits for its writers",
        replaces=True,
        adopts=True,
    )
