-- function "fraiseql"."tb_post_row_06eba771e3"(integer)
CREATE OR REPLACE FUNCTION "fraiseql"."tb_post_row_06eba771e3"(integer) RETURNS jsonb
  LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
  AS $row$BEGIN RETURN pg_catalog.jsonb_build_object('id', $1); END$row$;
GRANT EXECUTE ON FUNCTION "fraiseql"."tb_post_row_06eba771e3"(integer) TO PUBLIC;

-- function "fraiseql"."tb_author_row_d445532595"(integer, text)
CREATE OR REPLACE FUNCTION "fraiseql"."tb_author_row_d445532595"(integer, text) RETURNS jsonb
  LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
  AS $row$BEGIN RETURN pg_catalog.jsonb_build_object('id', $1, 'name', $2); END$row$;
GRANT EXECUTE ON FUNCTION "fraiseql"."tb_author_row_d445532595"(integer, text) TO PUBLIC;

-- function "fraiseql"."tb_comment_row_f0f9f76b44"(integer, text)
CREATE OR REPLACE FUNCTION "fraiseql"."tb_comment_row_f0f9f76b44"(integer, text) RETURNS jsonb
  LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
  AS $row$BEGIN RETURN pg_catalog.jsonb_build_object('number', $1, 'body', $2); END$row$;
GRANT EXECUTE ON FUNCTION "fraiseql"."tb_comment_row_f0f9f76b44"(integer, text) TO PUBLIC;

-- view "public"."v_post"
CREATE OR REPLACE VIEW "public"."v_post" AS SELECT t0."id", ("fraiseql"."tb_post_row_06eba771e3"(t0."id") OPERATOR(pg_catalog.||) pg_catalog.jsonb_build_object('author', (SELECT r1.v FROM (SELECT "fraiseql"."tb_author_row_d445532595"(t1."id", t1."name") AS v FROM "public"."tb_author" AS t1 WHERE t1."id" OPERATOR(pg_catalog.=) t0."author_id" LIMIT 1) AS r1), 'comments', (SELECT coalesce(pg_catalog.jsonb_agg(r1.v), '[]') FROM (SELECT "fraiseql"."tb_comment_row_f0f9f76b44"(t1."number", t1."body") AS v FROM "public"."tb_comment" AS t1 WHERE t1."post_id" OPERATOR(pg_catalog.=) t0."id" AND (body <> '') ORDER BY t1."post_id", t1."number" LIMIT 3) AS r1))) AS "data" FROM "public"."tb_post" AS t0;

-- index "public"."fql_tb_post_b4ab38b0"
CREATE INDEX CONCURRENTLY "fql_tb_post_b4ab38b0" ON "public"."tb_post" ("author_id");

-- view "fraiseql"."v_post_a816468a29"
CREATE OR REPLACE VIEW "fraiseql"."v_post_a816468a29" AS SELECT t0."id", ("fraiseql"."tb_post_row_06eba771e3"(t0."id") OPERATOR(pg_catalog.||) pg_catalog.jsonb_build_object('author', (SELECT r1.v FROM (SELECT "fraiseql"."tb_author_row_d445532595"(t1."id", t1."name") AS v FROM "public"."tb_author" AS t1 WHERE t1."id" OPERATOR(pg_catalog.=) t0."author_id" LIMIT 1) AS r1), 'comments', (SELECT coalesce(pg_catalog.jsonb_agg(r1.v), '[]') FROM (SELECT "fraiseql"."tb_comment_row_f0f9f76b44"(t1."number", t1."body") AS v FROM "public"."tb_comment" AS t1 WHERE t1."post_id" OPERATOR(pg_catalog.=) t0."id" AND (body <> '') ORDER BY t1."post_id", t1."number" LIMIT 3) AS r1))) AS "data" FROM "public"."tb_post" AS t0;

-- table "fraiseql"."tv_post_a816468a29"
CREATE TABLE IF NOT EXISTS "fraiseql"."tv_post_a816468a29" ("id" integer NOT NULL, data jsonb NOT NULL, PRIMARY KEY ("id")) WITH (fillfactor = 80);
COMMENT ON TABLE "fraiseql"."tv_post_a816468a29" IS 'new';

-- table "fraiseql"."fraiseql_tv_post_a816468a29_a9162449_queue"
CREATE UNLOGGED TABLE IF NOT EXISTS "fraiseql"."fraiseql_tv_post_a816468a29_a9162449_queue" (xid xid8 NOT NULL DEFAULT pg_current_xact_id(), everything boolean, b0_0 integer, b1_0 integer, a1_0 integer, b2_0 integer) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000, autovacuum_vacuum_insert_threshold = -1);
CREATE INDEX IF NOT EXISTS "fraiseql_tv_post_a816468a29_a9162449_queue_xid" ON "fraiseql"."fraiseql_tv_post_a816468a29_a9162449_queue" (xid);

