-- function "fraiseql"."tb_post_row_9162c7585a"(integer, text, timestamp with time zone)
CREATE OR REPLACE FUNCTION "fraiseql"."tb_post_row_9162c7585a"(integer, text, timestamp with time zone) RETURNS jsonb
  LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
  SET TimeZone = 'UTC'
  AS $row$BEGIN RETURN pg_catalog.jsonb_build_object('id', $1, 'state', $2, 'at', $3); END$row$;
GRANT EXECUTE ON FUNCTION "fraiseql"."tb_post_row_9162c7585a"(integer, text, timestamp with time zone) TO PUBLIC;

-- view "public"."v_post"
CREATE OR REPLACE VIEW "public"."v_post" AS SELECT t0."id", "fraiseql"."tb_post_row_9162c7585a"(t0."id", t0."state", t0."at") AS "data" FROM "public"."tb_post" AS t0;

-- view "fraiseql"."v_post_08731fd252"
CREATE OR REPLACE VIEW "fraiseql"."v_post_08731fd252" AS SELECT t0."id", "fraiseql"."tb_post_row_9162c7585a"(t0."id", t0."state", t0."at") AS "data" FROM "public"."tb_post" AS t0;

-- table "fraiseql"."tv_post_08731fd252"
CREATE TABLE IF NOT EXISTS "fraiseql"."tv_post_08731fd252" ("id" integer NOT NULL, data jsonb NOT NULL, PRIMARY KEY ("id")) WITH (fillfactor = 80);
COMMENT ON TABLE "fraiseql"."tv_post_08731fd252" IS 'new';

-- table "fraiseql"."fraiseql_tv_post_08731fd252_4a8c52df_queue"
CREATE TABLE IF NOT EXISTS "fraiseql"."fraiseql_tv_post_08731fd252_4a8c52df_queue" (xid xid8 NOT NULL DEFAULT pg_current_xact_id(), at timestamptz NOT NULL DEFAULT clock_timestamp(), everything boolean, b0_0 integer) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000, autovacuum_vacuum_insert_threshold = -1);
CREATE INDEX IF NOT EXISTS "fraiseql_tv_post_08731fd252_4a8c52df_queue_xid" ON "fraiseql"."fraiseql_tv_post_08731fd252_4a8c52df_queue" (xid);
CREATE INDEX IF NOT EXISTS "fraiseql_tv_post_08731fd252_4a8c52df_queue_at" ON "fraiseql"."fraiseql_tv_post_08731fd252_4a8c52df_queue" (at);

-- function "fraiseql"."fraiseql_tv_post_08731fd252_4a8c52df_flush"()
CREATE OR REPLACE FUNCTION "fraiseql"."fraiseql_tv_post_08731fd252_4a8c52df_flush"() RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET timezone = 'UTC' SET datestyle = 'ISO'
SET intervalstyle = 'iso_8601' SET extra_float_digits = 1 SET bytea_output = 'hex'
SET xmlbinary = 'base64' SET row_security = off SET jit = off
SET plan_cache_mode = force_generic_plan SET enable_seqscan = off AS $fraiseql$
#variable_conflict use_column
<<fql>>
DECLARE
  everything boolean;
  keys bigint;
  written bigint;
  stored bigint;
  b0_0 integer[];
