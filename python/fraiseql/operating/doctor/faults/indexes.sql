-- fk_not_indexed: Foreign keys whose columns are not the beginning of an index.
SELECT format('%s (%s)', t.name, f.columns) AS object,
  CASE WHEN f.acts THEN 'error' ELSE 'warning' END AS severity,
  jsonb_build_object('constraint', f.conname, 'references', f.target, 'rows', t.rows,
    'bytes', pg_relation_size(t.oid), 'cascades', f.acts, 'threshold_rows', l.foreign_key_rows)
    AS evidence,
  ARRAY[format('CREATE INDEX %s%I ON %s (%s)',
    CASE t.relkind WHEN 'p' THEN '' ELSE 'CONCURRENTLY ' END, f.index, t.name, f.columns)]
    AS command,
  ARRAY[format('DROP INDEX %s%I.%I', CASE t.relkind WHEN 'p' THEN '' ELSE 'CONCURRENTLY ' END,
    t.nspname, f.index)] AS undo
FROM tables t
JOIN foreign_keys f ON f.conrelid = t.oid
CROSS JOIN thresholds l
WHERE t.rows >= l.foreign_key_rows AND NOT EXISTS (
  SELECT FROM indexes i
  WHERE i.indrelid = t.oid AND i.indisvalid AND i.indexprs IS NULL
    AND (i.indpred IS NULL OR i.predicate = format('(%s IS NOT NULL)', f.columns))
    AND i.keys[1:cardinality(f.conkey)] @> f.conkey
    AND i.keys[1:cardinality(f.conkey)] <@ f.conkey);

-- index_invalid: Indexes that are not valid and are not being built.
SELECT i.name AS object, 'error' AS severity,
  jsonb_build_object('table', i.table_name, 'bytes', pg_relation_size(i.indexrelid), 'unique', i.indisunique) AS evidence,
  ARRAY[format('DROP INDEX CONCURRENTLY %s', i.name)] AS command,
  ARRAY[regexp_replace(pg_get_indexdef(i.indexrelid), ' INDEX ', ' INDEX CONCURRENTLY ')] AS undo
FROM indexes i
WHERE NOT i.indisvalid AND i.relkind = 'i' AND NOT EXISTS (
  SELECT FROM pg_stat_progress_create_index p WHERE p.index_relid = i.indexrelid);

-- index_duplicate: All but the first of equal indexes.
SELECT i.name AS object, 'warning' AS severity,
  jsonb_build_object('table', i.table_name, 'equal_to', i.first_equal, 'bytes', pg_relation_size(i.indexrelid))
    AS evidence,
  ARRAY[format('DROP INDEX CONCURRENTLY %s', i.name)] AS command,
  ARRAY[regexp_replace(pg_get_indexdef(i.indexrelid), ' INDEX ', ' INDEX CONCURRENTLY ')] AS undo
FROM (
  SELECT i.*, first_value(i.name) OVER same AS first_equal, row_number() OVER same AS place
  FROM indexes i WHERE i.indisvalid
  WINDOW same AS (PARTITION BY i.indrelid, i.method, i.indkey::text, i.indclass::text,
    i.indcollation::text, i.indoption::text, i.expressions, i.predicate
    ORDER BY i.constrained DESC, i.indisunique DESC, i.indexrelid)) i
WHERE i.place > 1 AND NOT i.constrained AND i.relkind = 'i' AND NOT i.relispartition;

-- index_prefix: B-tree indexes whose columns are the beginning of another's.
SELECT p.name AS object, 'info' AS severity,
  jsonb_build_object('table', p.table_name, 'beginning_of', min(p.longer),
    'bytes', pg_relation_size(p.indexrelid), 'scans', p.scans) AS evidence,
  ARRAY[format('DROP INDEX CONCURRENTLY %s', p.name)] AS command,
  ARRAY[regexp_replace(pg_get_indexdef(p.indexrelid), ' INDEX ', ' INDEX CONCURRENTLY ')] AS undo
FROM (
  SELECT i.*, o.name AS longer, o.keys[1:i.indnkeyatts] = i.keys AND
    o.classes[1:i.indnkeyatts] = i.classes AND o.collations[1:i.indnkeyatts] = i.collations AND
    o.options[1:i.indnkeyatts] = i.options AND o.predicate IS NOT DISTINCT FROM i.predicate AND
    i.indnkeyatts < o.indnkeyatts AND o.indexprs IS NULL AND o.method = 'btree' AND o.indisvalid
    AS is_prefix
  FROM indexes i JOIN indexes o ON o.indrelid = i.indrelid
  -- The planner expects one row after the conditions, and would compare all pairs.
  OFFSET 0) p
WHERE p.is_prefix AND p.method = 'btree' AND p.indisvalid AND p.indexprs IS NULL
  AND p.indnatts = p.indnkeyatts AND NOT p.indisunique AND NOT p.constrained
  AND p.relkind = 'i' AND NOT p.relispartition
GROUP BY p.name, p.table_name, p.indexrelid, p.scans;

-- declared_index_not_used: Applied indexes without a scan for days.
SELECT i.name AS object, 'info' AS severity,
  jsonb_build_object('table', i.table_name, 'type', g.owner, 'scans', 0, 'since', s.since,
    'bytes', pg_relation_size(i.indexrelid), 'condition', i.predicate,
    'threshold_days', l.unused_days, 'threshold_bytes', l.unused_bytes) AS evidence,
  ARRAY[format('# change or remove the index in indexes= of %s', g.owner),
    '$ fraiseql db apply ' || (f.json ->> 'app')] AS command,
  ARRAY[]::text[] AS undo
FROM fraiseql.ledger g
JOIN indexes i ON i.indexrelid = to_regclass(g.name) AND i.scans = 0
CROSS JOIN thresholds l CROSS JOIN statistics s CROSS JOIN facts f
WHERE g.kind = 'index' AND NOT i.indisunique
  AND pg_relation_size(i.indexrelid) >= l.unused_bytes
  AND now() - s.since >= make_interval(secs => l.unused_days * 86400);

-- index_unused: Indexes without a scan for days.
SELECT i.name AS object, 'info' AS severity,
  jsonb_build_object('table', i.table_name, 'bytes', pg_relation_size(i.indexrelid), 'scans', 0, 'since', s.since,
    'threshold_days', l.unused_days, 'threshold_bytes', l.unused_bytes) AS evidence,
  ARRAY[format('DROP INDEX CONCURRENTLY %s', i.name)] AS command,
  ARRAY[regexp_replace(pg_get_indexdef(i.indexrelid), ' INDEX ', ' INDEX CONCURRENTLY ')] AS undo
FROM indexes i CROSS JOIN thresholds l CROSS JOIN statistics s
WHERE i.scans = 0 AND i.indisvalid AND NOT i.indisunique AND NOT i.constrained
  AND i.relkind = 'i' AND NOT i.relispartition AND pg_relation_size(i.indexrelid) >= l.unused_bytes
  AND now() - s.since >= make_interval(secs => l.unused_days * 86400);
