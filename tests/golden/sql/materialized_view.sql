-- view "public"."v_count"
CREATE OR REPLACE VIEW "public"."v_count" AS SELECT state, count(*) AS posts FROM tb_post GROUP BY state;

-- fingerprint fingerprint of "fraiseql"."mv_count_7ae2a23251"
SELECT "fraiseql"."record_fingerprint"('"fraiseql"."mv_count_7ae2a23251"', 'unchanged_6c86a7b27821c5b8', ARRAY['"public"."v_count"']::text[], ARRAY[]::text[], '$none');
UPDATE "fraiseql"."view_state" SET snap = NULL WHERE name = '"fraiseql"."mv_count_7ae2a23251"';

-- materialized view "fraiseql"."mv_count_7ae2a23251"
SELECT pg_advisory_xact_lock_shared(4711310016);
SELECT pg_advisory_xact_lock_shared(4711310017);
INSERT INTO "fraiseql"."view_state" (name, cluster, snap, clock, as_of)
VALUES ('"fraiseql"."mv_count_7ae2a23251"', (SELECT c.system_identifier || '/' || d.oid FROM pg_catalog.pg_control_system() c,
  pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database()),
  CASE current_setting('transaction_isolation')
    WHEN 'read committed' THEN pg_catalog.pg_current_snapshot() END,
  false, now())
ON CONFLICT (name) DO UPDATE SET cluster = excluded.cluster, snap = excluded.snap,
  clock = excluded.clock, as_of = excluded.as_of;
CREATE MATERIALIZED VIEW "fraiseql"."mv_count_7ae2a23251" AS SELECT state, count(*) AS posts FROM tb_post GROUP BY state;
CREATE UNIQUE INDEX ON "fraiseql"."mv_count_7ae2a23251" ("state");

-- …
UPDATE "fraiseql"."view_state" s SET relation = '"fraiseql"."mv_count_7ae2a23251"'::regclass, tags = found.tags, views = found.views,
  shape = found.shape,
  snap = CASE WHEN (SELECT f.parts OPERATOR(pg_catalog.=) "fraiseql"."fingerprint_now"(f.objects, f.columns)
 FROM "fraiseql"."fingerprints" f WHERE f.name OPERATOR(pg_catalog.=) '"fraiseql"."mv_count_7ae2a23251"') AND NOT EXISTS (SELECT FROM reads LEFT JOIN pg_catalog.pg_trigger g
  ON g.tgrelid = reads.oid AND g.tgname = 'fraiseql_changes' AND g.tgenabled = 'A'
WHERE g.oid IS NULL
  OR EXISTS (SELECT FROM pg_catalog.pg_subscription_rel s WHERE s.srrelid = reads.oid)) THEN s.snap END,
  took = greatest(0, extract(epoch FROM clock_timestamp() - s.as_of)),
  refreshes = s.refreshes + 1, fails = 0, failed_at = NULL, failure = NULL
FROM found WHERE s.name = '"fraiseql"."mv_count_7ae2a23251"';

-- view "public"."mv_count"
CREATE OR REPLACE VIEW "public"."mv_count" AS SELECT "state", "posts" FROM "fraiseql"."mv_count_7ae2a23251";