BEGIN
  -- [isolation] another level's snapshot is older than the locks that a flush waits for
  IF pg_catalog.current_setting('transaction_isolation') <> 'read committed' THEN
    RAISE EXCEPTION 'triggers maintain the documents of Post and need READ COMMITTED, not %',
      pg_catalog.current_setting('transaction_isolation')
      USING ERRCODE = 'feature_not_supported',
        HINT = 'Write in a READ COMMITTED transaction.';
  END IF;
  -- [collect] and clear in one statement: what is queued later starts another flush
  WITH gone AS (
    DELETE FROM "fraiseql"."fraiseql_tv_post_08731fd252_4a8c52df_queue" WHERE xid = pg_current_xact_id() RETURNING *
  )
  SELECT coalesce(bool_or(q.everything), false),
    coalesce(array_agg(q.b0_0) FILTER (WHERE q.b0_0 IS NOT NULL), '{}')
  INTO fql.everything, fql.b0_0 FROM (SELECT DISTINCT everything, b0_0 FROM gone) q;
  -- [all documents] after TRUNCATE
  IF fql.everything THEN
    SELECT array_agg(s.v0) INTO fql.b0_0 FROM (
      SELECT t."id" FROM "fraiseql"."tv_post_08731fd252" t
      UNION SELECT b."id" FROM "public"."tb_post" b
    ) AS s(v0);
  ELSE
    SELECT array_agg(s.v0) INTO fql.b0_0
    FROM (SELECT DISTINCT u.v0 FROM unnest(fql.b0_0) AS u(v0)) AS s(v0);
  END IF;
  fql.keys := coalesce(cardinality(fql.b0_0), 0);
  IF fql.keys = 0 THEN RETURN 0; END IF;
  -- [lock documents] a statement of its own: the recomputation's snapshot is younger
  PERFORM FROM "fraiseql"."tv_post_08731fd252" t WHERE t."id" = ANY (fql.b0_0)
    ORDER BY t."id" FOR NO KEY UPDATE;
  GET DIAGNOSTICS written = ROW_COUNT;
  -- [lock absent documents] two first writers of one document have no row to meet at
  IF fql.written < fql.keys THEN
    IF fql.keys > 250 THEN
      PERFORM pg_advisory_xact_lock(-6554675784437621031);
    ELSE
    PERFORM CASE WHEN l.exclusive THEN pg_advisory_xact_lock(l.number)
      ELSE pg_advisory_xact_lock_shared(l.number) END
    FROM (
      SELECT g.place, g.number, bool_or(g.exclusive) AS exclusive FROM (
      SELECT 0, '-6554675784437621031'::bigint, false
      UNION ALL SELECT 1, hash_record_extended(ROW(u.v0), -6554675784437621031), true FROM unnest(fql.b0_0) AS u(v0)
      ) AS g(place, number, exclusive) GROUP BY 1, 2 ORDER BY 1, 2 OFFSET 0
    ) AS l;
    END IF;
  PERFORM FROM "fraiseql"."tv_post_08731fd252" t WHERE t."id" = ANY (fql.b0_0)
    ORDER BY t."id" FOR NO KEY UPDATE;
  END IF;
  -- [recompute] all of them, equal or not: a session that waited for a lock reads again in any case
  BEGIN
  INSERT INTO "fraiseql"."tv_post_08731fd252" ("id", data)
  SELECT v."id", v.data FROM "fraiseql"."v_post_08731fd252" v
  WHERE v."id" = ANY (fql.b0_0)
  ON CONFLICT ("id") DO UPDATE SET data = excluded.data;
  GET DIAGNOSTICS written = ROW_COUNT;
  EXCEPTION
  WHEN program_limit_exceeded OR out_of_memory OR internal_error THEN
    IF SQLSTATE = 'XX000' AND SQLERRM NOT LIKE 'invalid memory alloc%' THEN RAISE; END IF;
    fql.written := 0;
    <<fql_each>> FOR place IN 1 .. fql.keys LOOP
      BEGIN
  INSERT INTO "fraiseql"."tv_post_08731fd252" ("id", data)
  SELECT v."id", v.data FROM "fraiseql"."v_post_08731fd252" v
  WHERE v."id" = fql.b0_0[fql_each.place]
  ON CONFLICT ("id") DO UPDATE SET data = excluded.data;
      GET DIAGNOSTICS stored = ROW_COUNT;
      EXCEPTION
  WHEN program_limit_exceeded OR out_of_memory OR internal_error THEN
    IF SQLSTATE = 'XX000' AND SQLERRM NOT LIKE 'invalid memory alloc%' THEN RAISE; END IF;
        INSERT INTO "fraiseql"."tv_post_08731fd252" ("id", data)
        VALUES (fql.b0_0[fql_each.place], 'null'::jsonb)
        ON CONFLICT ("id") DO UPDATE SET data = excluded.data;
        fql.stored := 1;
      END;
      fql.written := fql.written + fql.stored;
    END LOOP;
  END;
  -- [delete gone]
  IF fql.written < fql.keys THEN
    DELETE FROM "fraiseql"."tv_post_08731fd252" t WHERE t."id" = ANY (fql.b0_0)
      AND NOT EXISTS (SELECT FROM "fraiseql"."v_post_08731fd252" v WHERE v."id" = t."id");
  END IF;
  -- [end]
  RETURN fql.keys;
END $fraiseql$;
REVOKE ALL ON FUNCTION "fraiseql"."fraiseql_tv_post_08731fd252_4a8c52df_flush"() FROM PUBLIC;

