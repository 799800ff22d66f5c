-- settings: Settings, with the statement that sets each as it is now.
SELECT s.name, s.setting, s.unit, s.source, s.sourcefile, s.reset_val, s.pending_restart, s.context,
  CASE WHEN s.sourcefile LIKE '%postgresql.auto.conf'
    THEN format('ALTER SYSTEM SET %I = %L', s.name, current_setting(s.name))
    ELSE format('ALTER SYSTEM RESET %I', s.name) END AS undo
FROM pg_settings s;

-- statistics: When the statistics of this database began.
SELECT greatest(d.stats_reset, pg_postmaster_start_time()) AS since, d.*
FROM pg_stat_database d WHERE d.datname = current_database();

-- tables: Tables of the application; not those of PostgreSQL, of extensions and of the framework.
SELECT c.oid, format('%I.%I', n.nspname, c.relname) AS name, n.nspname, c.relname, c.relkind,
  c.relispartition, c.reloptions, c.relowner, c.relrowsecurity, c.relforcerowsecurity,
  coalesce(s.n_live_tup, 0) AS live, coalesce(s.n_dead_tup, 0) AS dead,
  coalesce(s.n_mod_since_analyze, 0) AS modified,
  greatest(s.last_analyze, s.last_autoanalyze) AS analyzed,
  greatest(s.last_vacuum, s.last_autovacuum) AS vacuumed,
  CASE WHEN c.reltuples > 0 THEN c.reltuples::bigint ELSE coalesce(s.n_live_tup, 0) END AS rows
FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_stat_all_tables s ON s.relid = c.oid
WHERE c.relkind IN ('r', 'p', 'm') AND c.relpersistence <> 't'
  AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'fraiseql') AND n.nspname !~ '^pg_'
  AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass
    AND d.objid = c.oid AND d.deptype = 'e');

-- indexes: Indexes of those tables.
SELECT i.*, format('%I.%I', t.nspname, c.relname) AS name, t.name AS table_name, c.relkind,
  c.relispartition, m.amname AS method, s.scans,
  string_to_array(i.indkey::text, ' ')::int2[] AS keys,
  string_to_array(i.indclass::text, ' ')::oid[] AS classes,
  string_to_array(i.indcollation::text, ' ')::oid[] AS collations,
  string_to_array(i.indoption::text, ' ')::int2[] AS options,
  pg_get_expr(i.indexprs, i.indrelid) AS expressions,
  pg_get_expr(i.indpred, i.indrelid) AS predicate,
  k.conindid IS NOT NULL OR i.indisreplident AS constrained
FROM pg_index i
JOIN tables t ON t.oid = i.indrelid
JOIN pg_class c ON c.oid = i.indexrelid
JOIN pg_am m ON m.oid = c.relam
LEFT JOIN (SELECT DISTINCT conindid FROM pg_constraint WHERE conindid <> 0) k ON k.conindid = c.oid
CROSS JOIN LATERAL (SELECT coalesce(pg_stat_get_numscans(c.oid), 0) AS scans) s;

-- foreign_keys: Foreign keys, with names for their columns and for an index.
SELECT k.conrelid, k.conname, k.conkey, k.confrelid::regclass::text AS target, n.columns,
  k.confdeltype IN ('c', 'n', 'd') OR k.confupdtype IN ('c', 'n', 'd') AS acts,
  left(c.relname || '_' || n.name, 59) || '_idx' AS index
FROM pg_constraint k
JOIN pg_class c ON c.oid = k.conrelid
CROSS JOIN LATERAL (
  SELECT string_agg(quote_ident(a.attname), ', ' ORDER BY u.place) AS columns,
    string_agg(a.attname, '_' ORDER BY u.place) AS name
  FROM unnest(k.conkey) WITH ORDINALITY AS u (attnum, place)
  JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = u.attnum) n
WHERE k.contype = 'f' AND k.conparentid = 0;

-- embedded: A row if the framework's embedded server runs: it listens nowhere, by its command line.
SELECT s.name FROM settings s
WHERE s.name = 'listen_addresses' AND s.setting = '' AND s.source = 'command line';
