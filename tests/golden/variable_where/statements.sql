-- books
SELECT convert_to(row_to_json(r.*)::text, 'UTF8') FROM (SELECT t0."id", t0."data" AS "$" FROM "public"."book" AS t0 WHERE (t0."price" IS NULL AND ((t0."data"->>'title') LIKE $1::text OR (((CASE WHEN jsonb_typeof(t0."data"->'pages') = 'number' THEN (t0."data"->>'pages')::numeric END) > $2::numeric AND (CASE WHEN jsonb_typeof(t0."data"->'pages') = 'number' THEN (t0."data"->>'pages')::numeric END) <= $3::numeric) AND (t0."genre" = ANY($4::text[]::genre[])) IS NOT TRUE))) ORDER BY (CASE WHEN jsonb_typeof(t0."data"->'pages') = 'number' THEN (t0."data"->>'pages')::numeric END) DESC, t0."id" DESC LIMIT $5::int8) AS r;
-- $1 = 'Ver%'
-- $2 = Decimal('9')
-- $3 = Decimal('66')
-- $4 = ['poetry', 'novel']
-- $5 = 5
