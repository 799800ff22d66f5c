-- create_schema: Create the schema of everything that the framework adds.
CREATE SCHEMA IF NOT EXISTS fraiseql;

-- create_table: Create the table of the changes of settings.
CREATE TABLE IF NOT EXISTS fraiseql.tuning (
  id bigint NOT NULL,
  step integer NOT NULL,
  at timestamptz NOT NULL DEFAULT now(),
  role text NOT NULL DEFAULT session_user,
  name text NOT NULL,
  old_value text,
  new_value text NOT NULL,
  undone timestamptz,
  PRIMARY KEY (id, step));

-- comment: Describe it.
COMMENT ON TABLE fraiseql.tuning IS 'Settings that fraiseql tune changed; old_value is the line of postgresql.auto.conf, null without one.';

-- exists: Whether the table exists, and the role may read and change it.
SELECT count(*) > 0 AS present,
  coalesce(bool_and(has_schema_privilege(n.oid, 'USAGE')
    AND has_table_privilege(c.oid, 'SELECT, UPDATE')), true) AS allowed, current_user::text AS role
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = 'fraiseql' AND c.relname = 'tuning';

-- insert: Record the changes before the first of them; returns their number.
INSERT INTO fraiseql.tuning (id, step, name, old_value, new_value)
SELECT (SELECT coalesce(max(t.id), 0) + 1 FROM fraiseql.tuning t), n.step, n.name, n.old_value,
  n.new_value
FROM unnest($1::text[], $2::text[], $3::text[]) WITH ORDINALITY
  AS n (name, old_value, new_value, step)
RETURNING id;

-- latest: The last change that is not undone.
SELECT max(t.id) FROM fraiseql.tuning t WHERE t.undone IS NULL;

-- changes: The settings of a change, the last first.
SELECT t.name, t.old_value, t.new_value, t.undone IS NOT NULL AS undone
FROM fraiseql.tuning t WHERE t.id = $1 ORDER BY t.step DESC;

-- undone: Record that a change is undone.
UPDATE fraiseql.tuning SET undone = now() WHERE id = $1 AND undone IS NULL;

-- lock: Take the lock of changes of settings; false if another session has it.
SELECT pg_try_advisory_lock(4711310040);

-- unlock: Free it.
SELECT pg_advisory_unlock(4711310040);