-- function "fraiseql"."fraiseql_tv_post_08731fd252_4a8c52df_build"(integer)
CREATE OR REPLACE FUNCTION "fraiseql"."fraiseql_tv_post_08731fd252_4a8c52df_build"(INOUT fql_last0 integer)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $fraiseql$
#variable_conflict use_column
<<fql>>
DECLARE after0 integer := fql_last0;
BEGIN
  WITH next AS (
    SELECT b."id" FROM "public"."tb_post" b
    WHERE (fql.after0 IS NULL OR (b."id") > (fql.after0))
      AND NOT EXISTS (SELECT FROM "fraiseql"."tv_post_08731fd252" t WHERE t."id" = b."id")
    ORDER BY b."id" LIMIT 250
  ), queued AS (
    INSERT INTO "fraiseql"."fraiseql_tv_post_08731fd252_4a8c52df_queue" (b0_0)
    SELECT * FROM next RETURNING b0_0
  )
  SELECT s.v0 INTO fql_last0 FROM queued s(v0)
  ORDER BY s.v0 DESC LIMIT 1;
  PERFORM "fraiseql"."fraiseql_tv_post_08731fd252_4a8c52df_flush"();
END $fraiseql$;
REVOKE ALL ON FUNCTION "fraiseql"."fraiseql_tv_post_08731fd252_4a8c52df_build"(integer) FROM PUBLIC;

-- function "fraiseql"."fraiseql_tv_post_08731fd252_4a8c52df_mend"(integer)
CREATE OR REPLACE FUNCTION "fraiseql"."fraiseql_tv_post_08731fd252_4a8c52df_mend"(INOUT fql_last0 integer, OUT fql_mended bigint)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET timezone = 'UTC' SET datestyle = 'ISO'
SET intervalstyle = 'iso_8601' SET extra_float_digits = 1 SET bytea_output = 'hex'
SET xmlbinary = 'base64' SET row_security = off SET jit = off
SET plan_cache_mode = force_generic_plan AS $fraiseql$
#variable_conflict use_column
<<fql>>
DECLARE after0 integer := fql_last0;
BEGIN
  IF fql.after0 IS NULL THEN
    INSERT INTO "fraiseql"."fraiseql_tv_post_08731fd252_4a8c52df_queue" (b0_0) SELECT t."id"
    FROM "fraiseql"."tv_post_08731fd252" t WHERE NOT EXISTS (SELECT FROM "public"."tb_post" b WHERE b."id" = t."id");
  END IF;
  WITH batch AS MATERIALIZED (
    SELECT b."id" FROM "public"."tb_post" b
    WHERE (fql.after0 IS NULL OR (b."id") > (fql.after0)) ORDER BY b."id" LIMIT 250
  ), queued AS (
    INSERT INTO "fraiseql"."fraiseql_tv_post_08731fd252_4a8c52df_queue" (b0_0)
    SELECT s.v0 FROM batch s(v0)
    LEFT JOIN "fraiseql"."tv_post_08731fd252" t ON t."id" = s.v0
    -- OFFSET 0: looked up for each key, whatever the planner thinks of the whole view.
    LEFT JOIN LATERAL (SELECT v.data FROM "fraiseql"."v_post_08731fd252" v
      WHERE v."id" = s.v0 AND t.data IS DISTINCT FROM 'null'::jsonb OFFSET 0) v ON true
    WHERE t.data IS DISTINCT FROM 'null'::jsonb AND (t.data::text IS DISTINCT FROM v.data::text)
  )
  SELECT s.v0 INTO fql_last0 FROM batch s(v0)
  ORDER BY s.v0 DESC LIMIT 1;
  fql_mended := "fraiseql"."fraiseql_tv_post_08731fd252_4a8c52df_flush"();
END $fraiseql$;
REVOKE ALL ON FUNCTION "fraiseql"."fraiseql_tv_post_08731fd252_4a8c52df_mend"(integer) FROM PUBLIC;

-- function "fraiseql"."fraiseql_tv_post_08731fd252_4a8c52df_drain"(integer)
CREATE OR REPLACE FUNCTION "fraiseql"."fraiseql_tv_post_08731fd252_4a8c52df_drain"(fql_most integer) RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $fraiseql$
DECLARE
  fql_taken bigint;
BEGIN
  -- [claim]
  UPDATE "fraiseql"."fraiseql_tv_post_08731fd252_4a8c52df_queue" q SET xid = pg_current_xact_id()
  FROM (SELECT o.ctid FROM "fraiseql"."fraiseql_tv_post_08731fd252_4a8c52df_queue" o ORDER BY o.at LIMIT fql_most FOR UPDATE SKIP LOCKED) AS t
  WHERE q.ctid = t.ctid;
  GET DIAGNOSTICS fql_taken = ROW_COUNT;
  IF fql_taken > 0 THEN PERFORM "fraiseql"."fraiseql_tv_post_08731fd252_4a8c52df_flush"(); END IF;
  RETURN fql_taken;
