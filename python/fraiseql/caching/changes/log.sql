-- changes: Table of the transactions that wrote each table, and when.
CREATE TABLE IF NOT EXISTS "fraiseql"."changes" (
  tag text NOT NULL,
  xid xid8 NOT NULL,
  at timestamptz NOT NULL,
  PRIMARY KEY (tag, xid)
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000);

-- changes_xid: Index for freshness checks, which ask for the latest transactions of all tables.
CREATE INDEX IF NOT EXISTS "changes_xid" ON "fraiseql"."changes" (xid);

-- changed: Log that the current transaction wrote the table of the trigger.
CREATE OR REPLACE FUNCTION "fraiseql"."changed"() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER AS $fraiseql$
BEGIN
  INSERT INTO "fraiseql"."changes" (tag, xid, at)
  VALUES (TG_RELID::text, pg_current_xact_id(), clock_timestamp())
  ON CONFLICT DO NOTHING;
  RETURN NULL;
END $fraiseql$;
