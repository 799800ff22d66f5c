"""The change log ``fraiseql.changes``: tables that transactions wrote, by triggers.

A row does not record when its transaction commits, and no order is assumed: the snapshot of a view
decides whether the view has seen it. A row has the number of its table, since triggers and views
follow a table through a rename.
"""

from typing import Final

from fraiseql.caching.objects import DatabaseObject, sql_function
from fraiseql.sql_files import load_sql

LOG: Final = '"fraiseql"."changes"'
"""A logged table like materialized views, so that both survive a crash."""

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

    Such an instant was stored before the clock was set back.
    """
    return f"""\
CASE WHEN {instant} > clock_timestamp() THEN 'Infinity'::float8
  ELSE extract(epoch FROM clock_timestamp() - {instant})::float8 END"""


def log_objects() -> tuple[DatabaseObject, ...]:
    """Return the table of the log, and its trigger function."""
    table = DatabaseObject(
        "table",
        LOG,
        (
            _SQL["changes"].text,
            _SQL["changes_xid"].text,
            f"COMMENT ON TABLE {LOG} IS 'Which transaction wrote which table'",
            # Tags may hold values of rows: ``fraiseql db grant`` lets the serving role read it.
            f"REVOKE ALL ON {LOG} FROM PUBLIC",
            "GRANT USAGE ON SCHEMA fraiseql TO PUBLIC",
        ),
        (f"DROP TABLE IF EXISTS {LOG}",),
        replaces=True,
    )
    return table, sql_function(_FUNCTION, _SQL["changed"], LOG)


def trigger_object(table: str, forget: str) -> DatabaseObject:
    """Return the trigger that logs the writes of one table.

    It fires for replicated writes too, and every partition has its own, since a statement on a
    partition fires no statement trigger of the parent table.

    Args:
        table: Quoted and qualified.
        forget: Statement that makes the age of views over the table unknown, since writes
            before the trigger existed are not logged.
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
