-- relations: Tables with the rows of some relations: those of views and partitions too.
WITH RECURSIVE needed (id) AS (
  SELECT c.oid FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE n.nspname || '.' || c.relname = ANY ($1::text[])
  UNION
  SELECT other.id FROM needed, LATERAL (
    SELECT d.refobjid AS id FROM pg_rewrite r
    JOIN pg_depend d ON d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid
      AND d.refclassid = 'pg_class'::regclass AND d.refobjid <> r.ev_class
    WHERE r.ev_class = needed.id
    UNION ALL
    SELECT i.inhrelid FROM pg_inherits i WHERE i.inhparent = needed.id
  ) other
)
SELECT c.oid::bigint AS id, n.nspname AS schema, c.relname AS name, c.relkind::text AS kind,
  pg_table_size(c.oid) AS bytes, pg_indexes_size(c.oid) AS index_bytes,
  has_table_privilege(c.oid, 'SELECT') AND has_schema_privilege(n.oid, 'USAGE') AS readable,
  row_security_active(c.oid) AS filtered,
  ARRAY(SELECT a.attname::text FROM pg_attribute a
    WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
    ORDER BY a.attnum) AS columns
FROM needed JOIN pg_class c ON c.oid = needed.id JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'f') AND n.nspname NOT IN ('pg_catalog', 'information_schema')
ORDER BY n.nspname, c.relname;

-- references: Foreign keys between tables.
SELECT k.conrelid::bigint AS child, k.confrelid::bigint AS parent,
  ARRAY(SELECT a.attname::text FROM unnest(k.conkey) WITH ORDINALITY AS p (number, place)
    JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = p.number
    ORDER BY p.place) AS child_columns,
  ARRAY(SELECT a.attname::text FROM unnest(k.confkey) WITH ORDINALITY AS p (number, place)
    JOIN pg_attribute a ON a.attrelid = k.confrelid AND a.attnum = p.number
    ORDER BY p.place) AS parent_columns
FROM pg_constraint k
WHERE k.contype = 'f' AND k.conrelid = ANY ($1::bigint[]::oid[])
  AND k.confrelid = ANY ($1::bigint[]::oid[]) AND k.conrelid <> k.confrelid
ORDER BY k.conrelid, k.conname;
