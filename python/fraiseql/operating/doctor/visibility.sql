-- conditions: What the role may see, and what the server records.
SELECT current_user::text AS role,
  pg_has_role(current_user, 'pg_read_all_stats', 'USAGE') AS all_stats,
  pg_has_role(current_user, 'pg_read_all_settings', 'USAGE') AS all_settings,
  has_function_privilege('pg_show_all_file_settings()', 'EXECUTE') AS file_settings,
  NOT EXISTS (SELECT FROM pg_stat_replication r WHERE r.application_name <> 'pg_basebackup')
    AS all_replicas;
