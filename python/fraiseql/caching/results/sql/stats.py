"""Tables of statistics, which processes flush from time to time.

Each process writes its own absolute counters: writing them twice changes nothing, and no two
processes write the same row. The tables are unlogged: a crash loses statistics, never an answer.
"""
# ruff: noqa: S608 - names are constants

from typing import Final

from fraiseql.caching.objects import DatabaseObject, private_function
from fraiseql.sql_files import load_sql

COUNTERS: Final = '"fraiseql"."result_figures"'
KEYS_TABLE: Final = '"fraiseql"."result_keys"'
WRITE: Final = '"fraiseql"."write_result_figures"'
FOLD: Final = '"fraiseql"."fold_result_figures"'

FOLDED: Final = "00000000-0000-0000-0000-000000000000"
"""The process that holds the sums of those that ended long ago."""

SILENT: Final = "1 day"
"""Silence after which the rows of a process are folded."""

COUNTED_BY_WORD: Final = ("reasons", "events")
"""Columns that count by word."""

SUMMED: Final = {
    **dict.fromkeys(
        ("hits", "behind", "misses", "stale", "bypassed", "collapsed", "stored", "size"), "bigint"
    ),
    **dict.fromkeys(("saved_ms", "age"), "double precision"),
}
"""Columns that are summed over processes, with their types; of ``oldest``, the maximum is used."""

_SQL: Final = load_sql(__name__)


def words(column: str, rows: str) -> str:
    """Return the expression that sums counters by word, over rows of one query.

    Args:
        column: ``reasons`` or ``events``.
        rows: Table and condition: ``table AS f WHERE …``.
    """
    source, _, condition = rows.partition(" WHERE ")
    return f"""\
coalesce((SELECT jsonb_object_agg(w.key, w.counted) FROM (
    SELECT e.key, sum(e.value::bigint) AS counted
    FROM {source}, jsonb_each_text({column}) AS e WHERE {condition} GROUP BY e.key) w), '{{}}')"""


def stats_objects() -> tuple[DatabaseObject, ...]:
    """Return the tables of statistics, and the functions that write to them."""
    return (
        _table(COUNTERS, "What result caches did, as each process counted it"),
        _table(KEYS_TABLE, "Hits of the keys that had the most"),
        private_function(
            f"{WRITE}(uuid,boolean,bigint,text,bytea[],text[],bigint[],bytea[])",
            _SQL["write_result_figures"].text,
            COUNTERS,
            KEYS_TABLE,
        ),
        private_function(
            f"{FOLD}(interval)", _SQL["fold_result_figures"].text, COUNTERS, KEYS_TABLE
        ),
    )


def _table(name: str, meaning: str) -> DatabaseObject:
    create = _SQL[name.split('"')[3]].text
    comment = f"COMMENT ON TABLE {name} IS '{meaning}'"
    return DatabaseObject("table", name, (create, comment), (f"DROP TABLE IF EXISTS {name}",))
