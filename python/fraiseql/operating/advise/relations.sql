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
  -- Not those to each partition of a table: a row has its parent in one of them.
  AND NOT EXISTS (SELECT FROM pg_constraint w WHERE w.oid = k.conparentid AND w.conrelid = k.conrelid)
ORDER BY k.conrelid, k.conname;

-- incomplete: Foreign keys and materialized views whose rows the copy has in part; ids as pg_dump names them.
WITH RECURSIVE broken (id, whole) AS (
  SELECT k.oid, k.conparentid FROM pg_constraint k JOIN pg_class p ON p.oid = k.confrelid
  LEFT JOIN pg_constraint w ON w.oid = k.conparentid AND w.conrelid = k.conrelid
  WHERE k.contype = 'f' AND p.relkind = 'r' AND k.conrelid = ANY ($1::bigint[]::oid[])
    AND (k.confrelid <> ALL ($1::bigint[]::oid[]) OR (k.confrelid = ANY ($2::bigint[]::oid[])
      AND (k.conrelid = k.confrelid OR k.conrelid <> ALL ($2::bigint[]::oid[]) OR w.oid IS NOT NULL)))
  UNION
  SELECT k.oid, k.conparentid FROM broken JOIN pg_constraint k ON k.oid = broken.whole
), read (view, id) AS (
  SELECT c.oid, c.oid FROM pg_class c WHERE c.relkind = 'm'
  UNION
  SELECT read.view, other.id FROM read, LATERAL (
    SELECT d.refobjid AS id FROM pg_rewrite r
    JOIN pg_depend d ON d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid
      AND d.refclassid = 'pg_class'::regclass AND d.refobjid <> r.ev_class
    WHERE r.ev_class = read.id
    UNION ALL
    SELECT i.inhrelid FROM pg_inherits i WHERE i.inhparent = read.id
  ) other
)
SELECT 'pg_constraint'::regclass::oid::bigint AS catalog, k.oid::bigint AS id,
  'foreign key ' || k.conname AS label
FROM broken JOIN pg_constraint k ON k.oid = broken.id WHERE k.conparentid = 0
UNION ALL
SELECT 0, c.oid::bigint, 'rows of ' || n.nspname || '.' || c.relname
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE EXISTS (
  SELECT FROM read JOIN pg_class t ON t.oid = read.id JOIN pg_namespace s ON s.oid = t.relnamespace
  WHERE read.view = c.oid AND t.relkind IN ('r', 'f') AND t.oid <> ALL ($1::bigint[]::oid[])
    AND s.nspname NOT IN ('pg_catalog', 'information_schema'))
ORDER BY label;
