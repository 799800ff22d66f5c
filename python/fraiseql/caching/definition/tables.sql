-- columns: Return the columns of relations, with the base types of their values.
WITH RECURSIVE asked AS (
  SELECT c.oid, n.nspname::text AS schema, c.relname::text AS name, c.relkind::text AS kind,
    c.relispartition AS partition, pg_has_role(c.relowner, 'USAGE') AS owned,
    CASE WHEN c.relkind IN ('r', 'p') THEN (
      SELECT coalesce(sum(pg_total_relation_size(t.relid)), 0)
      FROM pg_partition_tree(c.oid) t WHERE t.isleaf)::bigint ELSE 0 END AS tree_bytes,
    CASE WHEN c.relkind = 'r' THEN pg_table_size(c.oid) ELSE 0 END AS bytes
  FROM unnest($1::text[], $2::text[]) AS a (schema, name)
  JOIN pg_namespace n ON n.nspname = a.schema
  JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = a.name),
types AS (
  SELECT t.oid AS start, t.oid FROM pg_type t
  WHERE t.oid IN (SELECT atttypid FROM pg_attribute WHERE attrelid IN (SELECT oid FROM asked))
  UNION ALL
  SELECT r.start, CASE WHEN t.typtype = 'd' THEN t.typbasetype ELSE t.typelem END
  FROM types r JOIN pg_type t ON t.oid = r.oid
  WHERE t.typtype = 'd' OR (t.typcategory = 'A' AND t.typelem <> 0 AND t.typsubscript::text =
    'array_subscript_handler')),
-- The element at the end of domains and arrays.
ends AS (
  SELECT r.start, t.typname::text AS base, t.typtype::text AS base_kind
  FROM types r JOIN pg_type t ON t.oid = r.oid
  WHERE t.typtype <> 'd'
    AND NOT (t.typcategory = 'A' AND t.typelem <> 0
      AND t.typsubscript::text = 'array_subscript_handler'))
SELECT asked.*, a.attname::text AS column, a.attgenerated::text AS generated,
  CASE WHEN tn.nspname = 'pg_catalog' THEN format_type(a.atttypid, NULL)
    ELSE format('%I.%I', tn.nspname, t.typname) END AS sql_type,
  a.attidentity = 'a' AS identity, e.base, e.base_kind,
  EXISTS (SELECT FROM types x JOIN pg_type y ON y.oid = x.oid
    WHERE x.start = a.atttypid AND y.typcategory = 'A' AND y.typelem <> 0
      AND y.typsubscript::text = 'array_subscript_handler') AS is_array
FROM asked
JOIN pg_attribute a ON a.attrelid = asked.oid AND a.attnum > 0 AND NOT a.attisdropped
JOIN pg_type t ON t.oid = a.atttypid
JOIN pg_namespace tn ON tn.oid = t.typnamespace
JOIN ends e ON e.start = a.atttypid
ORDER BY asked.schema, asked.name, a.attnum;
