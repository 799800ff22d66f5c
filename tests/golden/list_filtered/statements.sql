-- books
SELECT convert_to(row_to_json(r.*)::text, 'UTF8') FROM (SELECT t0."id", t0."genre", t0."price", t0."created_at" FROM "public"."book" AS t0 WHERE (t0."price" IS NOT NULL AND t0."created_at" >= $1::text::timestamptz) ORDER BY t0."genre", t0."price" DESC, t0."id" DESC LIMIT 3 OFFSET 0) AS r;
-- $1 = '2024-01-02T00:00:00+01:00'