-- function "fraiseql"."fraiseql_tv_post_a816468a29_a9162449_flush"()
CREATE OR REPLACE FUNCTION "fraiseql"."fraiseql_tv_post_a816468a29_a9162449_flush"() RETURNS bigint
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
  b1_0 integer[];
  a1_0 integer[];
  b2_0 integer[];
BEGIN
  -- [isolation] another level's snapshot is older than the locks that a flush waits for
  IF pg_catalog.current_setting('transaction_isolation') <> 'read committed' THEN
    RAISE EXCEPTION 'triggers maintain the documents of Thread and need READ COMMITTED, not %',
      pg_catalog.current_setting('transaction_isolation')
      USING ERRCODE = 'feature_not_supported',
        HINT = 'Write in a READ COMMITTED transaction.';
  END IF;
  -- [collect] and clear in one statement: what is queued later starts another flush
  WITH gone AS (
    DELETE FROM "fraiseql"."fraiseql_tv_post_a816468a29_a9162449_queue" WHERE xid = pg_current_xact_id() RETURNING *
  )
  SELECT coalesce(bool_or(q.everything), false),
    coalesce(array_agg(q.b0_0) FILTER (WHERE q.b0_0 IS NOT NULL), '{}'),
    coalesce(array_agg(q.b1_0) FILTER (WHERE q.b1_0 IS NOT NULL), '{}'),
    coalesce(array_agg(q.a1_0) FILTER (WHERE q.a1_0 IS NOT NULL), '{}'),
    coalesce(array_agg(q.b2_0) FILTER (WHERE q.b2_0 IS NOT NULL), '{}')
  INTO fql.everything, fql.b0_0, fql.b1_0, fql.a1_0, fql.b2_0 FROM (SELECT DISTINCT everything, b0_0, b1_0, a1_0, b2_0 FROM gone) q;
  -- [expand comments]
  fql.b0_0 := fql.b0_0 || fql.b2_0;
  -- [lock edge author]
  IF cardinality(fql.b1_0) + cardinality(fql.a1_0) > 250 THEN
    PERFORM pg_advisory_xact_lock(-7120275944076240294);
  ELSIF cardinality(fql.b1_0) + cardinality(fql.a1_0) > 0 THEN
    PERFORM CASE WHEN l.exclusive THEN pg_advisory_xact_lock(l.number)
      ELSE pg_advisory_xact_lock_shared(l.number) END
    FROM (
      SELECT g.place, g.number, bool_or(g.exclusive) AS exclusive FROM (
      SELECT 0, '-7120275944076240294'::bigint, false
      UNION ALL SELECT 1, hash_record_extended(ROW(u.v0), -7120275944076240294), true FROM unnest(fql.b1_0) AS u(v0)
      UNION ALL SELECT 1, hash_record_extended(ROW(u.v0), -7120275944076240294), false FROM unnest(fql.a1_0) AS u(v0)
      ) AS g(place, number, exclusive) GROUP BY 1, 2 ORDER BY 1, 2 OFFSET 0
    ) AS l;
  END IF;
  -- [expand author]
  IF cardinality(fql.b1_0) > 0 THEN
    SELECT fql.b0_0 || coalesce(array_agg(s.v0), '{}')
    INTO fql.b0_0
    FROM (
      SELECT DISTINCT p."id"::integer AS v0 FROM "public"."tb_post" p
      WHERE p."author_id" = ANY (fql.b1_0) AND p."id" IS NOT NULL
    ) AS s;
  END IF;
  -- [all documents] after TRUNCATE
  IF fql.everything THEN
    SELECT array_agg(s.v0) INTO fql.b0_0 FROM (
      SELECT t."id" FROM "fraiseql"."tv_post_a816468a29" t
      UNION SELECT b."id" FROM "public"."tb_post" b
    ) AS s(v0);
  ELSE
    SELECT array_agg(s.v0) INTO fql.b0_0
    FROM (SELECT DISTINCT u.v0 FROM unnest(fql.b0_0) AS u(v0)) AS s(v0);
  END IF;
  fql.keys := coalesce(cardinality(fql.b0_0), 0);
  IF fql.keys = 0 THEN RETURN 0; END IF;
  -- [lock documents] a statement of its own: the recomputation's snapshot is younger
  PERFORM FROM "fraiseql"."tv_post_a816468a29" t WHERE t."id" = ANY (fql.b0_0)
    ORDER BY t."id" FOR NO KEY UPDATE;
  GET DIAGNOSTICS written = ROW_COUNT;
  -- [lock absent documents] two first writers of one document have no row to meet at
  IF fql.written < fql.keys THEN
    IF fql.keys > 250 THEN
      PERFORM pg_advisory_xact_lock(-8458675079884596449);
    ELSE
    PERFORM CASE WHEN l.exclusive THEN pg_advisory_xact_lock(l.number)
      ELSE pg_advisory_xact_lock_shared(l.number) END
    FROM (
      SELECT g.place, g.number, bool_or(g.exclusive) AS exclusive FROM (
      SELECT 0, '-8458675079884596449'::bigint, false
      UNION ALL SELECT 1, hash_record_extended(ROW(u.v0), -8458675079884596449), true FROM unnest(fql.b0_0) AS u(v0)
      ) AS g(place, number, exclusive) GROUP BY 1, 2 ORDER BY 1, 2 OFFSET 0
    ) AS l;
    END IF;
  PERFORM FROM "fraiseql"."tv_post_a816468a29" t WHERE t."id" = ANY (fql.b0_0)
    ORDER BY t."id" FOR NO KEY UPDATE;
  END IF;
  -- [recompute] all of them, equal or not: a session that waited for a lock reads again in any case
  BEGIN
  INSERT INTO "fraiseql"."tv_post_a816468a29" ("id", data)
  SELECT v."id", v.data FROM "fraiseql"."v_post_a816468a29" v
  WHERE v."id" = ANY (fql.b0_0)
  ON CONFLICT ("id") DO UPDATE SET data = excluded.data;
  GET DIAGNOSTICS written = ROW_COUNT;
  EXCEPTION
  WHEN program_limit_exceeded OR out_of_memory OR internal_error THEN
    IF SQLSTATE = 'XX000' AND SQLERRM NOT LIKE 'invalid memory alloc%' THEN RAISE; END IF;
    fql.written := 0;
    <<fql_each>> FOR place IN 1 .. fql.keys LOOP
      BEGIN
  INSERT INTO "fraiseql"."tv_post_a816468a29" ("id", data)
  SELECT v."id", v.data FROM "fraiseql"."v_post_a816468a29" v
  WHERE v."id" = fql.b0_0[fql_each.place]
  ON CONFLICT ("id") DO UPDATE SET data = excluded.data;
      GET DIAGNOSTICS stored = ROW_COUNT;
      EXCEPTION
  WHEN program_limit_exceeded OR out_of_memory OR internal_error THEN
    IF SQLSTATE = 'XX000' AND SQLERRM NOT LIKE 'invalid memory alloc%' THEN RAISE; END IF;
        INSERT INTO "fraiseql"."tv_post_a816468a29" ("id", data)
        VALUES (fql.b0_0[fql_each.place], 'null'::jsonb)
        ON CONFLICT ("id") DO UPDATE SET data = excluded.data;
        fql.stored := 1;
      END;
      fql.written := fql.written + fql.stored;
    END LOOP;
  END;
  -- [delete gone]
  IF fql.written < fql.keys THEN
    DELETE FROM "fraiseql"."tv_post_a816468a29" t WHERE t."id" = ANY (fql.b0_0)
      AND NOT EXISTS (SELECT FROM "fraiseql"."v_post_a816468a29" v WHERE v."id" = t."id");
  END IF;
  -- [end]
  RETURN fql.keys;