END $fraiseql$;
REVOKE ALL ON FUNCTION "fraiseql"."fraiseql_tv_post_08731fd252_4a8c52df_drain"(integer) FROM PUBLIC;

-- function "fraiseql"."fraiseql_tv_post_08731fd252_4a8c52df_capture_0"()
CREATE OR REPLACE FUNCTION "fraiseql"."fraiseql_tv_post_08731fd252_4a8c52df_capture_0"() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $fraiseql$
DECLARE
  fql_queued bigint;
BEGIN
  IF TG_OP = 'INSERT' THEN
    INSERT INTO "fraiseql"."fraiseql_tv_post_08731fd252_4a8c52df_queue" (b0_0)
    SELECT DISTINCT n."id"::integer
    FROM newtab n
    WHERE (n."id" IS NOT NULL);
  ELSIF TG_OP = 'DELETE' THEN
    INSERT INTO "fraiseql"."fraiseql_tv_post_08731fd252_4a8c52df_queue" (b0_0)
    SELECT DISTINCT o."id"::integer
    FROM oldtab o
    WHERE (o."id" IS NOT NULL);
  ELSIF TG_OP = 'UPDATE' THEN
    INSERT INTO "fraiseql"."fraiseql_tv_post_08731fd252_4a8c52df_queue" (b0_0)
    SELECT DISTINCT side.*
    FROM oldtab o FULL JOIN newtab n ON o."id" = n."id"
    CROSS JOIN LATERAL (
      -- [old side]
      SELECT o."id"::integer WHERE (o."id" IS NOT NULL) UNION ALL
      -- [new side]
      SELECT n."id"::integer WHERE (n."id" IS NOT NULL)
    ) AS side(f0)
    WHERE record_image_ne(ROW(o."id", o."state", o."at"), ROW(n."id", n."state", n."at"));
  ELSE
    INSERT INTO "fraiseql"."fraiseql_tv_post_08731fd252_4a8c52df_queue" (everything) VALUES (true);
  END IF;
  GET DIAGNOSTICS fql_queued = ROW_COUNT;
  IF fql_queued = 0 THEN RETURN NULL; END IF;
  RETURN NULL;
END $fraiseql$;
REVOKE ALL ON FUNCTION "fraiseql"."fraiseql_tv_post_08731fd252_4a8c52df_capture_0"() FROM PUBLIC;

-- trigger "fql_fraiseql_tv_post_08731fd252_4a8c52df_insert" ON "public"."tb_post"
CREATE OR REPLACE TRIGGER "fql_fraiseql_tv_post_08731fd252_4a8c52df_insert" AFTER INSERT ON "public"."tb_post"
REFERENCING NEW TABLE AS newtab FOR EACH STATEMENT EXECUTE FUNCTION "fraiseql"."fraiseql_tv_post_08731fd252_4a8c52df_capture_0"();
ALTER TABLE ONLY "public"."tb_post" ENABLE ALWAYS TRIGGER "fql_fraiseql_tv_post_08731fd252_4a8c52df_insert";

-- trigger "fql_fraiseql_tv_post_08731fd252_4a8c52df_update" ON "public"."tb_post"
CREATE OR REPLACE TRIGGER "fql_fraiseql_tv_post_08731fd252_4a8c52df_update" AFTER UPDATE ON "public"."tb_post"
REFERENCING OLD TABLE AS oldtab NEW TABLE AS newtab FOR EACH STATEMENT EXECUTE FUNCTION "fraiseql"."fraiseql_tv_post_08731fd252_4a8c52df_capture_0"();
ALTER TABLE ONLY "public"."tb_post" ENABLE ALWAYS TRIGGER "fql_fraiseql_tv_post_08731fd252_4a8c52df_update";

-- trigger "fql_fraiseql_tv_post_08731fd252_4a8c52df_delete" ON "public"."tb_post"
CREATE OR REPLACE TRIGGER "fql_fraiseql_tv_post_08731fd252_4a8c52df_delete" AFTER DELETE ON "public"."tb_post"
REFERENCING OLD TABLE AS oldtab FOR EACH STATEMENT EXECUTE FUNCTION "fraiseql"."fraiseql_tv_post_08731fd252_4a8c52df_capture_0"();
ALTER TABLE ONLY "public"."tb_post" ENABLE ALWAYS TRIGGER "fql_fraiseql_tv_post_08731fd252_4a8c52df_delete";

