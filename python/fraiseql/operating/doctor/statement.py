"""The one statement that looks for all faults in one snapshot."""

from collections.abc import Iterable
from dataclasses import fields
from typing import Final

from fraiseql.operating.doctor.fault import SqlFault
from fraiseql.operating.doctor.thresholds import Thresholds
from fraiseql.sql_files import load_sql

_SHARED: Final = load_sql(__name__)
_THRESHOLDS: Final = """
SELECT t.* FROM facts, jsonb_to_record(facts.json -> 'thresholds') AS t ({columns})
"""


_STATEMENTS: Final = "SELECT * FROM {schema}.pg_stat_statements"
_NO_STATEMENTS: Final = """
SELECT 0::bigint AS queryid, 0::oid AS userid, 0::oid AS dbid, '' AS query, 0::bigint AS calls,
  0::bigint AS temp_blks_written, 0::float8 AS total_exec_time, 0::float8 AS mean_exec_time,
  0::float8 AS jit_generation_time, 0::float8 AS jit_inlining_time,
  0::float8 AS jit_optimization_time, 0::float8 AS jit_emission_time WHERE false
"""


def statement(faults: Iterable[SqlFault], major: int, statements: str | None = None) -> str:
    """Return the statement; its parameter is a JSON object with ``thresholds`` and other facts.

    Args:
        faults: The faults to look for.
        major: Major version of the server.
        statements: Quoted schema of the view pg_stat_statements; None without it.
    """
    columns = ", ".join(f"{field.name} float8" for field in fields(Thresholds))
    counted = _STATEMENTS.format(schema=statements) if statements else _NO_STATEMENTS
    shared = [
        "facts AS MATERIALIZED (SELECT $1::text::jsonb AS json)",
        f"thresholds AS MATERIALIZED ({_THRESHOLDS.format(columns=columns)})",
        f"statements AS ({counted})",
        *(f"{each.name} AS MATERIALIZED ({each.text})" for each in _SHARED.values()),
    ]
    parts = [
        f"SELECT '{each.fault.code}' AS code, p.object, p.severity, p.evidence::text AS evidence,"
        f" p.command, p.undo\nFROM ({each.query(major)}) AS p"
        for each in faults
    ]
    return f"WITH {', '.join(shared)}\n" + "\nUNION ALL\n".join(parts)
