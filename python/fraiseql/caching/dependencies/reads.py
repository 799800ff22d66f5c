"""Tables that a view reads, at any depth, by PostgreSQL's dependencies."""
# ruff: noqa: S608 - all SQL is written in this package

from typing import Final

from fraiseql.caching.changes.log import TRIGGER
from fraiseql.caching.dependencies.reach import REACHED

_CLOSURE: Final = rf"""
WITH RECURSIVE started AS (SELECT unnest({{start}}) AS oid),
views(oid) AS (
  SELECT oid FROM started
  UNION
  SELECT d.refobjid FROM views v
  JOIN pg_catalog.pg_class c ON c.oid = v.oid
    AND (c.relkind = 'v' OR c.relkind = 'm' AND c.oid IN (SELECT oid FROM started))
  JOIN pg_catalog.pg_rewrite w ON w.ev_class = v.oid
  JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_rewrite'::regclass
    AND d.objid = w.oid AND d.refclassid = 'pg_catalog.pg_class'::regclass
    AND d.refobjid <> v.oid),
-- What the functions on the way read, and those that they call, counts too.
begun(class, oid) AS (
  SELECT d.refclassid, d.refobjid FROM views v
  JOIN pg_catalog.pg_rewrite w ON w.ev_class = v.oid
  JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_rewrite'::regclass AND d.objid = w.oid
  WHERE d.refclassid IN ('pg_catalog.pg_proc'::regclass, 'pg_catalog.pg_operator'::regclass)),
{REACHED},
tables AS (
  SELECT c.oid FROM views v JOIN pg_catalog.pg_class c ON c.oid = v.oid
  WHERE c.relkind IN ('r', 'p', 'f')
    OR c.relkind = 'm' AND c.oid NOT IN (SELECT oid FROM started)
  UNION
  SELECT c.oid FROM reached r JOIN pg_catalog.pg_class c ON c.oid = r.oid
  WHERE r.class = 'pg_catalog.pg_class'::regclass AND c.relkind IN ('r', 'p', 'f', 'm', 'S')
  UNION
  -- On the oldest catalogs no dependency is written down; the parsed query names them.
  SELECT c.oid FROM views v JOIN pg_catalog.pg_rewrite w ON w.ev_class = v.oid
  CROSS JOIN LATERAL regexp_matches(w.ev_action::text, $$:relid (\d+)$$, 'g') AS named(part)
  JOIN pg_catalog.pg_class c ON c.oid = named.part[1]::oid
  WHERE c.relnamespace = 'pg_catalog'::regnamespace AND c.relkind IN ('r', 'v')),
-- A write may name any table above or below: a partition, or what it is a partition of.
below(oid) AS (
  SELECT oid FROM tables
  UNION SELECT i.inhrelid FROM below b JOIN pg_catalog.pg_inherits i ON i.inhparent = b.oid),
above(oid) AS (
  SELECT oid FROM tables
  UNION SELECT i.inhparent FROM above a JOIN pg_catalog.pg_inherits i ON i.inhrelid = a.oid),
reads AS (SELECT oid FROM below UNION SELECT oid FROM above)
"""


def closure(start: str) -> str:
    """Return the head of a statement with ``reads(oid)``, the tables that are read.

    ``views`` are the views in between, with the relations of ``start``.

    Args:
        start: SQL of an ``oid[]``: views, materialized views or tables.
    """
    return _CLOSURE.replace("{start}", start)


UNTRACKED: Final = f"""\
SELECT FROM reads LEFT JOIN pg_catalog.pg_trigger g
  ON g.tgrelid = reads.oid AND g.tgname = '{TRIGGER}' AND g.tgenabled = 'A'
WHERE g.oid IS NULL
  OR EXISTS (SELECT FROM pg_catalog.pg_subscription_rel s WHERE s.srrelid = reads.oid)"""
"""Tables among ``reads`` whose writes are not all logged.

A subscription's workers fire no statement triggers, not even ENABLE ALWAYS ones.
"""

RELATIONS: Final = """\
SELECT n.nspname::text AS schema, c.relname::text AS name, c.relkind::text AS kind,
  c.relrowsecurity AS secured, pg_catalog.pg_has_role(c.relowner, 'USAGE') AS owned,
  n.nspname IN ('pg_catalog', 'information_schema') AS catalog,
  c.relpersistence::text AS persistence,
  EXISTS (SELECT FROM pg_catalog.pg_subscription_rel s WHERE s.srrelid = c.oid) AS subscribed,
  c.oid NOT IN (SELECT oid FROM tables) OR has_table_privilege(c.oid, 'SELECT') AS selectable
FROM reads JOIN pg_catalog.pg_class c ON c.oid = reads.oid
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
ORDER BY 1, 2
"""
"""Columns of each table among ``reads``."""
