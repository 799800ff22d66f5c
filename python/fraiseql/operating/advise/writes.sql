-- columns: Columns of a table that can be inserted, and those of them that can be updated.
SELECT coalesce(array_agg(a.attname::text ORDER BY a.attnum), '{}') AS inserted,
  coalesce(array_agg(a.attname::text ORDER BY a.attnum)
    FILTER (WHERE a.attidentity <> 'a'), '{}') AS updated
FROM pg_attribute a
WHERE a.attrelid = to_regclass($1) AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = '';

-- use_indexes: Have this transaction use and maintain indexes, or not.
UPDATE pg_index SET indisvalid = $2, indisready = $2
WHERE indexrelid = ANY ($1::bigint[]::oid[]);

-- clean_pending: Move the pending entries of a table's GIN indexes to their trees.
SELECT gin_clean_pending_list(i.indexrelid::regclass)
FROM pg_index i
JOIN pg_class c ON c.oid = i.indexrelid
JOIN pg_am a ON a.oid = c.relam
WHERE i.indrelid = to_regclass($1) AND a.amname = 'gin' AND c.relkind = 'i';
