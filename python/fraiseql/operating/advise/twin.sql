-- planning: Settings that decide plans, as the role that serves has them.
SELECT s.name, current_setting(s.name) AS setting FROM pg_settings s
WHERE (s.category LIKE 'Query Tuning%' OR s.name IN ('work_mem', 'hash_mem_multiplier',
  'max_parallel_workers_per_gather')) AND s.context = 'user' AND s.name <> 'plan_cache_mode';

-- size: File, pages and rows of a table.
SELECT pg_relation_filepath(c.oid) AS path, c.relpages AS pages, c.reltuples AS rows
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = $1 AND c.relname = $2;

-- all_sizes: Files and pages of all relations that are not of the system.
SELECT pg_relation_filepath(c.oid) AS path, c.relpages AS pages
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'm', 'i') AND c.relpages > 0 AND pg_relation_filepath(c.oid) IS NOT NULL
  AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast');

-- newest: The index of a table that was created last.
SELECT c.oid, n.nspname AS schema, c.relname AS name, pg_relation_filepath(c.oid) AS path
FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
JOIN pg_class t ON t.oid = i.indrelid JOIN pg_namespace n ON n.oid = t.relnamespace
WHERE n.nspname = $1 AND t.relname = $2 ORDER BY c.oid DESC LIMIT 1;

-- sized: Set pages and rows of a relation.
SELECT pg_restore_relation_stats('schemaname', $1::text, 'relname', $2::text,
  'relpages', $3::integer, 'reltuples', $4::real) AS done;

-- hide: Make indexes invalid.
UPDATE pg_catalog.pg_index SET indisvalid = false WHERE indexrelid IN ({});

-- toggle: Make valid indexes invalid, and invalid ones valid.
UPDATE pg_catalog.pg_index SET indisvalid = NOT indisvalid WHERE indexrelid IN ({});

-- index: An index by its name.
SELECT c.oid FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = $1 AND c.relname = $2 AND c.relkind = 'i';

-- unreadable: Tables that the role may not read, which cannot be dumped.
SELECT format('%I.%I', n.nspname, c.relname) AS name
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S') AND n.nspname NOT IN ('pg_catalog', 'information_schema')
  AND n.nspname NOT LIKE 'pg\_%'
  AND NOT (has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT'));
