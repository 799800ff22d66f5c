-- function "fraiseql"."tb_post_row_9162c7585a"(integer, text, timestamp with time zone)
CREATE OR REPLACE FUNCTION "fraiseql"."tb_post_row_9162c7585a"(integer, text, timestamp with time zone) RETURNS jsonb
  LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
  SET TimeZone = 'UTC'
  AS $row$BEGIN RETURN pg_catalog.jsonb_build_object('id', $1, 'state', $2, 'at', $3); END$row$;
GRANT EXECUTE ON FUNCTION "fraiseql"."tb_post_row_9162c7585a"(integer, text, timestamp with time zone) TO PUBLIC;

-- view "public"."v_post"
CREATE OR REPLACE VIEW "public"."v_post" AS SELECT t0."id", "fraiseql"."tb_post_row_9162c7585a"(t0."id", t0."state", t0."at") AS "data" FROM "public"."tb_post" AS t0;

-- fingerprint fingerprint of "public"."tb_post"."data"
SELECT "fraiseql"."record_fingerprint"('"public"."tb_post"."data"', 'unchanged_3469c10860f2882c', ARRAY['"public"."v_post"']::text[], ARRAY['"fraiseql"."tb_post_row_9162c7585a"(integer, text, timestamp with time zone)']::text[], '$none');

-- column "public"."tb_post"."data"
ALTER TABLE "public"."tb_post" ADD COLUMN "data" jsonb GENERATED ALWAYS AS ("fraiseql"."tb_post_row_9162c7585a"("id", "state", "at")) STORED;
