-- first
SELECT convert_to(row_to_json(r.*)::text, 'UTF8') FROM (SELECT t0."first_name" FROM "public"."author" AS t0 WHERE t0."id" = $1::int8 LIMIT 1) AS r;
-- $1 = 1

-- second
SELECT convert_to(row_to_json(r.*)::text, 'UTF8') FROM (SELECT t0."first_name" FROM "public"."author" AS t0 WHERE t0."id" = $1::int8 LIMIT 1) AS r;
-- $1 = 2

-- reviews
SELECT convert_to(row_to_json(r.*)::text, 'UTF8') FROM (SELECT t0."id" FROM "public"."review" AS t0 ORDER BY t0."id" LIMIT 2) AS r;
