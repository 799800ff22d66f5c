-- idle_in_transaction: Sessions with an open transaction and without a statement.
SELECT 'pid ' || a.pid AS object, 'warning' AS severity,
  jsonb_build_object('seconds', round(extract(epoch FROM now() - a.state_change)),
    'role', a.usename, 'application', a.application_name, 'last_statement', left(a.query, 120),
    'oldest_row_age', age(a.backend_xmin), 'threshold_seconds', l.idle_seconds) AS evidence,
  ARRAY[format('SELECT pg_terminate_backend(%s)', a.pid)] AS command, ARRAY[]::text[] AS undo
FROM pg_stat_activity a CROSS JOIN thresholds l
WHERE a.state LIKE 'idle in transaction%' AND a.datname = current_database()
  AND clock_timestamp() - a.state_change > make_interval(secs => l.idle_seconds);

-- prepared_transaction: Prepared transactions of any database.
SELECT p.gid AS object, 'warning' AS severity,
  jsonb_build_object('database', p.database, 'owner', p.owner, 'prepared', p.prepared,
    'threshold_seconds', l.prepared_seconds) AS evidence,
  ARRAY[CASE WHEN p.database = current_database() THEN '' ELSE
    format('# in database %I: ', p.database) END || format('ROLLBACK PREPARED %L', p.gid)]
    AS command,
  ARRAY[]::text[] AS undo
FROM pg_prepared_xacts p CROSS JOIN thresholds l
WHERE clock_timestamp() - p.prepared > make_interval(secs => l.prepared_seconds);

-- slot_holds_wal: Inactive slots, and the bytes that they hold.
SELECT s.slot_name::text AS object,
  CASE WHEN h.bytes > m.setting::bigint * 1048576 THEN 'error' ELSE 'warning' END AS severity,
  jsonb_build_object('bytes', h.bytes, 'max_wal_size', current_setting('max_wal_size'),
    'threshold_bytes', l.slot_bytes) AS evidence,
  ARRAY[format('SELECT pg_drop_replication_slot(%L)', s.slot_name)] AS command,
  ARRAY[]::text[] AS undo
FROM pg_replication_slots s CROSS JOIN thresholds l
JOIN settings m ON m.name = 'max_wal_size'
CROSS JOIN LATERAL (SELECT pg_wal_lsn_diff(CASE WHEN pg_is_in_recovery()
  THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_lsn() END, s.restart_lsn) AS bytes) h
WHERE NOT s.active AND h.bytes >= l.slot_bytes;

-- xid_age: The database with the oldest transaction numbers.
SELECT 'database ' || quote_ident(d.datname) AS object, 'error' AS severity,
  jsonb_build_object('age', age(d.datfrozenxid), 'autovacuum_freeze_max_age', s.setting::bigint,
    'threshold_share', l.frozen_share) AS evidence,
  ARRAY[CASE WHEN d.datname = current_database() THEN '' ELSE
    format('# in database %I: ', d.datname) END || 'VACUUM (FREEZE)'] AS command,
  ARRAY[]::text[] AS undo
FROM (SELECT * FROM pg_database WHERE datallowconn
  ORDER BY age(datfrozenxid) DESC, datname <> current_database() LIMIT 1) d
CROSS JOIN thresholds l
JOIN settings s ON s.name = 'autovacuum_freeze_max_age'
WHERE age(d.datfrozenxid) > l.frozen_share * s.setting::bigint;

-- temp_files: Statements that write temporary files in each call.
SELECT 'statement ' || s.queryid AS object, 'warning' AS severity,
  jsonb_build_object('bytes_per_call', t.bytes, 'calls', s.calls, 'role', r.rolname,
    'statement', left(s.query, 120), 'threshold_bytes', l.temp_bytes,
    'threshold_calls', l.temp_calls) AS evidence,
  ARRAY[format('ALTER ROLE %I SET work_mem = %L', r.rolname,
    least(ceil(t.bytes * 3 / 1048576.0) + 4, 256) || 'MB'),
    format('SELECT %I.pg_stat_statements_reset(%s, %s, %s)', n.nspname, s.userid, s.dbid,
      s.queryid)] AS command,
  ARRAY[format('ALTER ROLE %I RESET work_mem', r.rolname)] AS undo
FROM statements s CROSS JOIN thresholds l
JOIN statistics d ON d.datid = s.dbid
JOIN pg_roles r ON r.oid = s.userid
JOIN pg_extension e ON e.extname = 'pg_stat_statements'
JOIN pg_namespace n ON n.oid = e.extnamespace
CROSS JOIN LATERAL (SELECT s.temp_blks_written * 8192 / greatest(s.calls, 1) AS bytes) t
WHERE t.bytes >= l.temp_bytes AND s.calls >= l.temp_calls;
