-- hide_index: Make an index unused by the session's transaction.
UPDATE pg_index SET indisvalid = false, indisready = false WHERE indexrelid = to_regclass($1);

-- index_bytes: Bytes of the indexes of a table.
SELECT pg_indexes_size(to_regclass($1));

-- hidden_bytes: Bytes of an index.
SELECT pg_relation_size(to_regclass($1));

-- indexes: Ids of the indexes of a table that are used.
SELECT indexrelid::bigint AS id FROM pg_index WHERE indrelid = to_regclass($1) AND indisvalid;
