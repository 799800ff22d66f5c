-- index "public"."ix_tb_post_27c13d54b1"
CREATE INDEX CONCURRENTLY "ix_tb_post_27c13d54b1" ON "public"."tb_post" USING btree ("at", "id") WHERE "state" OPERATOR(pg_catalog.=) 'draft'::pg_catalog.text;

-- rolling index "public"."ix_tb_post_641b80dd55"
DROP INDEX CONCURRENTLY IF EXISTS "public"."ix_tb_post_641b80dd55_a";
DROP INDEX CONCURRENTLY IF EXISTS "public"."ix_tb_post_641b80dd55_b";
CREATE INDEX CONCURRENTLY "ix_tb_post_641b80dd55_a" ON "public"."tb_post" USING btree ("at", "id") WHERE "at" OPERATOR(pg_catalog.>) '2000-01-01T00:00:00+00:00'::pg_catalog.timestamptz;

-- index "public"."ix_tb_post_7745255e73"
CREATE INDEX CONCURRENTLY "ix_tb_post_7745255e73" ON "public"."tb_post" USING gin ("data" jsonb_path_ops);
