-- fingerprints: Definitions behind stored documents, as they were when they were computed.
CREATE TABLE IF NOT EXISTS "fraiseql"."fingerprints" (
  name text PRIMARY KEY,
  guard text NOT NULL,
  relations text[] NOT NULL,
  functions text[] NOT NULL,
  triggers text NOT NULL,
  objects oid[] NOT NULL,
  columns bigint[] NOT NULL,
  parts bigint[] NOT NULL,
  prompt text NOT NULL
);

-- fingerprint_now: Digests of all parts, in a snapshot of its own.
-- Volatile for that: the planner's snapshot was taken before its locks were granted, and misses
-- changes made while it waited.
CREATE OR REPLACE FUNCTION "fraiseql"."fingerprint_now"(objects oid[], columns bigint[])
RETURNS bigint[] LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $fraiseql$
BEGIN
  RETURN {parts_now};
END $fraiseql$;

-- is_as_recorded: Whether all parts are as recorded.
-- Declared immutable, although it is not, so that the planner computes it once.
CREATE OR REPLACE FUNCTION "fraiseql"."is_as_recorded"(subject text, relations regclass[])
RETURNS boolean LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $fraiseql$
BEGIN
  RETURN coalesce((
    SELECT f.parts = "fraiseql"."fingerprint_now"(f.objects, f.columns)
    FROM "fraiseql"."fingerprints" f WHERE f.name = subject), false);
END $fraiseql$;

-- definitions_changed: Raise the error of a view that is not populated: the caller then answers live.
CREATE OR REPLACE FUNCTION "fraiseql"."definitions_changed"() RETURNS boolean
LANGUAGE plpgsql STABLE PARALLEL SAFE AS $fraiseql$
BEGIN
  RAISE object_not_in_prerequisite_state
    USING MESSAGE = 'a definition that the stored documents are computed from has changed',
      HINT = 'Run fraiseql db apply.';
END $fraiseql$;

-- record_fingerprint: Record the definitions behind stored documents, and create their guard.
-- Column 0 is the row as a whole, with columns that are added later.
CREATE OR REPLACE FUNCTION "fraiseql"."record_fingerprint"(subject text, guard text,
  relations text[], functions text[], triggers text)
RETURNS void LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $fraiseql$
#variable_conflict use_variable
DECLARE
  fql_found record;
  fql_prompt text;
BEGIN
  WITH RECURSIVE begun(class, oid) AS (
    SELECT 'pg_catalog.pg_class'::regclass::oid, pg_catalog.to_regclass(name)::oid
    FROM unnest(relations) AS given (name)
    UNION
    SELECT 'pg_catalog.pg_proc'::regclass::oid, pg_catalog.to_regprocedure(name)::oid
    FROM unnest(functions) AS given (name)),
  {reached},
  {parsed},
  wide(oid) AS (
    SELECT r.oid FROM reached r
    WHERE r.class = 'pg_catalog.pg_class'::regclass
      AND EXISTS (SELECT FROM parsed p WHERE p.tree ~ ':varattno 0 ')
    UNION
    SELECT named.oid FROM reached r CROSS JOIN LATERAL (
    {named_in_body}) AS named (class, oid)
    WHERE named.class = 'pg_catalog.pg_class'::regclass),
  picked AS (
    SELECT ARRAY(
        SELECT d.refobjid::bigint * 65536 + d.refobjsubid
        FROM parsed p JOIN pg_catalog.pg_depend d ON d.classid = p.class AND d.objid = p.oid
        WHERE d.refclassid = 'pg_catalog.pg_class'::regclass AND d.refobjsubid > 0
        UNION SELECT a.attrelid::bigint * 65536 + a.attnum
        FROM wide w JOIN pg_catalog.pg_attribute a ON a.attrelid = w.oid AND a.attnum > 0
        UNION SELECT w.oid::bigint * 65536 FROM wide w
        ORDER BY 1) AS columns),
  marked(kind, oid) AS (
    SELECT 'label', e.oid FROM reached r JOIN pg_catalog.pg_enum e ON e.enumtypid = r.oid
    UNION ALL
    SELECT 'trigger', g.oid FROM reached r JOIN pg_catalog.pg_trigger g ON g.tgrelid = r.oid
    WHERE r.class = 'pg_catalog.pg_class'::regclass AND g.tgname ~ triggers
    UNION ALL
    SELECT 'collation', {database_collation} WHERE EXISTS (
      SELECT FROM parsed p
      WHERE p.tree ~ $$:(sortClause|aggorder|distinctClause) \(|:inputcollid [1-9]$$)),
{behind}
  SELECT b.objects, p.columns, b.tables, {parts_behind} AS parts,
    {prompt_rows} AS prompt, {prompt_number} AS number
  INTO fql_found FROM behind b, picked p;
  IF fql_found.prompt IS NOT NULL THEN
    fql_prompt := format($digest$%s OPERATOR(pg_catalog.=) %L::bigint$digest$,
      replace($digest${digest_of_rows}$digest$, '@rows@', fql_found.prompt), fql_found.number);
  END IF;
  EXECUTE format($make$
CREATE OR REPLACE FUNCTION "fraiseql".%I() RETURNS boolean
LANGUAGE plpgsql STABLE PARALLEL SAFE AS $guard$
BEGIN
  RETURN "fraiseql"."is_as_recorded"(%L, ARRAY[%s]::pg_catalog.regclass[]);
END $guard$ $make$,
    guard, subject, (SELECT string_agg(quote_literal(t::regclass) || '::pg_catalog.regclass', ', '
        ORDER BY t::regclass::text)
      FROM unnest(fql_found.tables) AS t));
  -- Whoever may not call what it calls learns nothing by it.
  EXECUTE format('GRANT EXECUTE ON FUNCTION "fraiseql".%I() TO PUBLIC', guard);
  INSERT INTO "fraiseql"."fingerprints" AS f
    (name, guard, relations, functions, triggers, objects, columns, parts, prompt)
  VALUES (subject, guard, relations, functions, triggers, fql_found.objects,
    fql_found.columns, fql_found.parts, coalesce(fql_prompt, 'true'))
  ON CONFLICT (name) DO UPDATE SET guard = excluded.guard, relations = excluded.relations,
    functions = excluded.functions, triggers = excluded.triggers, objects = excluded.objects,
    columns = excluded.columns, parts = excluded.parts, prompt = excluded.prompt;
END $fraiseql$;
