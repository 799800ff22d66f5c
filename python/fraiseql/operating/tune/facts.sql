-- settings: The server's settings; those of a session do not count.
SELECT s.name, coalesce(s.reset_val, s.setting) AS value, s.boot_val, s.unit, s.context, s.vartype,
  s.min_val, s.max_val, s.enumvals, s.source, s.pending_restart,
  has_parameter_privilege(s.name, 'ALTER SYSTEM') AS may_alter
FROM pg_settings s;

-- server: The role, the database and the extensions that can be loaded.
SELECT current_user::text AS role, current_setting('server_version') AS version,
  current_setting('server_version_num')::int / 10000 AS major,
  -- Other roles do not see it.
  (SELECT s.setting FROM pg_settings s WHERE s.name = 'data_directory') AS data_directory,
  has_function_privilege('pg_read_file(text, bigint, bigint, boolean)', 'EXECUTE')
    AND pg_has_role(current_user, 'pg_read_server_files', 'USAGE') AS reads_files,
  has_function_privilege('pg_show_all_file_settings()', 'EXECUTE') AS reads_file_settings,
  has_function_privilege('pg_reload_conf()', 'EXECUTE') AS may_reload,
  (SELECT sum(pg_database_size(d.oid))::bigint FROM pg_database d
    WHERE d.datallowconn AND has_database_privilege(d.oid, 'CONNECT')) AS database_bytes,
  ARRAY(SELECT e.name::text FROM pg_available_extensions e
    WHERE e.name IN ('pg_stat_statements', 'pg_prewarm')) AS extensions,
  extract(epoch FROM now() - pg_postmaster_start_time())::float8 AS uptime;

-- evidence: Counters of the statistics, up to version 16.
SELECT d.temp_files, d.temp_bytes, d.blks_read, d.blk_read_time,
  c.checkpoints_req AS requested, c.checkpoints_timed AS timed,
  w.wal_bytes::float8 AS wal_bytes, w.wal_fpi, extract(epoch FROM now() - w.stats_reset)::float8
    AS wal_seconds,
  (SELECT count(*) FROM pg_stat_activity a WHERE a.backend_type = 'client backend') AS connections,
  (SELECT count(*) FROM pg_stat_activity a WHERE a.state = 'idle in transaction'
    AND a.state_change < now() - interval '60 seconds') AS idle_in_transaction
FROM pg_stat_database d CROSS JOIN pg_stat_bgwriter c CROSS JOIN pg_stat_wal w
WHERE d.datname = current_database();

-- evidence_17: Counters of the statistics, from version 17 on.
SELECT d.temp_files, d.temp_bytes, d.blks_read, d.blk_read_time,
  c.num_requested AS requested, c.num_timed AS timed,
  w.wal_bytes::float8 AS wal_bytes, w.wal_fpi, extract(epoch FROM now() - w.stats_reset)::float8
    AS wal_seconds,
  (SELECT count(*) FROM pg_stat_activity a WHERE a.backend_type = 'client backend') AS connections,
  (SELECT count(*) FROM pg_stat_activity a WHERE a.state = 'idle in transaction'
    AND a.state_change < now() - interval '60 seconds') AS idle_in_transaction
FROM pg_stat_database d CROSS JOIN pg_stat_checkpointer c CROSS JOIN pg_stat_wal w
WHERE d.datname = current_database();

-- alter_system: The settings in postgresql.auto.conf, by name.
SELECT f.name, f.setting FROM pg_file_settings f
WHERE f.sourcefile LIKE '%/postgresql.auto.conf' AND f.name IS NOT NULL;
