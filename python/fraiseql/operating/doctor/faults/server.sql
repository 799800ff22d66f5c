-- shared_buffers_small: A cache below a share of the memory and smaller than the database.
SELECT s.name AS object, 'warning' AS severity,
  jsonb_build_object('shared_buffers', pg_size_pretty(c.bytes), 'memory', pg_size_pretty(m.bytes),
    'database', pg_size_pretty(pg_database_size(d.datid)), 'threshold_share', l.buffers_share)
    AS evidence,
  ARRAY[format('ALTER SYSTEM SET shared_buffers = %L', m.bytes / 4194304 || 'MB'),
    '# restart PostgreSQL'] AS command,
  ARRAY[s.undo, '# restart PostgreSQL'] AS undo
FROM settings s CROSS JOIN thresholds l CROSS JOIN statistics d
CROSS JOIN (SELECT (json ->> 'memory')::bigint AS bytes FROM facts) m
CROSS JOIN LATERAL (SELECT s.setting::bigint * 8192 AS bytes) c
WHERE s.name = 'shared_buffers' AND c.bytes < l.buffers_share * m.bytes
  AND c.bytes < pg_database_size(d.datid);

-- memory_overcommit: The memory that connections may use, against that of the machine.
SELECT 'work_mem' AS object, CASE WHEN u.pool > l.memory_share * u.memory THEN 'error' ELSE 'info' END
  AS severity,
  jsonb_build_object('memory', pg_size_pretty(u.memory), 'all_connections', pg_size_pretty(u.every),
    'this_application', pg_size_pretty(u.pool), 'threshold_share', l.memory_share) AS evidence,
  ARRAY[format('ALTER SYSTEM SET work_mem = %L',
    greatest(floor((l.memory_share * u.memory - u.buffers) / u.slots / 1024), 64) || 'kB'),
    'SELECT pg_reload_conf()'] AS command,
  ARRAY[u.undo, 'SELECT pg_reload_conf()'] AS undo
FROM thresholds l CROSS JOIN (
  SELECT f.memory, b.bytes AS buffers, w.undo, c.setting::bigint * h.setting::float8 AS slots,
    (b.bytes + c.setting::bigint * w.setting::bigint * 1024 * h.setting::float8)::bigint AS every,
    (b.bytes + f.connections * w.setting::bigint * 1024 * h.setting::float8)::bigint AS pool
  FROM settings w
  JOIN settings h ON h.name = 'hash_mem_multiplier'
  JOIN settings c ON c.name = 'max_connections'
  CROSS JOIN (SELECT setting::bigint * 8192 AS bytes FROM settings WHERE name = 'shared_buffers') b
  CROSS JOIN (SELECT (json ->> 'memory')::bigint AS memory,
    (json ->> 'connections')::bigint AS connections FROM facts) f
  WHERE w.name = 'work_mem') u
WHERE u.every > u.memory OR u.pool > l.memory_share * u.memory;

-- unsafe_durability: Settings without which a crash loses or damages data.
SELECT s.name AS object, 'error' AS severity, jsonb_build_object('setting', s.setting) AS evidence,
  ARRAY[format('ALTER SYSTEM SET %I = on', s.name), 'SELECT pg_reload_conf()'] AS command,
  ARRAY[s.undo, 'SELECT pg_reload_conf()'] AS undo
FROM settings s
WHERE s.name IN ('fsync', 'full_page_writes') AND s.setting = 'off'
  AND NOT (s.sourcefile LIKE '%/postgresql.conf' AND EXISTS (SELECT FROM embedded));

-- no_statement_statistics: A server without the library, or a database without the extension.
SELECT 'pg_stat_statements' AS object, 'info' AS severity,
  jsonb_build_object('loaded', n.loaded, 'shared_preload_libraries', s.setting) AS evidence,
  CASE WHEN n.loaded THEN ARRAY['CREATE EXTENSION pg_stat_statements SCHEMA public']
    ELSE ARRAY[format('ALTER SYSTEM SET shared_preload_libraries = %s',
      concat_ws(', ', nullif(s.setting, ''), 'pg_stat_statements')), '# restart PostgreSQL',
      'CREATE EXTENSION IF NOT EXISTS pg_stat_statements SCHEMA public'] END AS command,
  CASE WHEN n.loaded THEN ARRAY['DROP EXTENSION pg_stat_statements']
    ELSE ARRAY[s.undo, '# restart PostgreSQL'] END AS undo
FROM settings s
CROSS JOIN (SELECT EXISTS (SELECT FROM settings WHERE name = 'pg_stat_statements.max') AS loaded) n
WHERE s.name = 'shared_preload_libraries'
  AND (n.loaded OR NOT EXISTS (SELECT FROM embedded))
  AND NOT (n.loaded AND EXISTS (SELECT FROM pg_extension WHERE extname = 'pg_stat_statements'));

