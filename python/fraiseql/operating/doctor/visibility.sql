-- conditions: Rights of the role, and records of the server.
SELECT current_user::text AS role, extract(epoch FROM clock_timestamp())::float8 AS clock,
  pg_has_role(current_user, 'pg_read_all_stats', 'USAGE') AS all_stats,
  pg_has_role(current_user, 'pg_read_all_settings', 'USAGE') AS all_settings,
  has_function_privilege('pg_show_all_file_settings()', 'EXECUTE') AS file_settings,
  NOT EXISTS (SELECT FROM pg_stat_replication r WHERE r.application_name <> 'pg_basebackup')
    AS all_replicas,
  has_function_privilege('pg_read_file(text, bigint, bigint, boolean)', 'EXECUTE')
    AND pg_has_role(current_user, 'pg_read_server_files', 'USAGE') AS memory,
  has_function_privilege('pg_stat_reset_shared(text)', 'EXECUTE') AS reset_statistics,
  -- Null without the ledger: then nothing was applied.
  has_table_privilege(to_regclass('fraiseql.ledger'), 'SELECT') AS ledger,
  -- Null without the view: then no query is cached.
  has_table_privilege(to_regclass('fraiseql.result_cache_stats'), 'SELECT') AS cache_statistics,
  -- Null without the table: then nothing was applied, or trace is off.
  has_table_privilege(to_regclass('fraiseql.operation_window'), 'SELECT') AS trace,
  current_setting('track_io_timing')::boolean AS read_times,
  (SELECT quote_ident(n.nspname) FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace
    WHERE e.extname = 'pg_stat_statements'
      AND EXISTS (SELECT FROM pg_settings WHERE name = 'pg_stat_statements.max'))
    AS statement_statistics;
