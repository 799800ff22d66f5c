-- autovacuum_off: The server's setting, and storage parameters of tables.
SELECT 'autovacuum' AS object, 'error' AS severity, jsonb_build_object('setting', s.setting) AS evidence,
  ARRAY['ALTER SYSTEM SET autovacuum = on', 'SELECT pg_reload_conf()'] AS command,
  ARRAY[s.undo, 'SELECT pg_reload_conf()'] AS undo
FROM settings s WHERE s.name = 'autovacuum' AND s.setting = 'off'
UNION ALL
SELECT t.name, 'warning', jsonb_build_object('parameter', o.parameter),
  ARRAY[format('ALTER TABLE %s RESET (autovacuum_enabled)', t.name)],
  ARRAY[format('ALTER TABLE %s SET (%s)', t.name, o.parameter)]
FROM tables t CROSS JOIN unnest(t.reloptions) AS o (parameter)
WHERE o.parameter LIKE 'autovacuum\_enabled=%'
  AND NOT split_part(o.parameter, '=', 2)::boolean;

-- never_analyzed: Tables with rows and without statistics of any column.
SELECT t.name AS object, 'warning' AS severity,
  jsonb_build_object('live_rows', t.live, 'threshold_rows', l.rows) AS evidence,
  ARRAY[format('ANALYZE %s', t.name)] AS command, ARRAY[]::text[] AS undo
FROM tables t CROSS JOIN thresholds l
WHERE t.relkind IN ('r', 'm') AND t.live >= l.rows AND t.analyzed IS NULL
  AND has_table_privilege(t.oid, 'SELECT')
  AND NOT EXISTS (
    SELECT FROM pg_stats p WHERE p.schemaname = t.nspname AND p.tablename = t.relname);

-- statistics_old: Tables with more changed rows than the statistics allow for.
SELECT t.name AS object, 'warning' AS severity,
  jsonb_build_object('changed_rows', t.modified, 'live_rows', t.live, 'analyzed', t.analyzed,
    'threshold_rows', l.rows, 'threshold_share', l.modified_share) AS evidence,
  ARRAY[format('ANALYZE %s', t.name)] AS command, ARRAY[]::text[] AS undo
FROM tables t CROSS JOIN thresholds l
WHERE t.analyzed <= now() - make_interval(secs => l.settled_seconds)
  AND t.modified > greatest(l.rows, l.modified_share * t.live);

-- dead_rows: Tables with more dead rows than a vacuum leaves.
SELECT t.name AS object, 'warning' AS severity,
  jsonb_build_object('dead_rows', t.dead, 'live_rows', t.live, 'vacuumed', t.vacuumed,
    'threshold_rows', l.rows, 'threshold_share', l.dead_share, 'oldest_transaction', (
      SELECT jsonb_build_object('pid', a.pid, 'age', age(a.backend_xmin))
      FROM pg_stat_activity a WHERE a.backend_xmin IS NOT NULL AND a.pid <> pg_backend_pid()
      ORDER BY age(a.backend_xmin) DESC LIMIT 1)) AS evidence,
  ARRAY[format('VACUUM (ANALYZE) %s', t.name)] AS command, ARRAY[]::text[] AS undo
FROM tables t CROSS JOIN thresholds l
WHERE t.dead > greatest(l.rows, l.dead_share * t.live);

-- no_primary_key: Tables without a primary key, and the key that they could have.
SELECT t.name AS object, 'warning' AS severity,
  jsonb_build_object('unique_key', k.columns, 'live_rows', t.live) AS evidence,
  ARRAY[CASE WHEN k.columns IS NULL
    THEN format('ALTER TABLE %s ADD COLUMN %I bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY',
      t.name, own.column)
    ELSE format('ALTER TABLE %s ADD CONSTRAINT %I PRIMARY KEY (%s)', t.name, own.key, k.columns)
    END] AS command,
  ARRAY[CASE WHEN k.columns IS NULL THEN format('ALTER TABLE %s DROP COLUMN %I', t.name, own.column)
    ELSE format('ALTER TABLE %s DROP CONSTRAINT %I', t.name, own.key) END] AS undo
FROM tables t
CROSS JOIN LATERAL (
  SELECT CASE WHEN EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = t.oid AND a.attname = 'id'
    AND NOT a.attisdropped) THEN 'pk_' || left(t.relname, 60) ELSE 'id' END AS column,
    left(t.relname, 58) || '_pkey' AS key) own
LEFT JOIN LATERAL (
  SELECT (SELECT string_agg(quote_ident(a.attname), ', ' ORDER BY k.place)
    FROM unnest(i.keys) WITH ORDINALITY AS k (attnum, place)
    JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = k.attnum
    WHERE k.place <= i.indnkeyatts) AS columns
  FROM indexes i
  WHERE i.indrelid = t.oid AND i.indisunique AND i.indisvalid AND i.indpred IS NULL
    AND i.indexprs IS NULL AND NOT EXISTS (
      SELECT FROM unnest(i.keys) AS k (attnum)
      JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = k.attnum WHERE NOT a.attnotnull)
  ORDER BY i.indexrelid LIMIT 1) k ON true
WHERE t.relkind IN ('r', 'p') AND NOT t.relispartition
  AND t.oid NOT IN (SELECT i.indrelid FROM indexes i WHERE i.indisprimary);

-- key_type_near_end: Sequences near the end of their column's type or of their own.
SELECT format('%s.%I', t.name, a.attname) AS object, 'error' AS severity,
  jsonb_build_object('last_value', q.last_value, 'largest', m.largest, 'type', y.typname,
    'sequence', format('%I.%I', q.schemaname, q.sequencename), 'threshold_share', l.key_share)
    AS evidence,
  ARRAY[format('ALTER TABLE %s ALTER COLUMN %I TYPE bigint', t.name, a.attname),
    format('ALTER SEQUENCE %I.%I AS bigint', q.schemaname, q.sequencename)] AS command,
  ARRAY[format('ALTER SEQUENCE %I.%I AS %s', q.schemaname, q.sequencename, q.data_type),
    format('ALTER TABLE %s ALTER COLUMN %I TYPE %s', t.name, a.attname, y.oid::regtype)] AS undo
FROM pg_depend d
JOIN tables t ON t.oid = d.refobjid
JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = d.refobjsubid
JOIN pg_type y ON y.oid = a.atttypid AND y.typname IN ('int2', 'int4', 'int8')
JOIN pg_class c ON c.oid = d.objid AND c.relkind = 'S'
JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_sequences q ON q.schemaname = n.nspname AND q.sequencename = c.relname
CROSS JOIN thresholds l
CROSS JOIN LATERAL (SELECT least(q.max_value, CASE y.typname WHEN 'int2' THEN 32767
  WHEN 'int4' THEN 2147483647 ELSE q.max_value END) AS largest) m
WHERE d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_class'::regclass
  AND d.deptype IN ('a', 'i') AND NOT q.cycle AND q.last_value > l.key_share * m.largest;