-- restart_pending: Settings whose new value waits for a restart.
SELECT s.name AS object, 'warning' AS severity,
  jsonb_build_object('running_with', current_setting(s.name)) AS evidence,
  ARRAY['# restart PostgreSQL'] AS command, ARRAY[]::text[] AS undo
FROM settings s WHERE s.pending_restart;

-- config_file_error: Lines that PostgreSQL cannot use.
SELECT format('%s:%s', e.file, e.line) AS object, 'error' AS severity,
  jsonb_build_object('error', e.error, 'name', e.name) AS evidence,
  ARRAY[format('# correct line %s of %s', e.line, e.file), 'SELECT pg_reload_conf()'] AS command,
  ARRAY[]::text[] AS undo
FROM (
  SELECT sourcefile AS file, sourceline AS line, name, error FROM pg_file_settings
  WHERE error IS NOT NULL AND error <> 'setting could not be applied'
  UNION ALL
  SELECT current_setting('hba_file'), line_number, NULL, error FROM pg_hba_file_rules
  WHERE error IS NOT NULL) e;

-- setting_overridden: Settings of ALTER SYSTEM that another place sets too.
SELECT s.name AS object, 'warning' AS severity,
  jsonb_build_object('in_effect', s.reset_val, 'alter_system', f.setting, 'place', s.source)
    AS evidence,
  ARRAY[coalesce(p.owner || ' RESET ' || quote_ident(s.name),
    format('# remove %s from the %s of the server', s.name, s.source))] AS command,
  CASE WHEN p.owner IS NULL THEN ARRAY[]::text[]
    ELSE ARRAY[format('%s SET %I = %s', p.owner, s.name, CASE s.name WHEN 'search_path'
      THEN s.reset_val ELSE quote_literal(s.reset_val || coalesce(s.unit, '')) END)] END AS undo
FROM settings s
JOIN pg_file_settings f ON f.name = s.name AND f.sourcefile LIKE '%/postgresql.auto.conf'
CROSS JOIN LATERAL (SELECT CASE s.source
  WHEN 'database' THEN format('ALTER DATABASE %I', current_database())
  WHEN 'user' THEN format('ALTER ROLE %I', session_user)
  WHEN 'database user' THEN format('ALTER ROLE %I IN DATABASE %I', session_user, current_database())
  END AS owner) p
WHERE s.source IN ('database', 'user', 'database user', 'command line', 'environment variable');

-- isolation_default: Other isolation levels as default of the server, the database or a role.
SELECT 'server' AS object, 'warning' AS severity,
  jsonb_build_object('default_transaction_isolation', s.reset_val) AS evidence,
  ARRAY['ALTER SYSTEM SET default_transaction_isolation = ''read committed''',
    'SELECT pg_reload_conf()'] AS command,
  ARRAY[s.undo, 'SELECT pg_reload_conf()'] AS undo
FROM settings s
WHERE s.name = 'default_transaction_isolation' AND s.source = 'configuration file'
  AND s.reset_val <> 'read committed'
UNION ALL
SELECT o.owner, 'warning', jsonb_build_object('default_transaction_isolation', o.value),
  ARRAY[format('ALTER %s RESET default_transaction_isolation', o.owner)],
  ARRAY[format('ALTER %s SET default_transaction_isolation = %L', o.owner, o.value)]
FROM (
  SELECT split_part(c.setting, '=', 2) AS value, concat_ws(' IN ', 'ROLE ' || quote_ident(r.rolname),
    'DATABASE ' || quote_ident(d.datname)) AS owner
  FROM pg_db_role_setting s
  CROSS JOIN unnest(s.setconfig) AS c (setting)
  LEFT JOIN pg_roles r ON r.oid = s.setrole
  LEFT JOIN pg_database d ON d.oid = s.setdatabase
  WHERE c.setting LIKE 'default\_transaction\_isolation=%' AND (s.setdatabase = 0
    OR d.datname = current_database())) o
WHERE o.value <> 'read committed';

-- random_page_cost: The measured time of a read, and the cost that the planner assumes.
SELECT s.name AS object, 'info' AS severity,
  jsonb_build_object('random_page_cost', s.reset_val, 'reads', d.blks_read,
    'mean_ms', round((d.blk_read_time / d.blks_read)::numeric, 4), 'threshold_ms', l.read_ms,
    'threshold_reads', l.page_reads) AS evidence,
  ARRAY['ALTER SYSTEM SET random_page_cost = 1.1', 'SELECT pg_reload_conf()'] AS command,
  ARRAY[s.undo, 'SELECT pg_reload_conf()'] AS undo
