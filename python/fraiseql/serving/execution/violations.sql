-- constraint: The columns and the comment of a constraint or unique index of a table.
SELECT
  obj_description(c.oid, 'pg_constraint') AS comment,
  ARRAY(
    SELECT a.attname::text FROM unnest(c.conkey) WITH ORDINALITY AS k(number, place)
    JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = k.number ORDER BY k.place
  ) AS columns
FROM pg_constraint c
JOIN pg_class r ON r.oid = c.conrelid
JOIN pg_namespace n ON n.oid = r.relnamespace
WHERE n.nspname = $1 AND r.relname = $2 AND c.conname = $3
UNION ALL
SELECT
  obj_description(x.oid, 'pg_class'),
  ARRAY(
    SELECT DISTINCT a.attname::text FROM pg_depend d
    JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = d.refobjsubid
    WHERE d.classid = 'pg_class'::regclass AND d.objid = x.oid
      AND d.refclassid = 'pg_class'::regclass AND d.refobjid = i.indrelid AND d.refobjsubid > 0
    ORDER BY 1
  )
FROM pg_index i
JOIN pg_class x ON x.oid = i.indexrelid
JOIN pg_class r ON r.oid = i.indrelid
JOIN pg_namespace n ON n.oid = r.relnamespace
WHERE n.nspname = $1 AND r.relname = $2 AND x.relname = $3
  AND NOT EXISTS (SELECT FROM pg_constraint o WHERE o.conindid = x.oid)
