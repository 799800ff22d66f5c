-- changes_floor: Table of the latest transaction of each tag whose row of the log was deleted.
CREATE TABLE IF NOT EXISTS "fraiseql"."changes_floor" (
  tag text PRIMARY KEY,
  xid xid8 NOT NULL,
  forced bigint NOT NULL DEFAULT 0
);

-- changes_floor_xid: Index for freshness checks.
CREATE INDEX IF NOT EXISTS "changes_floor_xid" ON "fraiseql"."changes_floor" (xid);