END $fraiseql$;
REVOKE ALL ON FUNCTION "fraiseql"."fraiseql_tv_post_a816468a29_a9162449_flush"() FROM PUBLIC;

-- function "fraiseql"."fraiseql_tv_post_a816468a29_a9162449_build"(integer)
CREATE OR REPLACE FUNCTION "fraiseql"."fraiseql_tv_post_a816468a29_a9162449_build"(INOUT fql_last0 integer)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $fraiseql$
#variable_conflict use_column
<<fql>>
DECLARE after0 integer := fql_last0;
BEGIN
  WITH next AS (
    SELECT b."id" FROM "public"."tb_post" b
    WHERE (fql.after0 IS NULL OR (b."id") > (fql.after0))
      AND NOT EXISTS (SELECT FROM "fraiseql"."tv_post_a816468a29" t WHERE t."id" = b."id")
    ORDER BY b."id" LIMIT 250
  ), queued AS (
    INSERT INTO "fraiseql"."fraiseql_tv_post_a816468a29_a9162449_queue" (b0_0)
    SELECT * FROM next RETURNING b0_0
  )
  SELECT s.v0 INTO fql_last0 FROM queued s(v0)
  ORDER BY s.v0 DESC LIMIT 1;
  PERFORM "fraiseql"."fraiseql_tv_post_a816468a29_a9162449_flush"();
