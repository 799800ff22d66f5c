"""Triggers of the change log for partitions attached since the last apply.

Until then no result that reads such a partition is stored, and the age of views is unknown. The
function runs as its owner, the role that applied, so that a worker of the serving role may call it.
"""
# ruff: noqa: S608 - names are constants

from typing import Final

from fraiseql.caching.changes.log import CREATE_TRIGGER, ENABLE_TRIGGER, LOG, TRIGGER
from fraiseql.caching.objects import DatabaseObject, private_function
from fraiseql.database.writing import AdminConnection

ADOPT: Final = '"fraiseql"."adopt_partitions"()'

_LOCK_TIMEOUT: Final = "1s"
"""Short, since others queue behind a waiting lock; the next run is soon."""

# Only tables that the owner may alter and that have no such trigger: a disabled one stays disabled.
_UNTRACED: Final = f"""\
WITH RECURSIVE below(oid) AS (
  SELECT g.tgrelid FROM pg_catalog.pg_trigger g WHERE g.tgname = '{TRIGGER}' AND g.tgenabled = 'A'
  UNION SELECT i.inhrelid FROM below b JOIN pg_catalog.pg_inherits i ON i.inhparent = b.oid)
SELECT c.oid::regclass AS name FROM below b JOIN pg_catalog.pg_class c ON c.oid = b.oid
WHERE c.relkind IN ('r', 'p') AND c.relpersistence <> 't'
  AND pg_catalog.pg_has_role({{owner}}, c.relowner, 'USAGE')
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_trigger g
    WHERE g.tgrelid = c.oid AND g.tgname = '{TRIGGER}')"""

_BODY: Final = f"""\
CREATE OR REPLACE FUNCTION {ADOPT} RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET lock_timeout = '{_LOCK_TIMEOUT}' AS $fraiseql$
DECLARE
  fql_table regclass;
  fql_adopted integer := 0;
BEGIN
  FOR fql_table IN {_UNTRACED.format(owner="current_user")} LOOP
    EXECUTE format('{CREATE_TRIGGER.format(table="%s")}', fql_table);
    EXECUTE format('{ENABLE_TRIGGER.format(table="%s")}', fql_table);
    -- What was written before is not in the log.
    IF to_regclass('fraiseql.view_state') IS NOT NULL THEN
      UPDATE fraiseql.view_state SET snap = NULL WHERE fql_table::oid::text = ANY (tags);
    END IF;
    fql_adopted := fql_adopted + 1;
  END LOOP;
  RETURN fql_adopted;
END $fraiseql$"""

_MAY: Final = f"""
SELECT has_schema_privilege(n.oid, 'USAGE') AND has_function_privilege(p.oid, 'EXECUTE')
  AND EXISTS ({_UNTRACED.format(owner="p.proowner")})
FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
WHERE n.nspname = 'fraiseql' AND p.proname = 'adopt_partitions' AND p.pronargs = 0
"""


def adoption_object() -> DatabaseObject:
    """Return the function; ``fraiseql db grant`` lets the serving role call it."""
    return private_function(ADOPT, _BODY, LOG)


async def adopt_partitions(connection: AdminConnection) -> int:
    """Create missing triggers on partitions, and return their number.

    Does nothing if there is no log, or if the role may not call the function.

    Raises:
        DatabaseError: A partition was locked; the next call tries again.
    """
    if not await connection.fetchval(_MAY):
        return 0
    return int(await connection.fetchval(f"SELECT {ADOPT}"))
