-- used: Those of the named indexes that this server has scanned.
SELECT n.name FROM unnest($1::text[]) AS n (name)
JOIN pg_stat_all_indexes s ON s.indexrelid = to_regclass(n.name) WHERE s.idx_scan > 0;