END $fraiseql$;
REVOKE ALL ON FUNCTION "fraiseql"."fraiseql_tv_post_a816468a29_a9162449_build"(integer) FROM PUBLIC;

-- function "fraiseql"."fraiseql_tv_post_a816468a29_a9162449_mend"(integer)
CREATE OR REPLACE FUNCTION "fraiseql"."fraiseql_tv_post_a816468a29_a9162449_mend"(INOUT fql_last0 integer, OUT fql_mended bigint)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET timezone = 'UTC' SET datestyle = 'ISO'
SET intervalstyle = 'iso_8601' SET extra_float_digits = 1 SET bytea_output = 'hex'
SET xmlbinary = 'base64' SET row_security = off SET jit = off
SET plan_cache_mode = force_generic_plan AS $fraiseql$
#variable_conflict use_column
<<fql>>
DECLARE after0 integer := fql_last0;
BEGIN
  IF fql.after0 IS NULL THEN
    INSERT INTO "fraiseql"."fraiseql_tv_post_a816468a29_a9162449_queue" (b0_0) SELECT t."id"
    FROM "fraiseql"."tv_post_a816468a29" t WHERE NOT EXISTS (SELECT FROM "public"."tb_post" b WHERE b."id" = t."id");
  END IF;
  WITH batch AS MATERIALIZED (
    SELECT b."id" FROM "public"."tb_post" b
    WHERE (fql.after0 IS NULL OR (b."id") > (fql.after0)) ORDER BY b."id" LIMIT 250
  ), queued AS (
    INSERT INTO "fraiseql"."fraiseql_tv_post_a816468a29_a9162449_queue" (b0_0)
    SELECT s.v0 FROM batch s(v0)
    LEFT JOIN "fraiseql"."tv_post_a816468a29" t ON t."id" = s.v0
    -- OFFSET 0: looked up for each key, whatever the planner thinks of the whole view.
    LEFT JOIN LATERAL (SELECT v.data FROM "fraiseql"."v_post_a816468a29" v
      WHERE v."id" = s.v0 AND t.data IS DISTINCT FROM 'null'::jsonb OFFSET 0) v ON true
    WHERE t.data IS DISTINCT FROM 'null'::jsonb AND (t.data::text IS DISTINCT FROM v.data::text)
  )
  SELECT s.v0 INTO fql_last0 FROM batch s(v0)
  ORDER BY s.v0 DESC LIMIT 1;
  fql_mended := "fraiseql"."fraiseql_tv_post_a816468a29_a9162449_flush"();
END $fraiseql$;
REVOKE ALL ON FUNCTION "fraiseql"."fraiseql_tv_post_a816468a29_a9162449_mend"(integer) FROM PUBLIC;

-- function "fraiseql"."fraiseql_tv_post_a816468a29_a9162449_capture_0"()
CREATE OR REPLACE FUNCTION "fraiseql"."fraiseql_tv_post_a816468a29_a9162449_capture_0"() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $fraiseql$
DECLARE
  fql_queued bigint;
BEGIN
  IF TG_OP = 'INSERT' THEN
    INSERT INTO "fraiseql"."fraiseql_tv_post_a816468a29_a9162449_queue" (b0_0, a1_0)
    SELECT DISTINCT n."id"::integer, n."author_id"::integer
    FROM newtab n
    WHERE (n."id" IS NOT NULL);
  ELSIF TG_OP = 'DELETE' THEN
    INSERT INTO "fraiseql"."fraiseql_tv_post_a816468a29_a9162449_queue" (b0_0, a1_0)
    SELECT DISTINCT o."id"::integer, NULL::integer
    FROM oldtab o
    WHERE (o."id" IS NOT NULL);
  ELSIF TG_OP = 'UPDATE' THEN
    INSERT INTO "fraiseql"."fraiseql_tv_post_a816468a29_a9162449_queue" (b0_0, a1_0)
    SELECT DISTINCT side.*
    FROM oldtab o FULL JOIN newtab n ON o."id" = n."id"
    CROSS JOIN LATERAL (
      -- [old side]
      SELECT o."id"::integer, NULL::integer WHERE (o."id" IS NOT NULL) UNION ALL
      -- [new side]
      SELECT n."id"::integer, CASE WHEN record_image_ne(ROW(o."id", o."author_id"), ROW(n."id", n."author_id")) THEN n."author_id"::integer END WHERE (n."id" IS NOT NULL)
    ) AS side(f0, f1)
    WHERE record_image_ne(ROW(o."id", o."author_id"), ROW(n."id", n."author_id"));
  ELSE
    INSERT INTO "fraiseql"."fraiseql_tv_post_a816468a29_a9162449_queue" (everything) VALUES (true);
  END IF;
  GET DIAGNOSTICS fql_queued = ROW_COUNT;
  IF fql_queued = 0 THEN RETURN NULL; END IF;
  -- [isolation] another level's snapshot is older than the locks that a flush waits for
  IF pg_catalog.current_setting('transaction_isolation') <> 'read committed' THEN
    RAISE EXCEPTION 'triggers maintain the documents of Thread and need READ COMMITTED, not %',
      pg_catalog.current_setting('transaction_isolation')
      USING ERRCODE = 'feature_not_supported',
        HINT = 'Write in a READ COMMITTED transaction.';
  END IF;
  INSERT INTO fraiseql.flush (projection) VALUES ('fraiseql_tv_post_a816468a29_a9162449') ON CONFLICT DO NOTHING;
  RETURN NULL;
