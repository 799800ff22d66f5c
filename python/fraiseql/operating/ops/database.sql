-- totals: Figures of the database since its statistics began.
SELECT d.numbackends AS connections, current_setting('max_connections')::int AS most,
  (SELECT count(*) FROM pg_stat_activity a WHERE a.state = 'active'
    AND a.pid <> pg_backend_pid()) AS active,
  (SELECT count(*) FROM pg_stat_activity a WHERE a.wait_event_type = 'Lock') AS waiting,
  coalesce((SELECT max(extract(epoch FROM clock_timestamp() - a.xact_start))
    FROM pg_stat_activity a WHERE a.backend_type = 'client backend'), 0)::float8 AS oldest,
  100.0::float8 * d.blks_hit / nullif(d.blks_hit + d.blks_read, 0) AS hit_ratio,
  d.temp_files, d.temp_bytes, d.deadlocks, d.xact_rollback AS rollbacks,
  pg_database_size(d.datid) AS size, coalesce(d.stats_reset::text, 'its start') AS since
FROM pg_stat_database d WHERE d.datname = current_database();

-- checkpoints: Checkpoints by time and on request, before PostgreSQL 17.
SELECT b.checkpoints_timed AS timed, b.checkpoints_req AS requested FROM pg_stat_bgwriter b;

-- checkpoints_17: The same since PostgreSQL 17.
SELECT c.num_timed AS timed, c.num_requested AS requested FROM pg_stat_checkpointer c;

-- tables: Tables with the most dead rows.
SELECT quote_ident(s.schemaname) || '.' || quote_ident(s.relname) AS name, s.n_live_tup AS live,
  s.n_dead_tup AS dead, s.seq_scan, coalesce(s.idx_scan, 0) AS idx_scan,
  coalesce(to_char(greatest(s.last_vacuum, s.last_autovacuum) AT TIME ZONE 'UTC',
    'YYYY-MM-DD HH24:MI'), 'never') AS vacuumed
FROM pg_stat_user_tables s ORDER BY s.n_dead_tup DESC, s.n_live_tup DESC LIMIT 10;

-- statements: Statements of this database that took the most time, and whether the trace has them.
SELECT s.query, s.calls, s.total_exec_time AS ms, s.queryid AS id
FROM {schema}.pg_stat_statements s JOIN pg_database d ON d.oid = s.dbid
WHERE d.datname = current_database() AND s.query IS NOT NULL
ORDER BY s.total_exec_time DESC LIMIT 500;

-- traced: Query identifiers of the statements of the trace.
SELECT s.query_id AS id FROM fraiseql.operation_statement s WHERE s.query_id IS NOT NULL;
