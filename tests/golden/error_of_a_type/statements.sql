-- items
SELECT convert_to(row_to_json(r.*)::text, 'UTF8') FROM (SELECT t0."data" AS "$", t0."data"->'kind' AS "kind" FROM "public"."shelf" AS t0 ORDER BY t0."id" LIMIT 3) AS r;