END $fraiseql$;
REVOKE ALL ON FUNCTION "fraiseql"."fraiseql_tv_post_a816468a29_a9162449_capture_0"() FROM PUBLIC;

-- trigger "fql_fraiseql_tv_post_a816468a29_a9162449_insert" ON "public"."tb_post"
CREATE OR REPLACE TRIGGER "fql_fraiseql_tv_post_a816468a29_a9162449_insert" AFTER INSERT ON "public"."tb_post"
REFERENCING NEW TABLE AS newtab FOR EACH STATEMENT EXECUTE FUNCTION "fraiseql"."fraiseql_tv_post_a816468a29_a9162449_capture_0"();
ALTER TABLE ONLY "public"."tb_post" ENABLE ALWAYS TRIGGER "fql_fraiseql_tv_post_a816468a29_a9162449_insert";

-- trigger "fql_fraiseql_tv_post_a816468a29_a9162449_update" ON "public"."tb_post"
CREATE OR REPLACE TRIGGER "fql_fraiseql_tv_post_a816468a29_a9162449_update" AFTER UPDATE ON "public"."tb_post"
REFERENCING OLD TABLE AS oldtab NEW TABLE AS newtab FOR EACH STATEMENT EXECUTE FUNCTION "fraiseql"."fraiseql_tv_post_a816468a29_a9162449_capture_0"();
ALTER TABLE ONLY "public"."tb_post" ENABLE ALWAYS TRIGGER "fql_fraiseql_tv_post_a816468a29_a9162449_update";

-- trigger "fql_fraiseql_tv_post_a816468a29_a9162449_delete" ON "public"."tb_post"
CREATE OR REPLACE TRIGGER "fql_fraiseql_tv_post_a816468a29_a9162449_delete" AFTER DELETE ON "public"."tb_post"
REFERENCING OLD TABLE AS oldtab FOR EACH STATEMENT EXECUTE FUNCTION "fraiseql"."fraiseql_tv_post_a816468a29_a9162449_capture_0"();
ALTER TABLE ONLY "public"."tb_post" ENABLE ALWAYS TRIGGER "fql_fraiseql_tv_post_a816468a29_a9162449_delete";

-- trigger "fql_fraiseql_tv_post_a816468a29_a9162449_truncate" ON "public"."tb_post"
CREATE OR REPLACE TRIGGER "fql_fraiseql_tv_post_a816468a29_a9162449_truncate" AFTER TRUNCATE ON "public"."tb_post"
 FOR EACH STATEMENT EXECUTE FUNCTION "fraiseql"."fraiseql_tv_post_a816468a29_a9162449_capture_0"();
ALTER TABLE ONLY "public"."tb_post" ENABLE ALWAYS TRIGGER "fql_fraiseql_tv_post_a816468a29_a9162449_truncate";

-- function "fraiseql"."fraiseql_tv_post_a816468a29_a9162449_capture_1"()
CREATE OR REPLACE FUNCTION "fraiseql"."fraiseql_tv_post_a816468a29_a9162449_capture_1"() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $fraiseql$
DECLARE
  fql_queued bigint;
