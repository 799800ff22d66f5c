-- items
SELECT pg_catalog.convert_to(pg_catalog.row_to_json(r.*)::pg_catalog.text, 'UTF8') FROM (SELECT t0."id", t0."data" AS "$", t0."data" OPERATOR(pg_catalog.->) 'kind' AS "kind" FROM "public"."shelf" AS t0 ORDER BY t0."id" LIMIT 2) AS r;
