-- applied: When objects of a type or query were applied after a time; null if none was.
SELECT max(l.at) AS at FROM fraiseql.ledger l
WHERE l.owner = ANY ($1::text[]) AND l.at > $2 AND l.state = 'done';

-- cached: When the trace first has answers through the cache of a query after a time; else null.
SELECT min(w.at) AS at FROM fraiseql.operation_window w
JOIN fraiseql.operation_statement s ON s.id = w.statement
WHERE s.root = ANY ($1::text[]) AND w.source LIKE 'result:%' AND w.at > $2;

-- has_ledger: Whether anything was applied here.
SELECT to_regclass('fraiseql.ledger') IS NOT NULL AS exists;

-- after: Requests and database time of a root field of an operation since a time.
SELECT coalesce(sum(w.calls) FILTER (WHERE w.statement = ''), 0)::bigint AS calls,
  coalesce(sum(w.db_ms_sum) FILTER (WHERE s.root = $2), 0)::float8 AS ms
FROM fraiseql.operation_window w
LEFT JOIN fraiseql.operation_statement s ON s.id = w.statement
WHERE w.operation = $1 AND w.at >= $3;
