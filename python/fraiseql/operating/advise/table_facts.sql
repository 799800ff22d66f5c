-- tables: Sizes and writes of the tables that the traced statements read.
SELECT n.nspname || '.' || c.relname AS name, n.nspname AS schema, c.relname AS bare, c.relkind::text AS kind,
  greatest(c.reltuples, 0)::float8 AS rows, c.relpages::float8 AS pages,
  pg_has_role(c.relowner, 'MEMBER') AS owned,
  coalesce(s.n_tup_ins, 0)::float8 AS inserted,
  coalesce(s.n_tup_upd + s.n_tup_del, 0)::float8 AS changed
FROM unnest($1::text[], $2::text[]) AS a (schema, name)
JOIN pg_namespace n ON n.nspname = a.schema
JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = a.name
LEFT JOIN pg_stat_all_tables s ON s.relid = c.oid
WHERE c.relkind IN ('r', 'p', 'm');

-- indexes: Their indexes, with the text of each column.
SELECT n.nspname || '.' || t.relname AS table_name, n.nspname AS schema, c.relname AS name, m.amname AS method,
  ARRAY(SELECT pg_get_indexdef(i.indexrelid, p.place, false) FROM generate_series(1, i.indnkeyatts) AS p (place)) AS items,
  ARRAY(SELECT (i.indoption[p.place - 1]::int & 1) = 1 FROM generate_series(1, i.indnkeyatts) AS p (place)) AS descending,
  coalesce(pg_get_expr(i.indpred, i.indrelid), '') AS predicate,
  i.indisvalid AND i.indisready AS valid, i.indisunique AS "unique",
  pg_relation_size(i.indexrelid)::float8 AS bytes
FROM unnest($1::text[], $2::text[]) AS a (schema, name)
JOIN pg_namespace n ON n.nspname = a.schema
JOIN pg_class t ON t.relnamespace = n.oid AND t.relname = a.name
JOIN pg_index i ON i.indrelid = t.oid
JOIN pg_class c ON c.oid = i.indexrelid
JOIN pg_am m ON m.oid = c.relam
ORDER BY 1, 3;

-- columns: Statistics of their columns.
SELECT s.schemaname || '.' || s.tablename AS table_name, s.attname AS name,
  s.n_distinct::float8 AS n_distinct, s.avg_width::float8 AS width,
  CASE WHEN c.data_type ~ '^(timestamp|date)' THEN s.histogram_bounds::text::text[] END AS moments
FROM unnest($1::text[], $2::text[]) AS a (schema, name)
JOIN pg_stats s ON s.schemaname = a.schema AND s.tablename = a.name
JOIN (SELECT attrelid, attname, format_type(atttypid, NULL) AS data_type FROM pg_attribute WHERE attnum > 0) c
  ON c.attrelid = to_regclass(format('%I.%I', s.schemaname, s.tablename)) AND c.attname = s.attname;

-- server: Age and hit ratio of the statistics of the database.
SELECT extract(epoch FROM now() - coalesce(d.stats_reset, pg_postmaster_start_time()))::float8 AS seconds,
  CASE WHEN d.blks_hit + d.blks_read > 0 THEN d.blks_hit::float8 / (d.blks_hit + d.blks_read) END AS hit_ratio,
  current_setting('server_version') AS version, current_setting('random_page_cost')::float8 AS page_cost,
  pg_size_bytes(current_setting('work_mem'))::float8 AS work_mem
FROM pg_stat_database d WHERE d.datname = current_database();