-- trigger "fql_fraiseql_tv_post_08731fd252_4a8c52df_truncate" ON "public"."tb_post"
CREATE OR REPLACE TRIGGER "fql_fraiseql_tv_post_08731fd252_4a8c52df_truncate" AFTER TRUNCATE ON "public"."tb_post"
 FOR EACH STATEMENT EXECUTE FUNCTION "fraiseql"."fraiseql_tv_post_08731fd252_4a8c52df_capture_0"();
ALTER TABLE ONLY "public"."tb_post" ENABLE ALWAYS TRIGGER "fql_fraiseql_tv_post_08731fd252_4a8c52df_truncate";

-- fingerprint fingerprint of "fraiseql"."tv_post_08731fd252"
SELECT "fraiseql"."record_fingerprint"('"fraiseql"."tv_post_08731fd252"', 'unchanged_4a8c52dfb5607dda', ARRAY['"fraiseql"."v_post_08731fd252"']::text[], ARRAY[]::text[], '^fql_fraiseql_tv_post_08731fd252_4a8c52df_');

-- data start of "fraiseql"."tv_post_08731fd252"
DO $fraiseql$ BEGIN
  IF coalesce(pg_catalog.obj_description('"fraiseql"."tv_post_08731fd252"'::pg_catalog.regclass, 'pg_class'), '') IN ('new', 'building') THEN
    TRUNCATE "fraiseql"."tv_post_08731fd252";
    COMMENT ON TABLE "fraiseql"."tv_post_08731fd252" IS 'building';
  ELSE
    LOCK TABLE "fraiseql"."tv_post_08731fd252" IN SHARE ROW EXCLUSIVE MODE;
  END IF;
END $fraiseql$;

-- data rows of "fraiseql"."tv_post_08731fd252"
-- partitions: none
DO $fraiseql$
DECLARE fql_last0 integer; fql_new boolean := coalesce(pg_catalog.obj_description('"fraiseql"."tv_post_08731fd252"'::pg_catalog.regclass, 'pg_class'), '') IN ('new', 'building');
BEGIN
  LOOP
    IF fql_new THEN
      SELECT m.fql_last0 INTO fql_last0 FROM "fraiseql"."fraiseql_tv_post_08731fd252_4a8c52df_build"(fql_last0) m;
    ELSE
      SELECT m.fql_last0 INTO fql_last0 FROM "fraiseql"."fraiseql_tv_post_08731fd252_4a8c52df_mend"(fql_last0) m;
    END IF;
    COMMIT;
    EXIT WHEN fql_last0 IS NULL;
  END LOOP;
  COMMENT ON TABLE "fraiseql"."tv_post_08731fd252" IS 'built';
END $fraiseql$;
ANALYZE "fraiseql"."tv_post_08731fd252";

-- view "fraiseql"."stored_tv_post_08731fd252"
DO $fraiseql$ BEGIN
  IF (WITH RECURSIVE below(oid) AS (
  SELECT fql_root FROM unnest(ARRAY(SELECT to_regclass(n)::oid FROM unnest(ARRAY['"public"."tb_post"']::text[]) AS n)) AS fql_root
  UNION SELECT i.inhrelid FROM below b JOIN pg_catalog.pg_inherits i ON i.inhparent = b.oid)
SELECT coalesce(sum(pg_catalog.hashtextextended(
  concat_ws(':', i.inhparent, i.inhrelid, i.inhdetachpending, i.xmin), 0)), 0)
FROM pg_catalog.pg_inherits i JOIN below b ON i.inhparent = b.oid) <> 0 THEN
    RAISE object_not_in_prerequisite_state USING
      MESSAGE = 'tables or partitions have changed while the documents were built',
      HINT = 'Run fraiseql db apply again.';
  END IF;
END $fraiseql$;
CREATE OR REPLACE VIEW "fraiseql"."stored_tv_post_08731fd252" AS SELECT t."id", t."data" FROM "fraiseql"."tv_post_08731fd252" t;
COMMENT ON VIEW "fraiseql"."stored_tv_post_08731fd252" IS 'partitions: none';

-- view "public"."tv_post"
CREATE OR REPLACE VIEW "public"."tv_post" AS SELECT t."id", t."data" FROM "fraiseql"."tv_post_08731fd252" t;
