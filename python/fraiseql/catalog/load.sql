-- qualified: Relations by schema and name, both as written.
SELECT c.oid, a.schema || '.' || a.name AS name
FROM unnest($1::text[], $2::text[]) AS a (schema, name)
JOIN pg_namespace n ON n.nspname = a.schema
JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = a.name
WHERE c.relkind IN ('r', 'v', 'm', 'f', 'p')
ORDER BY n.nspname, c.relname;

-- relations: Names, kinds and keys of relations.
WITH unproven AS MATERIALIZED (
  -- NOT NULL that is NOT VALID holds for new rows alone.
  SELECT u.conrelid, u.conkey[1] AS attnum
  FROM pg_constraint u
  WHERE u.conrelid = ANY ($1::oid[]) AND u.contype = 'n' AND NOT u.convalidated),
keys AS MATERIALIZED (
  -- The primary key first; else a unique key over plain columns that cannot be null.
  SELECT DISTINCT ON (x.indrelid) x.indrelid,
    (x.indkey::int2[])[0:x.indnkeyatts - 1] AS attnums
  FROM pg_index x
  WHERE x.indrelid = ANY ($1::oid[]) AND x.indisunique AND x.indisvalid
    AND x.indpred IS NULL AND x.indexprs IS NULL
    AND (x.indisprimary OR NOT EXISTS (
      SELECT FROM unnest((x.indkey::int2[])[0:x.indnkeyatts - 1]) AS k (attnum)
      JOIN pg_attribute a ON a.attrelid = x.indrelid AND a.attnum = k.attnum
      LEFT JOIN unproven u ON u.conrelid = x.indrelid AND u.attnum = a.attnum
      WHERE NOT a.attnotnull OR u.attnum IS NOT NULL))
  ORDER BY x.indrelid, x.indisprimary DESC, x.indexrelid)
SELECT c.oid, n.nspname::text AS schema, c.relname::text AS name,
  CASE c.relkind WHEN 'r' THEN 'table' WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialized view'
    WHEN 'f' THEN 'foreign table' WHEN 'p' THEN 'partitioned table' END AS kind,
  coalesce(k.attnums, '{}') AS key
FROM unnest($1::oid[]) AS a (oid)
JOIN pg_class c ON c.oid = a.oid
JOIN pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN keys k ON k.indrelid = c.oid;

-- columns: Columns of relations, in their order.
WITH unproven AS MATERIALIZED (
  SELECT u.conrelid, u.conkey[1] AS attnum
  FROM pg_constraint u
  WHERE u.conrelid = ANY ($1::oid[]) AND u.contype = 'n' AND NOT u.convalidated)
SELECT a.attrelid, a.attnum, a.attname::text AS name, a.atttypid AS type,
  a.attnotnull AND u.attnum IS NULL AS required,
  coalesce(l.collisdeterministic, true) AS deterministic,
  format_type(a.atttypid, a.atttypmod) AS type_name
FROM pg_attribute a
LEFT JOIN unproven u ON u.conrelid = a.attrelid AND u.attnum = a.attnum
LEFT JOIN pg_collation l ON l.oid = a.attcollation
WHERE a.attrelid = ANY ($1::oid[]) AND a.attnum > 0 AND NOT a.attisdropped
ORDER BY a.attrelid, a.attnum;

-- types: Types of columns, with domains resolved.
WITH RECURSIVE resolved AS (
  SELECT t.oid AS start, t.oid, t.typname, t.typtype, t.typbasetype, t.typnotnull, t.typcategory,
    t.typnamespace
  FROM pg_type t
  WHERE t.oid = ANY ($1::oid[]) OR t.typarray = ANY ($1::oid[])
  UNION ALL
  SELECT r.start, b.oid, b.typname, b.typtype, b.typbasetype, r.typnotnull OR b.typnotnull,
    b.typcategory, b.typnamespace
  FROM resolved r
  JOIN pg_type b ON b.oid = r.typbasetype
  WHERE r.typtype = 'd'),
types AS MATERIALIZED (
  SELECT DISTINCT r.oid, r.typname, r.typtype, r.typcategory, r.typnamespace FROM resolved r
  WHERE r.typtype <> 'd'),
classes AS MATERIALIZED (
  SELECT c.opcintype, c.opcfamily, m.amname
  FROM pg_opclass c JOIN pg_am m ON m.oid = c.opcmethod
  WHERE c.opcdefault AND m.amname IN ('btree', 'hash')),
described AS MATERIALIZED (
  SELECT own.oid, coalesce('_' || item.typname, own.typname)::text AS base_type,
    -- The name alone has no modifiers: a cast to bit would be one to bit(1).
    quote_ident(space.nspname) || '.' || quote_ident(own.typname) AS base_sql,
    -- As PostgreSQL finds the default operator class of a type: by its binary-compatible types.
    coalesce((
      SELECT min(c.amname) FROM classes c WHERE c.opcintype IN (
        SELECT own.oid
        UNION ALL
        SELECT CASE own.typtype WHEN 'e' THEN 'anyenum' WHEN 'r' THEN 'anyrange'
          WHEN 'm' THEN 'anymultirange' WHEN 'c' THEN 'record' END::regtype
        UNION ALL
        SELECT 'anyarray'::regtype WHERE own.typcategory = 'A'
        UNION ALL
        SELECT k.casttarget FROM pg_cast k
        WHERE k.castsource = own.oid AND k.castmethod = 'b' AND k.castcontext = 'i')),
      '')::text AS "order",
    -- Operators of an extension's type are where the extension is.
    coalesce((
      SELECT s.nspname
      FROM classes c
      JOIN pg_amop a ON a.amopfamily = c.opcfamily AND a.amopstrategy = CASE c.amname
        WHEN 'btree' THEN 3 ELSE 1 END AND a.amoplefttype = own.oid AND a.amoprighttype = own.oid
      JOIN pg_operator o ON o.oid = a.amopopr JOIN pg_namespace s ON s.oid = o.oprnamespace
      WHERE c.opcintype = own.oid
      ORDER BY c.amname LIMIT 1), 'pg_catalog')::text AS operators
  FROM types own
  JOIN pg_namespace space ON space.oid = own.typnamespace
  LEFT JOIN pg_type element ON element.typarray = own.oid
  LEFT JOIN resolved item ON item.start = element.oid AND item.typtype <> 'd')
SELECT own.start AS oid, own.typnotnull AS required, d.base_type, d.base_sql, d."order",
  d.operators
FROM resolved own
JOIN described d ON d.oid = own.oid
WHERE own.typtype <> 'd';
