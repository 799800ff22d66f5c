"""Drain: the function that takes what an asynchronous projection has queued, and recomputes."""
# ruff: noqa: S608 - this module writes SQL: identifiers are quoted, no values are written

from fraiseql.caching.objects import DatabaseObject
from fraiseql.caching.strategies.projection.tree import SCHEMA, Tree


def drain_function(tree: Tree) -> DatabaseObject:
    """Write the function that claims queued changes, the oldest first, and flushes them.

    Several may run at once: each takes what no other has locked. What is claimed is deleted with
    the documents written, in one transaction; rolled back, it is queued as before.
    """
    queue, name = tree.own("queue").sql, tree.own("drain").sql
    create = f"""\
CREATE OR REPLACE FUNCTION {name}(fql_most integer) RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $fraiseql$
DECLARE
  fql_taken bigint;
BEGIN
  -- [claim]
  UPDATE {queue} q SET xid = pg_current_xact_id()
  FROM (SELECT o.ctid FROM {queue} o ORDER BY o.at LIMIT fql_most FOR UPDATE SKIP LOCKED) AS t
  WHERE q.ctid = t.ctid;
  GET DIAGNOSTICS fql_taken = ROW_COUNT;
  IF fql_taken > 0 THEN PERFORM {tree.own("flush").sql}(); END IF;
  RETURN fql_taken;
END $fraiseql$"""
    return DatabaseObject(
        kind="function",
        name=f"{name}(integer)",
        create=(create, f"REVOKE ALL ON FUNCTION {name}(integer) FROM PUBLIC"),
        drop=(f"DROP FUNCTION IF EXISTS {name}(integer)",),
        owner=tree.spec.owner,
        needs=(SCHEMA, queue, f"{tree.own('flush').sql}()"),
        replaces=True,
    )
