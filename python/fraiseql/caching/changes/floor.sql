-- changes_floor: Table of the latest transaction of each tag whose row of the log was deleted.
CREATE TABLE IF NOT EXISTS "fraiseql"."changes_floor" (
  tag text PRIMARY KEY,
  xid xid8 NOT NULL,
  forced bigint NOT NULL DEFAULT 0
);