FROM settings s CROSS JOIN statistics d CROSS JOIN thresholds l
WHERE s.name = 'random_page_cost' AND s.reset_val::float8 >= 2 AND d.blk_read_time > 0
  AND d.blks_read >= l.page_reads AND d.blk_read_time / d.blks_read < l.read_ms;

-- jit_costs: The share of compilation in the time of short statements.
SELECT format('database %I', current_database()) AS object, 'warning' AS severity,
  jsonb_build_object('jit_ms', round(s.jit::numeric, 1), 'total_ms', round(s.total::numeric, 1),
    'threshold_share', l.jit_share,
    'threshold_ms', l.short_ms) AS evidence,
  ARRAY[format('ALTER DATABASE %I SET jit = off', current_database())] AS command,
  ARRAY[format('ALTER DATABASE %I RESET jit', current_database())] AS undo
FROM thresholds l CROSS JOIN (
  SELECT sum(s.jit_generation_time + s.jit_inlining_time + s.jit_optimization_time
    + s.jit_emission_time) AS jit, sum(s.total_exec_time) AS total
  FROM statements s JOIN statistics d ON d.datid = s.dbid CROSS JOIN thresholds m
  WHERE s.mean_exec_time < m.short_ms) s
WHERE s.jit > l.jit_share * s.total AND NOT EXISTS (
  SELECT FROM pg_db_role_setting r JOIN statistics d ON d.datid = r.setdatabase
  WHERE 'jit=off' = ANY (r.setconfig));

-- checkpoints_forced: Requested and timed checkpoints.
SELECT 'checkpoints' AS object, 'warning' AS severity,
  jsonb_build_object('requested', b.checkpoints_req, 'timed', b.checkpoints_timed,
    'since', b.stats_reset, 'wal_bytes', w.wal_bytes, 'threshold', l.checkpoints,
    'threshold_share', l.checkpoint_share) AS evidence,
  ARRAY[format('ALTER SYSTEM SET max_wal_size = %L', 2 * s.setting::bigint || s.unit),
    'SELECT pg_reload_conf()', 'SELECT pg_stat_reset_shared(''bgwriter'')'] AS command,
  ARRAY[s.undo, 'SELECT pg_reload_conf()'] AS undo
FROM pg_stat_bgwriter b CROSS JOIN thresholds l CROSS JOIN pg_stat_wal w
JOIN settings s ON s.name = 'max_wal_size'
WHERE b.checkpoints_req > b.checkpoints_timed AND b.checkpoints_req >= l.checkpoints
  AND w.wal_bytes >= l.checkpoint_share * b.checkpoints_req * s.setting::bigint * 1048576;

-- checkpoints_forced_17: The same from the view of later versions.
SELECT 'checkpoints' AS object, 'warning' AS severity,
  jsonb_build_object('requested', b.num_requested, 'timed', b.num_timed,
    'since', b.stats_reset, 'wal_bytes', w.wal_bytes, 'threshold', l.checkpoints,
    'threshold_share', l.checkpoint_share) AS evidence,
  ARRAY[format('ALTER SYSTEM SET max_wal_size = %L', 2 * s.setting::bigint || s.unit),
    'SELECT pg_reload_conf()', 'SELECT pg_stat_reset_shared(''checkpointer'')'] AS command,
  ARRAY[s.undo, 'SELECT pg_reload_conf()'] AS undo
FROM pg_stat_checkpointer b CROSS JOIN thresholds l CROSS JOIN pg_stat_wal w
JOIN settings s ON s.name = 'max_wal_size'
WHERE b.num_requested > b.num_timed AND b.num_requested >= l.checkpoints
  AND w.wal_bytes >= l.checkpoint_share * b.num_requested * s.setting::bigint * 1048576;

-- connections_near_max: Used connections and those of this application, against the limit.
SELECT 'max_connections' AS object, 'warning' AS severity,
  jsonb_build_object('used', c.used, 'one_process', c.pool, 'limit', c.allowed,
    'threshold_share', l.connections_share) AS evidence,
  ARRAY[format('ALTER SYSTEM SET max_connections = %s',
    c.reserved + ceil(greatest(c.used, c.pool) / l.connections_share) + 1), '# restart PostgreSQL']
    AS command,
  ARRAY[c.undo, '# restart PostgreSQL'] AS undo
FROM thresholds l CROSS JOIN (
  SELECT s.undo, r.reserved, s.setting::bigint - r.reserved AS allowed,
    (SELECT sum(numbackends) FROM pg_stat_database) AS used,
    (SELECT (json ->> 'connections')::bigint FROM facts) AS pool
  FROM settings s CROSS JOIN (SELECT sum(setting::bigint) AS reserved FROM settings
    WHERE name IN ('superuser_reserved_connections', 'reserved_connections')) r
  WHERE s.name = 'max_connections') c
WHERE c.used > l.connections_share * c.allowed OR c.pool > c.allowed;
