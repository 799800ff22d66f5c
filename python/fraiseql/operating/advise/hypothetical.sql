-- relations: Relations of a name, in all schemas or in one.
SELECT n.nspname AS schema, c.relname AS name, c.relkind::text AS kind,
  coalesce((SELECT tn.nspname || '.' || t.relname FROM pg_index i JOIN pg_class t ON t.oid = i.indrelid
    JOIN pg_namespace tn ON tn.oid = t.relnamespace WHERE i.indexrelid = c.oid), '') AS indexed,
  coalesce(pg_get_indexdef(i.indexrelid), '') AS definition
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_index i ON i.indexrelid = c.oid
WHERE c.relname = $1 AND ($2 = '' OR n.nspname = $2) AND c.relkind = ANY ($3::text[]::"char"[])
  AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast')
ORDER BY 1;
