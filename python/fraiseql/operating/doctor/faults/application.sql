-- embed_not_indexed: Lists whose table has no index that begins with the columns of the join.
SELECT format('%s (%s)', t.name, c.columns) AS object, 'error' AS severity,
  jsonb_build_object('type', e.type, 'field', e.field, 'rows', t.rows,
    'threshold_rows', l.embed_rows) AS evidence,
  ARRAY[format('CREATE INDEX %s%I ON %s (%s)',
    CASE t.relkind WHEN 'p' THEN '' ELSE 'CONCURRENTLY ' END, c.index, t.name, c.columns)]
    AS command,
  ARRAY[format('DROP INDEX %s%I.%I', CASE t.relkind WHEN 'p' THEN '' ELSE 'CONCURRENTLY ' END,
    t.nspname, c.index)] AS undo
FROM facts f
CROSS JOIN jsonb_to_recordset(f.json -> 'embeds')
  AS e (type text, field text, schema text, name text, columns text[])
JOIN tables t ON t.nspname = e.schema AND t.relname = e.name
CROSS JOIN thresholds l
CROSS JOIN LATERAL (
  SELECT string_agg(quote_ident(a.attname), ', ' ORDER BY u.place) AS columns,
    left(t.relname || '_' || string_agg(a.attname, '_' ORDER BY u.place), 59) || '_idx' AS index,
    array_agg(a.attnum) AS keys
  FROM unnest(e.columns) WITH ORDINALITY AS u (name, place)
  JOIN pg_attribute a ON a.attrelid = t.oid AND a.attname = u.name) c
WHERE t.rows >= l.embed_rows AND c.keys IS NOT NULL AND NOT EXISTS (
  SELECT FROM indexes i
  WHERE i.indrelid = t.oid AND i.indisvalid AND i.indpred IS NULL
    AND i.keys[1:cardinality(c.keys)] @> c.keys AND i.keys[1:cardinality(c.keys)] <@ c.keys);

-- triggers_off: Triggers with functions of the framework that are not ENABLE ALWAYS.
SELECT format('%I.%I trigger %I', n.nspname, c.relname, g.tgname) AS object, 'error' AS severity,
  jsonb_build_object('tgenabled', g.tgenabled, 'function', p.proname) AS evidence,
  ARRAY[format('ALTER TABLE %I.%I ENABLE ALWAYS TRIGGER %I', n.nspname, c.relname, g.tgname)]
    AS command,
  ARRAY[format('ALTER TABLE %I.%I %s TRIGGER %I', n.nspname, c.relname, CASE g.tgenabled
    WHEN 'D' THEN 'DISABLE' WHEN 'R' THEN 'ENABLE REPLICA' ELSE 'ENABLE' END, g.tgname)] AS undo
FROM pg_trigger g
JOIN pg_class c ON c.oid = g.tgrelid
JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_proc p ON p.oid = g.tgfoid
JOIN pg_namespace m ON m.oid = p.pronamespace AND m.nspname = 'fraiseql'
WHERE NOT g.tgisinternal AND g.tgenabled <> 'A';

-- change_log_long: The rows of the log, and the oldest transaction.
SELECT 'fraiseql.changes' AS object, 'warning' AS severity,
  jsonb_build_object('rows', s.n_live_tup, 'oldest_pid', a.pid, 'oldest_since', a.xact_start,
    'threshold_rows', l.log_rows) AS evidence,
  array_remove(ARRAY[format('SELECT pg_terminate_backend(%s)', a.pid),
    '$ fraiseql cache clean ' || (f.json ->> 'app')], 'SELECT pg_terminate_backend()') AS command,
  ARRAY[]::text[] AS undo
FROM pg_stat_all_tables s CROSS JOIN thresholds l CROSS JOIN facts f
LEFT JOIN LATERAL (
  SELECT b.pid, b.xact_start FROM pg_stat_activity b
  WHERE b.backend_xmin IS NOT NULL AND b.pid <> pg_backend_pid()
    AND b.backend_type = 'client backend'
  ORDER BY age(b.backend_xmin) DESC LIMIT 1) a ON true
WHERE s.schemaname = 'fraiseql' AND s.relname = 'changes' AND s.n_live_tup > l.log_rows;

-- cache_useless: Queries whose hits saved less than their other answers cost.
SELECT 'query ' || s.query AS object, 'info' AS severity,
  jsonb_build_object('hits', s.hits, 'other_answers', s.misses + s.stale, 'saved_ms', s.saved_ms,
    'threshold_answers', l.cache_answers, 'threshold_ms', l.cache_cost_ms) AS evidence,
  ARRAY['# remove cache= from the query ' || s.query || ', or declare stale='] AS command,
  ARRAY[]::text[] AS undo
FROM fraiseql.result_cache_stats s CROSS JOIN thresholds l
WHERE s.hits + s.misses + s.stale >= l.cache_answers
  AND s.saved_ms < l.cache_cost_ms * (s.misses + s.stale);

-- n_plus_one: Statements of the trace that ran often in one request.
SELECT 'operation ' || coalesce(nullif(o.name, ''), w.operation) || ' field ' || s.root AS object,
  'warning' AS severity,
  jsonb_build_object('runs_in_one_request', w.most, 'statement', left(s.sql, 200),
    'ms', round(w.ms::numeric, 1), 'threshold_runs', l.equal_statements) AS evidence,
  ARRAY['# declare the field ' || s.root || ' with @fraiseql.field(batch=True)',
    '$ fraiseql trace purge ' || (f.json ->> 'app')] AS command,
  ARRAY[]::text[] AS undo
FROM (SELECT t.operation, t.statement, max(t.most_in_request) AS most, sum(t.db_ms_sum) AS ms
  FROM fraiseql.operation_window t WHERE t.statement <> '' GROUP BY t.operation, t.statement) w
JOIN fraiseql.operation_statement s ON s.id = w.statement AND s.sql NOT IN ('', 'other')
LEFT JOIN fraiseql.operation o ON o.id = w.operation
CROSS JOIN thresholds l CROSS JOIN facts f
WHERE w.most > l.equal_statements;

-- debug_in_production: The setting of the application, and the address of its database.
SELECT 'debug' AS object, 'error' AS severity,
  jsonb_build_object('database', f.json ->> 'remote') AS evidence,
  ARRAY['# set debug=False (FRAISEQL_DEBUG=off)'] AS command, ARRAY[]::text[] AS undo
FROM facts f WHERE (f.json ->> 'debug')::boolean AND f.json ->> 'remote' IS NOT NULL;

-- clock_skew: The measured difference.
SELECT 'clock' AS object, 'warning' AS severity,
  jsonb_build_object('seconds', s.skew, 'threshold_seconds', l.skew_seconds) AS evidence,
  ARRAY['# synchronize the clocks with NTP'] AS command, ARRAY[]::text[] AS undo
FROM thresholds l CROSS JOIN (SELECT (json ->> 'skew')::float8 AS skew FROM facts) s
WHERE s.skew > l.skew_seconds;
