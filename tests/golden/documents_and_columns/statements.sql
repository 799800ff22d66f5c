-- books
SELECT pg_catalog.convert_to(pg_catalog.row_to_json(r.*)::pg_catalog.text, 'UTF8') FROM (SELECT t0."id", t0."price", t0."genre", t0."data" AS "$" FROM "public"."book" AS t0 WHERE t0."id" OPERATOR(pg_catalog.<=) $1::bigint ORDER BY t0."created_at" DESC, t0."id" DESC LIMIT 50) AS r;
-- $1 = 2
