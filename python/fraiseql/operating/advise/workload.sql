-- parameters: Types and recorded values of the parameters of the traced statements.
SELECT s.id, coalesce(s.param_types, '{}') AS param_types,
  ARRAY(SELECT p.parameters::text FROM fraiseql.operation_sample p WHERE p.statement = s.id
    ORDER BY p.seen DESC, p.process, p.place LIMIT 20) AS samples
FROM fraiseql.operation_statement s
WHERE s.id = ANY($1::text[]);
