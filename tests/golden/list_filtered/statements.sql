-- books
SELECT pg_catalog.convert_to(pg_catalog.row_to_json(r.*)::pg_catalog.text, 'UTF8') FROM (SELECT t0."id", t0."genre", t0."price", t0."created_at" FROM "public"."book" AS t0 WHERE (t0."price" IS NOT NULL AND t0."created_at" OPERATOR(pg_catalog.>=) $1::pg_catalog.text::pg_catalog.timestamptz) ORDER BY t0."genre", t0."price" DESC, t0."id" DESC LIMIT 3 OFFSET 0) AS r;
-- $1 = '2024-01-02T00:00:00+01:00'