BEGIN
  IF TG_OP = 'INSERT' THEN
    INSERT INTO "fraiseql"."fraiseql_tv_post_a816468a29_a9162449_queue" (b1_0)
    SELECT DISTINCT n."id"::integer
    FROM newtab n
    WHERE (n."id" IS NOT NULL);
  ELSIF TG_OP = 'DELETE' THEN
    INSERT INTO "fraiseql"."fraiseql_tv_post_a816468a29_a9162449_queue" (b1_0)
    SELECT DISTINCT o."id"::integer
    FROM oldtab o
    WHERE (o."id" IS NOT NULL);
  ELSIF TG_OP = 'UPDATE' THEN
    INSERT INTO "fraiseql"."fraiseql_tv_post_a816468a29_a9162449_queue" (b1_0)
    SELECT DISTINCT side.*
    FROM oldtab o FULL JOIN newtab n ON o."id" = n."id"
    CROSS JOIN LATERAL (
      -- [old side]
      SELECT o."id"::integer WHERE (o."id" IS NOT NULL) UNION ALL
      -- [new side]
      SELECT n."id"::integer WHERE (n."id" IS NOT NULL)
    ) AS side(f0)
    WHERE record_image_ne(ROW(o."id", o."name"), ROW(n."id", n."name"));
  ELSE
    INSERT INTO "fraiseql"."fraiseql_tv_post_a816468a29_a9162449_queue" (everything) VALUES (true);
  END IF;
  GET DIAGNOSTICS fql_queued = ROW_COUNT;
  IF fql_queued = 0 THEN RETURN NULL; END IF;
  -- [isolation] another level's snapshot is older than the locks that a flush waits for
  IF pg_catalog.current_setting('transaction_isolation') <> 'read committed' THEN
    RAISE EXCEPTION 'triggers maintain the documents of Thread and need READ COMMITTED, not %',
      pg_catalog.current_setting('transaction_isolation')
      USING ERRCODE = 'feature_not_supported',
        HINT = 'Write in a READ COMMITTED transaction.';
  END IF;
  INSERT INTO fraiseql.flush (projection) VALUES ('fraiseql_tv_post_a816468a29_a9162449') ON CONFLICT DO NOTHING;
  RETURN NULL;
END $fraiseql$;
REVOKE ALL ON FUNCTION "fraiseql"."fraiseql_tv_post_a816468a29_a9162449_capture_1"() FROM PUBLIC;

-- trigger "fql_fraiseql_tv_post_a816468a29_a9162449_insert" ON "public"."tb_author"
CREATE OR REPLACE TRIGGER "fql_fraiseql_tv_post_a816468a29_a9162449_insert" AFTER INSERT ON "public"."tb_author"
REFERENCING NEW TABLE AS newtab FOR EACH STATEMENT EXECUTE FUNCTION "fraiseql"."fraiseql_tv_post_a816468a29_a9162449_capture_1"();
ALTER TABLE ONLY "public"."tb_author" ENABLE ALWAYS TRIGGER "fql_fraiseql_tv_post_a816468a29_a9162449_insert";

-- trigger "fql_fraiseql_tv_post_a816468a29_a9162449_update" ON "public"."tb_author"
CREATE OR REPLACE TRIGGER "fql_fraiseql_tv_post_a816468a29_a9162449_update" AFTER UPDATE ON "public"."tb_author"
REFERENCING OLD TABLE AS oldtab NEW TABLE AS newtab FOR EACH STATEMENT EXECUTE FUNCTION "fraiseql"."fraiseql_tv_post_a816468a29_a9162449_capture_1"();
ALTER TABLE ONLY "public"."tb_author" ENABLE ALWAYS TRIGGER "fql_fraiseql_tv_post_a816468a29_a9162449_update";

-- trigger "fql_fraiseql_tv_post_a816468a29_a9162449_delete" ON "public"."tb_author"
CREATE OR REPLACE TRIGGER "fql_fraiseql_tv_post_a816468a29_a9162449_delete" AFTER DELETE ON "public"."tb_author"
REFERENCING OLD TABLE AS oldtab FOR EACH STATEMENT EXECUTE FUNCTION "fraiseql"."fraiseql_tv_post_a816468a29_a9162449_capture_1"();
ALTER TABLE ONLY "public"."tb_author" ENABLE ALWAYS TRIGGER "fql_fraiseql_tv_post_a816468a29_a9162449_delete";

-- trigger "fql_fraiseql_tv_post_a816468a29_a9162449_truncate" ON "public"."tb_author"
CREATE OR REPLACE TRIGGER "fql_fraiseql_tv_post_a816468a29_a9162449_truncate" AFTER TRUNCATE ON "public"."tb_author"
 FOR EACH STATEMENT EXECUTE FUNCTION "fraiseql"."fraiseql_tv_post_a816468a29_a9162449_capture_1"();
ALTER TABLE ONLY "public"."tb_author" ENABLE ALWAYS TRIGGER "fql_fraiseql_tv_post_a816468a29_a9162449_truncate";

