-- authors
SELECT pg_catalog.convert_to(pg_catalog.row_to_json(r.*)::pg_catalog.text, 'UTF8') FROM (SELECT t0."id", t0."first_name", (SELECT coalesce(pg_catalog.json_agg(r1.v), '[]'::pg_catalog.json) FROM (SELECT (SELECT pg_catalog.row_to_json(x.*) FROM (SELECT t1."data" AS "$") AS x) AS v FROM "public"."book" AS t1 WHERE t1."author_id" OPERATOR(pg_catalog.=) t0."id" AND (withdrawn_at IS NULL) ORDER BY t1."created_at" DESC, t1."id" DESC LIMIT 10) AS r1) AS "books" FROM "public"."author" AS t0 WHERE t0."id" OPERATOR(pg_catalog.<) $1::bigint ORDER BY t0."id" LIMIT 100) AS r;
-- $1 = 3
