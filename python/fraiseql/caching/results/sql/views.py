"""Views of statistics and entries, readable by their owner."""
# ruff: noqa: S608 - names are constants

from collections.abc import Collection
from typing import Final, get_args

from fraiseql.caching.changes.floor import FLOOR
from fraiseql.caching.changes.log import LOG
from fraiseql.caching.objects import DatabaseObject
from fraiseql.caching.results.sql.objects import TableStoreName, segments
from fraiseql.caching.results.sql.stats import COUNTERS, SUMMED, words

STATS: Final = '"fraiseql"."result_cache_stats"'
ENTRIES: Final = '"fraiseql"."result_cache_entries"'

# A sum of bigints is numeric, which clients read as text.
_SUMS: Final = ", ".join(f"sum(s.{name})::{kind} AS {name}" for name, kind in SUMMED.items())

_ANSWERED: Final = "sum(s.hits + s.misses + s.stale + s.bypassed)"

_STATS: Final = f"""\
CREATE OR REPLACE VIEW {STATS} AS
SELECT s.query, {_SUMS}, max(s.oldest) AS oldest,
  (sum(s.hits) / nullif({_ANSWERED}, 0))::double precision AS ratio,
  {words("f.reasons", f"{COUNTERS} AS f WHERE f.query = s.query")} AS reasons,
  {words("f.events", f"{COUNTERS} AS f WHERE f.query = s.query")} AS events,
  max(s.at) AS at
FROM {COUNTERS} s GROUP BY s.query"""

BEHIND: Final = f"""\
CASE WHEN EXISTS (SELECT FROM {FLOOR} f
    WHERE f.tag = ANY (r.tags) AND f.xid >= pg_catalog.pg_snapshot_xmin(r.snap))
  THEN 'Infinity'::double precision
  ELSE (SELECT CASE WHEN max(c.at) > clock_timestamp() THEN 'Infinity'
      ELSE extract(epoch FROM clock_timestamp() - min(c.at)) END FROM {LOG} c
    WHERE c.tag = ANY (r.tags) AND c.xid >= pg_catalog.pg_snapshot_xmin(r.snap)
      AND NOT pg_catalog.pg_visible_in_snapshot(c.xid, r.snap))::double precision END"""
"""Seconds since the oldest write that a row ``r`` of a store misses; null for none."""


def view_objects(stores: Collection[str]) -> tuple[DatabaseObject, ...]:
    """Return the views of statistics, and of the entries of stores that are tables.

    Args:
        stores: Names of the stores in use.
    """
    used = [name for name in get_args(TableStoreName) if name in stores]
    stats = _view(STATS, _STATS, (COUNTERS,), "What result caches did, by query")
    if not used:
        return (stats,)
    tables = tuple(table for name in used for table in segments(name))
    meaning = "What result caches hold now"
    return stats, _view(ENTRIES, _entries(used), (*tables, LOG, FLOOR), meaning)


# The newest row of a key is valid; a row without a value only hides older ones.
def _entries(stores: list[TableStoreName]) -> str:
    rows = "\n  UNION ALL ".join(
        f"SELECT '{store}'::text AS store, r.tableoid AS place, r.* FROM {table} r"
        for store in stores
        for table in segments(store)
    )
    return f"""\
CREATE OR REPLACE VIEW {ENTRIES} AS
SELECT r.store, encode(r.key, 'hex') AS key, r.query, octet_length(r.body) AS bytes,
  r.made, r.expires, r.tags, r.cost::double precision AS cost_ms,
  {BEHIND} AS behind
FROM (SELECT DISTINCT ON (store, key) * FROM (
  {rows}) every WHERE place = home
  ORDER BY store, key, upto DESC) r
WHERE octet_length(r.body) > 0
  AND pg_catalog.pg_snapshot_xmax(r.snap)
    <= pg_catalog.pg_snapshot_xmax(pg_catalog.pg_current_snapshot())"""


def _view(name: str, create: str, needs: tuple[str, ...], meaning: str) -> DatabaseObject:
    return DatabaseObject(
        "view",
        name,
        (
            create,
            f"COMMENT ON VIEW {name} IS '{meaning}'",
            f"REVOKE ALL ON {name} FROM PUBLIC",
        ),
        (f"DROP VIEW IF EXISTS {name}",),
        needs=needs,
    )