-- function "fraiseql"."fraiseql_tv_post_a816468a29_a9162449_rows_2"()
CREATE OR REPLACE FUNCTION "fraiseql"."fraiseql_tv_post_a816468a29_a9162449_rows_2"() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $fraiseql$
BEGIN
  IF TG_OP = 'INSERT' THEN
    INSERT INTO "fraiseql"."fraiseql_tv_post_a816468a29_a9162449_queue" (b2_0)
    SELECT NEW."post_id"::integer
    WHERE (NEW."post_id" IS NOT NULL);
  ELSIF TG_OP = 'DELETE' THEN
    INSERT INTO "fraiseql"."fraiseql_tv_post_a816468a29_a9162449_queue" (b2_0)
    SELECT OLD."post_id"::integer
    WHERE (OLD."post_id" IS NOT NULL);
  ELSE
    INSERT INTO "fraiseql"."fraiseql_tv_post_a816468a29_a9162449_queue" (b2_0)
    -- [old row]
    SELECT OLD."post_id"::integer
    WHERE (OLD."post_id" IS NOT NULL) UNION
    -- [new row]
    SELECT NEW."post_id"::integer
    WHERE (NEW."post_id" IS NOT NULL);
  END IF;
  RETURN NULL;
END $fraiseql$;
REVOKE ALL ON FUNCTION "fraiseql"."fraiseql_tv_post_a816468a29_a9162449_rows_2"() FROM PUBLIC;

-- trigger "fql_fraiseql_tv_post_a816468a29_a9162449_row_ins" ON "public"."tb_comment"
CREATE OR REPLACE TRIGGER "fql_fraiseql_tv_post_a816468a29_a9162449_row_ins" AFTER INSERT ON "public"."tb_comment"
FOR EACH ROW EXECUTE FUNCTION "fraiseql"."fraiseql_tv_post_a816468a29_a9162449_rows_2"();
ALTER TABLE "public"."tb_comment" ENABLE ALWAYS TRIGGER "fql_fraiseql_tv_post_a816468a29_a9162449_row_ins";

-- trigger "fql_fraiseql_tv_post_a816468a29_a9162449_row_upd" ON "public"."tb_comment"
CREATE OR REPLACE TRIGGER "fql_fraiseql_tv_post_a816468a29_a9162449_row_upd" AFTER UPDATE ON "public"."tb_comment"
FOR EACH ROW WHEN (pg_catalog.record_image_ne(ROW(OLD."post_id", OLD."number", OLD."body"), ROW(NEW."post_id", NEW."number", NEW."body"))) EXECUTE FUNCTION "fraiseql"."fraiseql_tv_post_a816468a29_a9162449_rows_2"();
ALTER TABLE "public"."tb_comment" ENABLE ALWAYS TRIGGER "fql_fraiseql_tv_post_a816468a29_a9162449_row_upd";

-- trigger "fql_fraiseql_tv_post_a816468a29_a9162449_row_del" ON "public"."tb_comment"
CREATE OR REPLACE TRIGGER "fql_fraiseql_tv_post_a816468a29_a9162449_row_del" AFTER DELETE ON "public"."tb_comment"
FOR EACH ROW EXECUTE FUNCTION "fraiseql"."fraiseql_tv_post_a816468a29_a9162449_rows_2"();
ALTER TABLE "public"."tb_comment" ENABLE ALWAYS TRIGGER "fql_fraiseql_tv_post_a816468a29_a9162449_row_del";

-- function "fraiseql"."fraiseql_tv_post_a816468a29_a9162449_capture_2"()
CREATE OR REPLACE FUNCTION "fraiseql"."fraiseql_tv_post_a816468a29_a9162449_capture_2"() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET enable_seqscan = off AS $fraiseql$
BEGIN
  IF TG_OP = 'TRUNCATE' THEN
    INSERT INTO "fraiseql"."fraiseql_tv_post_a816468a29_a9162449_queue" (everything) VALUES (true);
  ELSIF NOT EXISTS (SELECT FROM "fraiseql"."fraiseql_tv_post_a816468a29_a9162449_queue" q WHERE q.xid = pg_current_xact_id_if_assigned()) THEN
    RETURN NULL;
  END IF;
  -- [isolation] another level's snapshot is older than the locks that a flush waits for
  IF pg_catalog.current_setting('transaction_isolation') <> 'read committed' THEN
    RAISE EXCEPTION 'triggers maintain the documents of Thread and need READ COMMITTED, not %',
      pg_catalog.current_setting('transaction_isolation')
      USING ERRCODE = 'feature_not_supported',
        HINT = 'Write in a READ COMMITTED transaction.';
  END IF;
  INSERT INTO fraiseql.flush (projection) VALUES ('fraiseql_tv_post_a816468a29_a9162449') ON CONFLICT DO NOTHING;
  RETURN NULL;
END $fraiseql$;
REVOKE ALL ON FUNCTION "fraiseql"."fraiseql_tv_post_a816468a29_a9162449_capture_2"() FROM PUBLIC;

