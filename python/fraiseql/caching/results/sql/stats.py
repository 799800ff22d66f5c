"""Tables of statistics, which processes flush from time to time.

Each process writes its own absolute counters: writing them twice changes nothing, and no two
processes write the same row. The tables are unlogged: a crash loses statistics, never an answer.
"""
# ruff: noqa: S608 - names are constants

from typing import Final

from fraiseql.caching.objects import DatabaseObject, private_function

COUNTERS: Final = '"fraiseql"."result_figures"'
KEYS_TABLE: Final = '"fraiseql"."result_keys"'
WRITE: Final = '"fraiseql"."write_result_figures"'
FOLD: Final = '"fraiseql"."fold_result_figures"'

FOLDED: Final = "00000000-0000-0000-0000-000000000000"
"""The process that holds the sums of those that ended long ago."""

SILENT: Final = "1 day"
"""Silence after which the rows of a process are folded."""

_TYPES: Final = {
    **dict.fromkeys(
        ("hits", "behind", "misses", "stale", "bypassed", "collapsed", "stored", "size"), "bigint"
    ),
    **dict.fromkeys(("saved_ms", "age", "oldest"), "double precision"),
    **dict.fromkeys(("reasons", "events"), "jsonb"),
}

COUNTED_BY_WORD: Final = ("reasons", "events")
"""Columns that count by word."""

SUMMED: Final = {n: kind for n, kind in _TYPES.items() if n not in ("oldest", *COUNTED_BY_WORD)}
"""Columns that are summed over processes, with their types; of ``oldest``, the maximum is used."""

_LOCK: Final = 4_711_310_030
"""Number of an advisory lock: shared by those who write, held alone by the one who folds."""

_ALL: Final = ", ".join(_TYPES)
_GIVEN: Final = ", ".join(f"{name} {kind}" for name, kind in _TYPES.items())

_FIGURES: Final = f"""\
CREATE UNLOGGED TABLE IF NOT EXISTS {COUNTERS} (
  process uuid NOT NULL,
  query text NOT NULL,
  {", ".join(f"{name} {kind} NOT NULL" for name, kind in _TYPES.items())},
  flush bigint NOT NULL,
  at timestamptz NOT NULL,
  PRIMARY KEY (process, query)
) WITH (fillfactor = 50)"""

_KEYS: Final = f"""\
CREATE UNLOGGED TABLE IF NOT EXISTS {KEYS_TABLE} (
  process uuid NOT NULL,
  key bytea NOT NULL,
  query text NOT NULL,
  hits bigint NOT NULL,
  flush bigint NOT NULL,
  PRIMARY KEY (process, key)
) WITH (fillfactor = 50)"""

_SET: Final = ", ".join(f"{name} = excluded.{name}" for name in (*_TYPES, "flush", "at"))

# A separate statement takes the lock, so that the next ones see all rows folded before. Rows are
# written in a fixed order: a statement that seemed lost may run at the same time as its repetition.
# The number of the flush decides between the two.
_WRITER: Final = f"""\
CREATE OR REPLACE FUNCTION {WRITE}(
  own uuid, known boolean, number bigint, figures text,
  keys bytea[], queries text[], counted bigint[], gone bytea[]) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $fraiseql$
DECLARE
  outcome text := 'written';
BEGIN
  PERFORM pg_advisory_xact_lock_shared({_LOCK});
  IF known AND NOT EXISTS (SELECT FROM {COUNTERS} f WHERE f.process = own) THEN
    IF EXISTS (SELECT FROM {COUNTERS} f WHERE f.process = '{FOLDED}') THEN
      RETURN 'folded';
    END IF;
    outcome := 'emptied';
  END IF;
  INSERT INTO {COUNTERS} AS f (process, query, {_ALL}, flush, at)
  SELECT own, query, {_ALL}, number, clock_timestamp()
  FROM jsonb_to_recordset(figures::jsonb) AS g (query text, {_GIVEN})
  ORDER BY query
  ON CONFLICT (process, query) DO UPDATE SET {_SET} WHERE f.flush < excluded.flush;
  DELETE FROM {KEYS_TABLE} k WHERE k.process = own AND k.key = ANY (gone) AND k.flush < number;
  INSERT INTO {KEYS_TABLE} AS k (process, key, query, hits, flush)
  SELECT own, g.key, g.query, g.hits, number
  FROM unnest(keys, queries, counted) AS g (key, query, hits)
  ORDER BY g.key
  ON CONFLICT (process, key) DO UPDATE SET query = excluded.query, hits = excluded.hits,
    flush = excluded.flush
  WHERE k.flush < excluded.flush;
  RETURN outcome;
END $fraiseql$"""

_SUMS: Final = ", ".join(f"sum({name})" for name in SUMMED)


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


_FOLDER: Final = f"""\
CREATE OR REPLACE FUNCTION {FOLD}(silent interval) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $fraiseql$
DECLARE
  ended uuid[];
BEGIN
  PERFORM pg_advisory_xact_lock({_LOCK});
  SELECT array_agg(p.process) INTO ended FROM (
    SELECT f.process FROM {COUNTERS} f WHERE f.process <> '{FOLDED}'
    GROUP BY f.process HAVING max(f.at) < clock_timestamp() - silent) p;
  IF ended IS NULL THEN
    RETURN 0;
  END IF;
  WITH gone AS MATERIALIZED (
    DELETE FROM {COUNTERS} f WHERE f.process = ANY (ended) OR f.process = '{FOLDED}' RETURNING f.*)
  INSERT INTO {COUNTERS} (process, query, {_ALL}, flush, at)
  SELECT '{FOLDED}', g.query, {_SUMS}, max(oldest),
    {words("o.reasons", "gone AS o WHERE o.query = g.query")},
    {words("o.events", "gone AS o WHERE o.query = g.query")},
    0, max(at)
  FROM gone g GROUP BY g.query;
  DELETE FROM {KEYS_TABLE} k WHERE k.process = ANY (ended);
  RETURN cardinality(ended);
END $fraiseql$"""


def stats_objects() -> tuple[DatabaseObject, ...]:
    """Return the tables of statistics, and the functions that write to them."""
    return (
        _table(COUNTERS, _FIGURES, "What result caches did, as each process counted it"),
        _table(KEYS_TABLE, _KEYS, "Hits of the keys that had the most"),
        private_function(
            f"{WRITE}(uuid,boolean,bigint,text,bytea[],text[],bigint[],bytea[])",
            _WRITER,
            COUNTERS,
            KEYS_TABLE,
        ),
        private_function(f"{FOLD}(interval)", _FOLDER, COUNTERS, KEYS_TABLE),
    )


def _table(name: str, create: str, meaning: str) -> DatabaseObject:
    comment = f"COMMENT ON TABLE {name} IS '{meaning}'"
    return DatabaseObject("table", name, (create, comment), (f"DROP TABLE IF EXISTS {name}",))
