-- author
SELECT convert_to(row_to_json(r.*)::text, 'UTF8') FROM (SELECT t0."first_name", t0."last_name", t0."born", (SELECT coalesce(json_agg(r1.v), '[]'::json) FROM (SELECT (SELECT row_to_json(x.*) FROM (SELECT t1."created_at", t1."id", t1."data" AS "$") AS x) AS v FROM "public"."book" AS t1 WHERE t1."author_id" = t0."id" AND (withdrawn_at IS NULL) ORDER BY t1."created_at" DESC, t1."id" DESC LIMIT 10) AS r1) AS "books" FROM "public"."author" AS t0 WHERE t0."id" = $1::int8 LIMIT 1) AS r;
-- $1 = 1
