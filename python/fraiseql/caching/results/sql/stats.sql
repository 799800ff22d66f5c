-- result_figures: Counters of each process, by query.
CREATE UNLOGGED TABLE IF NOT EXISTS "fraiseql"."result_figures" (
  process uuid NOT NULL,
  query text NOT NULL,
  hits bigint NOT NULL, behind bigint NOT NULL, misses bigint NOT NULL, stale bigint NOT NULL, bypassed bigint NOT NULL, collapsed bigint NOT NULL, stored bigint NOT NULL, size bigint NOT NULL, saved_ms double precision NOT NULL, age double precision NOT NULL, oldest double precision NOT NULL, reasons jsonb NOT NULL, events jsonb NOT NULL,
  flush bigint NOT NULL,
  at timestamptz NOT NULL,
  PRIMARY KEY (process, query)
) WITH (fillfactor = 50);

-- result_keys: Hits of the hottest keys of each process.
CREATE UNLOGGED TABLE IF NOT EXISTS "fraiseql"."result_keys" (
  process uuid NOT NULL,
  key bytea NOT NULL,
  query text NOT NULL,
  hits bigint NOT NULL,
  flush bigint NOT NULL,
  PRIMARY KEY (process, key)
) WITH (fillfactor = 50);

-- write_result_figures: Write the counters of one process; the number of the flush decides between two that overlap.
CREATE OR REPLACE FUNCTION "fraiseql"."write_result_figures"(
  own uuid, known boolean, number bigint, figures text,
  keys bytea[], queries text[], counted bigint[], gone bytea[]) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $fraiseql$
DECLARE
  outcome text := 'written';
BEGIN
  PERFORM pg_advisory_xact_lock_shared(4711310030);
  IF known AND NOT EXISTS (SELECT FROM "fraiseql"."result_figures" f WHERE f.process = own) THEN
    IF EXISTS (SELECT FROM "fraiseql"."result_figures" f WHERE f.process = '00000000-0000-0000-0000-000000000000') THEN
      RETURN 'folded';
    END IF;
    outcome := 'emptied';
  END IF;
  INSERT INTO "fraiseql"."result_figures" AS f (process, query, hits, behind, misses, stale, bypassed, collapsed, stored, size, saved_ms, age, oldest, reasons, events, flush, at)
  SELECT own, query, hits, behind, misses, stale, bypassed, collapsed, stored, size, saved_ms, age, oldest, reasons, events, number, clock_timestamp()
  FROM jsonb_to_recordset(figures::jsonb) AS g (query text, hits bigint, behind bigint, misses bigint, stale bigint, bypassed bigint, collapsed bigint, stored bigint, size bigint, saved_ms double precision, age double precision, oldest double precision, reasons jsonb, events jsonb)
  ORDER BY query
  ON CONFLICT (process, query) DO UPDATE SET hits = excluded.hits, behind = excluded.behind, misses = excluded.misses, stale = excluded.stale, bypassed = excluded.bypassed, collapsed = excluded.collapsed, stored = excluded.stored, size = excluded.size, saved_ms = excluded.saved_ms, age = excluded.age, oldest = excluded.oldest, reasons = excluded.reasons, events = excluded.events, flush = excluded.flush, at = excluded.at WHERE f.flush < excluded.flush;
  DELETE FROM "fraiseql"."result_keys" k WHERE k.process = own AND k.key = ANY (gone) AND k.flush < number;
  INSERT INTO "fraiseql"."result_keys" AS k (process, key, query, hits, flush)
  SELECT own, g.key, g.query, g.hits, number
  FROM unnest(keys, queries, counted) AS g (key, query, hits)
  ORDER BY g.key
  ON CONFLICT (process, key) DO UPDATE SET query = excluded.query, hits = excluded.hits,
    flush = excluded.flush
  WHERE k.flush < excluded.flush;
  RETURN outcome;
END $fraiseql$;

-- fold_result_figures: Merge the rows of ended processes into one.
CREATE OR REPLACE FUNCTION "fraiseql"."fold_result_figures"(silent interval) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $fraiseql$
DECLARE
  ended uuid[];
BEGIN
  PERFORM pg_advisory_xact_lock(4711310030);
  SELECT array_agg(p.process) INTO ended FROM (
    SELECT f.process FROM "fraiseql"."result_figures" f WHERE f.process <> '00000000-0000-0000-0000-000000000000'
    GROUP BY f.process HAVING max(f.at) < clock_timestamp() - silent) p;
  IF ended IS NULL THEN
    RETURN 0;
  END IF;
  WITH gone AS MATERIALIZED (
    DELETE FROM "fraiseql"."result_figures" f WHERE f.process = ANY (ended) OR f.process = '00000000-0000-0000-0000-000000000000' RETURNING f.*)
  INSERT INTO "fraiseql"."result_figures" (process, query, hits, behind, misses, stale, bypassed, collapsed, stored, size, saved_ms, age, oldest, reasons, events, flush, at)
  SELECT '00000000-0000-0000-0000-000000000000', g.query, sum(hits), sum(behind), sum(misses), sum(stale), sum(bypassed), sum(collapsed), sum(stored), sum(size), sum(saved_ms), sum(age), max(oldest),
    coalesce((SELECT jsonb_object_agg(w.key, w.counted) FROM (
    SELECT e.key, sum(e.value::bigint) AS counted
    FROM gone AS o, jsonb_each_text(o.reasons) AS e WHERE o.query = g.query GROUP BY e.key) w), '{}'),
    coalesce((SELECT jsonb_object_agg(w.key, w.counted) FROM (
    SELECT e.key, sum(e.value::bigint) AS counted
    FROM gone AS o, jsonb_each_text(o.events) AS e WHERE o.query = g.query GROUP BY e.key) w), '{}'),
    0, max(at)
  FROM gone g GROUP BY g.query;
  DELETE FROM "fraiseql"."result_keys" k WHERE k.process = ANY (ended);
  RETURN cardinality(ended);
END $fraiseql$;
