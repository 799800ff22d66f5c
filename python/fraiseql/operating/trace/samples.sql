-- statements: The statements of the trace that took the most time, with samples of parameters.
SELECT t.id, t.sql, t.root, coalesce(t.param_types, '{}') AS param_types,
  coalesce(t.relations, '{}') AS relations, t.ms, t.calls,
  ARRAY(SELECT p.parameters::text FROM fraiseql.operation_sample p WHERE p.statement = t.id
    ORDER BY p.seen DESC, p.process, p.place LIMIT 20) AS samples
FROM (
  SELECT s.id, s.sql, s.root, s.param_types, s.relations, sum(w.db_ms_sum) AS ms, sum(w.calls)::bigint AS calls
  FROM fraiseql.operation_window w
  JOIN fraiseql.operation_statement s ON s.id = w.statement
  WHERE s.sql ILIKE 'select%' OR s.sql ILIKE 'with%'
  GROUP BY s.id
  ORDER BY ms DESC, s.id LIMIT $1) t
ORDER BY t.ms DESC, t.id;