-- trigger "fql_fraiseql_tv_post_a816468a29_a9162449_written" ON "public"."tb_comment"
CREATE OR REPLACE TRIGGER "fql_fraiseql_tv_post_a816468a29_a9162449_written" AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON "public"."tb_comment" FOR EACH STATEMENT EXECUTE FUNCTION "fraiseql"."fraiseql_tv_post_a816468a29_a9162449_capture_2"();
ALTER TABLE ONLY "public"."tb_comment" ENABLE ALWAYS TRIGGER "fql_fraiseql_tv_post_a816468a29_a9162449_written";

-- trigger "fql_fraiseql_tv_post_a816468a29_a9162449_written" ON "public"."tb_comment_all"
CREATE OR REPLACE TRIGGER "fql_fraiseql_tv_post_a816468a29_a9162449_written" AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON "public"."tb_comment_all" FOR EACH STATEMENT EXECUTE FUNCTION "fraiseql"."fraiseql_tv_post_a816468a29_a9162449_capture_2"();
ALTER TABLE ONLY "public"."tb_comment_all" ENABLE ALWAYS TRIGGER "fql_fraiseql_tv_post_a816468a29_a9162449_written";

-- fingerprint fingerprint of "fraiseql"."tv_post_a816468a29"
SELECT "fraiseql"."record_fingerprint"('"fraiseql"."tv_post_a816468a29"', 'unchanged_a916244975bbb08d', ARRAY['"fraiseql"."v_post_a816468a29"']::text[], ARRAY[]::text[], '^fql_fraiseql_tv_post_a816468a29_a9162449_');

-- data start of "fraiseql"."tv_post_a816468a29"
DO $fraiseql$ BEGIN
  IF coalesce(pg_catalog.obj_description('"fraiseql"."tv_post_a816468a29"'::pg_catalog.regclass, 'pg_class'), '') IN ('new', 'building') THEN
    TRUNCATE "fraiseql"."tv_post_a816468a29";
    COMMENT ON TABLE "fraiseql"."tv_post_a816468a29" IS 'building';
  ELSE
    LOCK TABLE "fraiseql"."tv_post_a816468a29" IN SHARE ROW EXCLUSIVE MODE;
  END IF;
END $fraiseql$;

-- data rows of "fraiseql"."tv_post_a816468a29"
-- partitions: …
DO $fraiseql$
DECLARE fql_last0 integer; fql_new boolean := coalesce(pg_catalog.obj_description('"fraiseql"."tv_post_a816468a29"'::pg_catalog.regclass, 'pg_class'), '') IN ('new', 'building');
BEGIN
  LOOP
    IF fql_new THEN
      SELECT m.fql_last0 INTO fql_last0 FROM "fraiseql"."fraiseql_tv_post_a816468a29_a9162449_build"(fql_last0) m;
    ELSE
      SELECT m.fql_last0 INTO fql_last0 FROM "fraiseql"."fraiseql_tv_post_a816468a29_a9162449_mend"(fql_last0) m;
    END IF;
    COMMIT;
    EXIT WHEN fql_last0 IS NULL;
  END LOOP;
  COMMENT ON TABLE "fraiseql"."tv_post_a816468a29" IS 'built';
END $fraiseql$;
ANALYZE "fraiseql"."tv_post_a816468a29";

-- view "fraiseql"."stored_tv_post_a816468a29"
DO $fraiseql$ BEGIN
  IF (WITH RECURSIVE below(oid) AS (
  SELECT fql_root FROM unnest(ARRAY(SELECT to_regclass(n)::oid FROM unnest(ARRAY['"public"."tb_post"', '"public"."tb_author"', '"public"."tb_comment"']::text[]) AS n)) AS fql_root
  UNION SELECT i.inhrelid FROM below b JOIN pg_catalog.pg_inherits i ON i.inhparent = b.oid)
SELECT coalesce(sum(pg_catalog.hashtextextended(
  concat_ws(':', i.inhparent, i.inhrelid, i.inhdetachpending, i.xmin), 0)), 0)
FROM pg_catalog.pg_inherits i JOIN below b ON i.inhparent = b.oid) <> 0 THEN
    RAISE object_not_in_prerequisite_state USING
      MESSAGE = 'tables or partitions have changed while the documents were built',
      HINT = 'Run fraiseql db apply again.';
  END IF;
END $fraiseql$;
CREATE OR REPLACE VIEW "fraiseql"."stored_tv_post_a816468a29" AS SELECT t."id", t."data" FROM "fraiseql"."tv_post_a816468a29" t;
COMMENT ON VIEW "fraiseql"."stored_tv_post_a816468a29" IS 'partitions: …';

-- view "public"."tv_post"
CREATE OR REPLACE VIEW "public"."tv_post" AS SELECT t."id", t."data" FROM "fraiseql"."tv_post_a816468a29" t;
