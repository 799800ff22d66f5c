-- author
SELECT pg_catalog.convert_to(pg_catalog.row_to_json(r.*)::pg_catalog.text, 'UTF8') FROM (SELECT t0."id" FROM "public"."author" AS t0 WHERE t0."id" OPERATOR(pg_catalog.=) $1::bigint LIMIT 1) AS r;
-- $1 = 1
