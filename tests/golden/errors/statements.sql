-- books
SELECT convert_to(row_to_json(r.*)::text, 'UTF8') FROM (SELECT t0."id", t0."data" AS "$" FROM "public"."book" AS t0 WHERE t0."id" >= $1::int8 ORDER BY t0."id" LIMIT 50) AS r;
-- $1 = 4

-- reviews
SELECT convert_to(row_to_json(r.*)::text, 'UTF8') FROM (SELECT (SELECT r1.v FROM (SELECT (SELECT row_to_json(x.*) FROM (SELECT t1."data" AS "$", (SELECT r2.v FROM (SELECT (SELECT row_to_json(x.*) FROM (SELECT (SELECT coalesce(json_agg(r3.v), '[]'::json) FROM (SELECT (SELECT row_to_json(x.*) FROM (SELECT (SELECT coalesce(json_agg(r4.v), '[]'::json) FROM (SELECT (SELECT row_to_json(x.*) FROM (SELECT t4."body") AS x) AS v FROM "public"."review" AS t4 WHERE t4."book_id" = t3."id" ORDER BY t4."stars" DESC, t4."id" DESC LIMIT 1001) AS r4) AS "reviews") AS x) AS v FROM "public"."book" AS t3 WHERE t3."author_id" = t2."id" AND (withdrawn_at IS NULL) ORDER BY t3."created_at" DESC, t3."id" DESC LIMIT 10) AS r3) AS "books") AS x) AS v FROM "public"."author" AS t2 WHERE t2."id" = t1."author_id" LIMIT 1) AS r2) AS "author") AS x) AS v FROM "public"."book" AS t1 WHERE t1."id" = t0."book_id" LIMIT 1) AS r1) AS "book" FROM "public"."review" AS t0 WHERE t0."id" = $1::int8 ORDER BY t0."id" LIMIT 1) AS r;
-- $1 = 4

-- withdrawn
SELECT convert_to(row_to_json(r.*)::text, 'UTF8') FROM (SELECT t0."id", (SELECT r1.v FROM (SELECT (SELECT row_to_json(x.*) FROM (SELECT t1."data" AS "$", (SELECT r2.v FROM (SELECT (SELECT row_to_json(x.*) FROM (SELECT t2."last_name") AS x) AS v FROM "public"."author" AS t2 WHERE t2."id" = t1."author_id" LIMIT 1) AS r2) AS "author") AS x) AS v FROM "public"."book" AS t1 WHERE t1."id" = t0."book_id" LIMIT 1) AS r1) AS "book" FROM "public"."review" AS t0 ORDER BY t0."id" LIMIT 1) AS r;
