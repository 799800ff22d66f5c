"""Tables of the trace and of verifications, and their functions.

The tables are unlogged: a crash loses statistics, never an answer. Each process writes its own rows
with absolute counts: writing them twice changes nothing.
"""

from typing import Final

from fraiseql.caching.objects import DatabaseObject, sql_function
from fraiseql.caching.results.sql.grants import Privilege
from fraiseql.expressions import literal
from fraiseql.sql_files import load_sql

OPERATION: Final = '"fraiseql"."operation"'
STATEMENT: Final = '"fraiseql"."operation_statement"'
WINDOW: Final = '"fraiseql"."operation_window"'
SAMPLE: Final = '"fraiseql"."operation_sample"'
VERIFICATION: Final = '"fraiseql"."verification"'
WRITE_TRACE: Final = '"fraiseql"."write_trace"(text,text)'
DESCRIBE_TRACE: Final = '"fraiseql"."describe_trace"(text,text,text,text)'
PURGE_TRACE: Final = '"fraiseql"."purge_trace"(timestamptz)'

_TABLES: Final = (OPERATION, STATEMENT, WINDOW, SAMPLE)
_ALL_TABLES: Final = (*_TABLES, VERIFICATION)
_FUNCTIONS: Final = (WRITE_TRACE, DESCRIBE_TRACE, PURGE_TRACE)
TRACE_NAMES: Final = frozenset({*_ALL_TABLES, *_FUNCTIONS})
"""Names of the objects."""

_SQL: Final = load_sql(__name__)


def trace_objects() -> tuple[DatabaseObject, ...]:
    """Return the tables of the trace and their functions."""
    functions = [sql_function(name, _SQL[name.split('"')[3]], *_TABLES) for name in _FUNCTIONS]
    return (*map(_table, _ALL_TABLES), *functions)


def trace_privileges() -> tuple[Privilege, ...]:
    """Return the privileges of the application role on the trace."""
    tables = [Privilege("trace", "SELECT", name) for name in _ALL_TABLES]
    return (*tables, *[Privilege("trace", "EXECUTE", name) for name in _FUNCTIONS])


def _table(name: str) -> DatabaseObject:
    statement = _SQL[name.split('"')[3]]
    comment = f"COMMENT ON TABLE {name} IS {literal(statement.purpose)}"
    revoke = f"REVOKE ALL ON {name} FROM PUBLIC"
    drop = f"DROP TABLE IF EXISTS {name}"
    return DatabaseObject("table", name, (statement.text, comment, revoke), (drop,))
