-- create_schema: Create the schema of everything that the framework adds.
CREATE SCHEMA IF NOT EXISTS fraiseql;

-- create_version: Create the table of the version of the ledger.
CREATE TABLE fraiseql.ledger_version (version integer NOT NULL);

-- create_ledger: Create the table of the objects that were applied.
CREATE TABLE fraiseql.ledger (
  kind text NOT NULL,
  name text NOT NULL,
  owner text NOT NULL,
  digest text NOT NULL,
  state text NOT NULL CHECK (state IN ('doing', 'done', 'dropping')),
  transactional boolean NOT NULL,
  undo text[] NOT NULL,
  needs text[] NOT NULL,
  seen text,
  seen_by integer,
  at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (kind, name));

-- comment_ledger: Describe the ledger.
COMMENT ON TABLE fraiseql.ledger IS 'What FraiseQL made here';

-- record_version: Record that the ledger has its first form.
INSERT INTO fraiseql.ledger_version VALUES (1);

-- may_read: Return whether the role may read the ledger and the fingerprints.
SELECT bool_and(has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT')
  AND has_table_privilege(coalesce(to_regclass('fraiseql.fingerprints'), c.oid), 'SELECT')
  AND coalesce(has_function_privilege(
    to_regprocedure('fraiseql.fingerprint_now(oid[], bigint[])')::oid, 'EXECUTE'), true))
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = 'fraiseql' AND c.relname IN ('ledger', 'ledger_version');

-- entries: Return every object in the order of its last change.
SELECT kind, name, owner, digest, state, transactional, undo, needs, seen, seen_by
FROM fraiseql.ledger ORDER BY at, kind, name;

-- write_entry: Record an object.
INSERT INTO fraiseql.ledger AS l
  (kind, name, owner, digest, state, transactional, undo, needs, seen, seen_by)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
ON CONFLICT (kind, name) DO UPDATE SET owner = excluded.owner, digest = excluded.digest,
  state = excluded.state, transactional = excluded.transactional, undo = excluded.undo,
  needs = excluded.needs, seen = excluded.seen, seen_by = excluded.seen_by, at = now();

-- mark_dropping: Mark an object as being dropped outside of a transaction.
UPDATE fraiseql.ledger SET state = 'dropping' WHERE kind = $1 AND name = $2;

-- delete_entry: Forget an object that was dropped.
DELETE FROM fraiseql.ledger WHERE kind = $1 AND name = $2;
