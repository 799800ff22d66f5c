-- columns: Columns of written relations, with the privileges of the role.
SELECT n.nspname::text AS schema, c.relname::text AS relation, c.relkind::text AS kind,
  a.attname::text AS name, a.attidentity::text AS identity, a.attgenerated <> '' AS generated,
  a.atthasdef OR t.typdefault IS NOT NULL AS has_default,
  a.attnotnull OR (t.typtype = 'd' AND t.typnotnull) AS required,
  pg_column_is_updatable(c.oid, a.attnum, true) AS updatable,
  pg_relation_is_updatable(c.oid, true) AS events,
  EXISTS (
    -- A trigger for each row, before INSERT.
    SELECT FROM pg_trigger g
    WHERE g.tgrelid = c.oid AND NOT g.tgisinternal AND g.tgtype & 7 = 7) AS filled,
  has_column_privilege(c.oid, a.attnum, 'INSERT') AS may_insert,
  has_column_privilege(c.oid, a.attnum, 'UPDATE') AS may_update,
  has_column_privilege(c.oid, a.attnum, 'SELECT') AS may_select,
  has_table_privilege(c.oid, 'DELETE') AS may_delete
FROM unnest($1::text[], $2::text[]) AS w (schema, name)
JOIN pg_namespace n ON n.nspname = w.schema
JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = w.name
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
JOIN pg_type t ON t.oid = a.atttypid;

-- uniques: Unique keys of written tables that ON CONFLICT can name.
SELECT n.nspname::text AS schema, c.relname::text AS relation, ARRAY(
  SELECT a.attname::text
  FROM unnest((i.indkey::int2[])[0:i.indnkeyatts - 1]) AS k (attnum)
  JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.attnum) AS columns
FROM unnest($1::text[], $2::text[]) AS w (schema, name)
JOIN pg_namespace n ON n.nspname = w.schema
JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = w.name
JOIN pg_index i ON i.indrelid = c.oid
WHERE i.indisunique AND i.indisvalid AND i.indimmediate AND i.indpred IS NULL
  AND i.indexprs IS NULL;
