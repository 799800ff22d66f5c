-- operation: Operations of the trace, without the values of their documents.
CREATE UNLOGGED TABLE IF NOT EXISTS "fraiseql"."operation" (
  id text PRIMARY KEY,
  name text NOT NULL,
  document text NOT NULL,
  first_seen timestamptz NOT NULL
);

-- operation_statement: Statements of the operations of the trace.
CREATE UNLOGGED TABLE IF NOT EXISTS "fraiseql"."operation_statement" (
  id text PRIMARY KEY,
  sql text NOT NULL,
  query_id bigint,
  param_types text[],
  relations text[],
  root text NOT NULL
);

-- operation_window: Counts of each minute, process, operation and statement.
CREATE UNLOGGED TABLE IF NOT EXISTS "fraiseql"."operation_window" (
  at timestamptz NOT NULL,
  process text NOT NULL,
  operation text NOT NULL,
  statement text NOT NULL,
  source text NOT NULL,
  calls bigint NOT NULL,
  errors bigint NOT NULL,
  db_ms_sum double precision NOT NULL,
  db_ms_buckets integer[] NOT NULL,
  rows bigint NOT NULL,
  bytes bigint NOT NULL,
  total_ms_sum double precision NOT NULL,
  most_in_request integer NOT NULL,
  PRIMARY KEY (at, process, operation, statement, source)
) WITH (fillfactor = 50);

-- operation_sample: Parameters of some runs of the statements of the trace.
CREATE UNLOGGED TABLE IF NOT EXISTS "fraiseql"."operation_sample" (
  statement text NOT NULL,
  seen timestamptz NOT NULL,
  parameters jsonb NOT NULL,
  process text NOT NULL,
  place integer NOT NULL,
  PRIMARY KEY (statement, process, place, seen)
);

-- verification: Result of the last comparison of stored documents with live ones, by type.
CREATE UNLOGGED TABLE IF NOT EXISTS "fraiseql"."verification" (
  type_name text PRIMARY KEY,
  at timestamptz NOT NULL,
  sample double precision NOT NULL,
  compared bigint NOT NULL,
  differing bigint NOT NULL
);

-- write_trace: Write the windows of one process; return the operations and statements without a row.
CREATE OR REPLACE FUNCTION "fraiseql"."write_trace"(own text, windows text) RETURNS text[]
LANGUAGE plpgsql SECURITY DEFINER AS $fraiseql$
DECLARE
  unknown text[];
BEGIN
  INSERT INTO "fraiseql"."operation_window" AS w (at, process, operation, statement, source, calls, errors, db_ms_sum, db_ms_buckets, rows, bytes, total_ms_sum, most_in_request)
  SELECT g.at, own, g.operation, g.statement, g.source, g.calls, g.errors, g.db_ms_sum, g.db_ms_buckets, g.rows, g.bytes, g.total_ms_sum, g.most_in_request
  FROM jsonb_to_recordset(windows::jsonb) AS g (at timestamptz, operation text, statement text, source text, calls bigint, errors bigint, db_ms_sum double precision, db_ms_buckets integer[], rows bigint, bytes bigint, total_ms_sum double precision, most_in_request integer)
  ORDER BY 1, 3, 4, 5
  ON CONFLICT (at, process, operation, statement, source) DO UPDATE SET calls = excluded.calls, errors = excluded.errors, db_ms_sum = excluded.db_ms_sum, db_ms_buckets = excluded.db_ms_buckets, rows = excluded.rows, bytes = excluded.bytes, total_ms_sum = excluded.total_ms_sum, most_in_request = excluded.most_in_request;
  SELECT array_agg(DISTINCT n.id) INTO unknown
  FROM jsonb_to_recordset(windows::jsonb) AS g (operation text, statement text),
    LATERAL (VALUES (g.operation, true), (g.statement, false)) AS n (id, whole)
  WHERE n.id <> '' AND CASE WHEN n.whole
    THEN NOT EXISTS (SELECT FROM "fraiseql"."operation" o WHERE o.id = n.id)
    ELSE NOT EXISTS (SELECT FROM "fraiseql"."operation_statement" s WHERE s.id = n.id) END;
  RETURN coalesce(unknown, '{}');
END $fraiseql$;

-- describe_trace: Write operations, statements and samples of parameters.
CREATE OR REPLACE FUNCTION "fraiseql"."describe_trace"(own text, operations text, statements text, samples text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER AS $fraiseql$
BEGIN
  INSERT INTO "fraiseql"."operation" (id, name, document, first_seen)
  SELECT g.id, g.name, g.document, clock_timestamp()
  FROM jsonb_to_recordset(operations::jsonb) AS g (id text, name text, document text)
  ORDER BY g.id ON CONFLICT DO NOTHING;
  INSERT INTO "fraiseql"."operation_statement" AS s (id, sql, query_id, param_types, relations, root)
  SELECT g.id, g.sql, g.query_id, g.param_types, g.relations, g.root
  FROM jsonb_to_recordset(statements::jsonb) AS g (id text, sql text, query_id bigint, param_types text[], relations text[], root text)
  ORDER BY g.id ON CONFLICT DO NOTHING;
  INSERT INTO "fraiseql"."operation_sample" AS p (statement, seen, parameters, process, place)
  SELECT g.statement, g.seen, g.parameters, own, g.place
  FROM jsonb_to_recordset(samples::jsonb) AS g (statement text, seen timestamptz, parameters jsonb, place integer)
  ORDER BY 1, 5 ON CONFLICT (statement, process, place, seen) DO UPDATE SET parameters = excluded.parameters;
END $fraiseql$;

-- purge_trace: Remove windows and samples up to a time, and rows that no window names any more.
CREATE OR REPLACE FUNCTION "fraiseql"."purge_trace"(upto timestamptz) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER AS $fraiseql$
DECLARE
  removed bigint;
BEGIN
  DELETE FROM "fraiseql"."operation_sample" p WHERE p.seen <= upto;
  DELETE FROM "fraiseql"."operation_window" w WHERE w.at <= upto;
  GET DIAGNOSTICS removed = ROW_COUNT;
  IF removed > 0 THEN
    DELETE FROM "fraiseql"."operation" o
    WHERE NOT EXISTS (SELECT FROM "fraiseql"."operation_window" w WHERE w.operation = o.id);
    DELETE FROM "fraiseql"."operation_statement" s
    WHERE NOT EXISTS (SELECT FROM "fraiseql"."operation_window" w WHERE w.statement = s.id);
  END IF;
  RETURN removed;
END $fraiseql$;
