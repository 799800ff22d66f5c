-- author
SELECT convert_to(row_to_json(r.*)::text, 'UTF8') FROM (SELECT t0."first_name", t0."born" FROM "public"."author" AS t0 WHERE t0."id" = $1::int8 LIMIT 1) AS r;
-- $1 = 1
