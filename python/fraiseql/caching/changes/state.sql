-- view_state: Table of the snapshot and the history of each materialized view.
CREATE TABLE IF NOT EXISTS "fraiseql"."view_state" (
  name text PRIMARY KEY,
  relation oid,
  cluster text NOT NULL,
  snap pg_snapshot,
  shape text,
  views oid[] NOT NULL DEFAULT '{}',
  tags text[] NOT NULL DEFAULT '{}',
  clock boolean NOT NULL DEFAULT false,
  as_of timestamptz NOT NULL,
  took double precision NOT NULL DEFAULT 0,
  refreshes bigint NOT NULL DEFAULT 0,
  fails integer NOT NULL DEFAULT 0,
  failed_at timestamptz,
  failure text
) WITH (fillfactor = 50);
