-- books
SELECT pg_catalog.convert_to(pg_catalog.row_to_json(r.*)::pg_catalog.text, 'UTF8') FROM (SELECT t0."data" AS "$" FROM "public"."book" AS t0 ORDER BY t0."created_at" DESC, t0."id" DESC LIMIT 50) AS r;

-- reviews
SELECT pg_catalog.convert_to(pg_catalog.row_to_json(r.*)::pg_catalog.text, 'UTF8') FROM (SELECT t0."id" FROM "public"."review" AS t0 ORDER BY t0."id" LIMIT 1) AS r;
