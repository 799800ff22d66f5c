"""Reading: the one statement that asks the catalog for everything behind an answer."""
# ruff: noqa: S608 - what is joined into SQL is written here

from typing import Final

from fraiseql.caching.changes.log import TRIGGER
from fraiseql.caching.dependencies.fingerprint import (
    functions_digest,
    shape_sql,
    subscribed,
    types_digest,
)

# Dependencies are followed from relations to the rules of views, to policies, and on to functions,
# operators and types; writes may name a partition, or what a table is a partition of.
# A materialized view is an end: what it shows changes when it is refreshed.
# A type of rows leads to the types of its attributes, not to the table that it is the type of.
_REACHED: Final = """\
WITH RECURSIVE named AS (
  SELECT asked.name, to_regclass(asked.name)::oid AS oid FROM unnest($1::text[]) AS asked (name)),
called AS (
  SELECT p.oid, p.proname FROM pg_catalog.pg_proc p WHERE p.proname = ANY ($2::text[])),
reached(class, oid) AS (
  SELECT 'pg_catalog.pg_class'::regclass::oid, n.oid FROM named n WHERE n.oid IS NOT NULL
  UNION
  SELECT 'pg_catalog.pg_proc'::regclass::oid, c.oid FROM called c WHERE c.oid >= 16384
  UNION
  SELECT e.class, e.oid FROM reached r CROSS JOIN LATERAL (
    SELECT d.refclassid AS class, d.refobjid AS oid
    FROM (
      SELECT r.class, r.oid
      UNION ALL
      SELECT 'pg_catalog.pg_rewrite'::regclass, w.oid
      FROM pg_catalog.pg_rewrite w JOIN pg_catalog.pg_class c ON c.oid = w.ev_class
      WHERE r.class = 'pg_catalog.pg_class'::regclass AND w.ev_class = r.oid AND c.relkind = 'v'
      UNION ALL
      SELECT 'pg_catalog.pg_policy'::regclass, p.oid
      FROM pg_catalog.pg_policy p
      WHERE r.class = 'pg_catalog.pg_class'::regclass AND p.polrelid = r.oid
        AND p.polcmd IN ('r', '*')) AS via (class, oid)
    JOIN pg_catalog.pg_depend d ON d.classid = via.class AND d.objid = via.oid
    WHERE d.refclassid IN ('pg_catalog.pg_class'::regclass, 'pg_catalog.pg_proc'::regclass,
        'pg_catalog.pg_operator'::regclass, 'pg_catalog.pg_type'::regclass)
      AND NOT (d.refclassid = 'pg_catalog.pg_class'::regclass
        AND via.class IN ('pg_catalog.pg_class'::regclass, 'pg_catalog.pg_type'::regclass))
    UNION ALL
    SELECT r.class, i.inhrelid FROM pg_catalog.pg_inherits i
    WHERE r.class = 'pg_catalog.pg_class'::regclass AND i.inhparent = r.oid
    UNION ALL
    SELECT r.class, i.inhparent FROM pg_catalog.pg_inherits i
    WHERE r.class = 'pg_catalog.pg_class'::regclass AND i.inhrelid = r.oid
    UNION ALL
    SELECT r.class, a.atttypid
    FROM pg_catalog.pg_type t JOIN pg_catalog.pg_attribute a ON a.attrelid = t.typrelid
    WHERE r.class = 'pg_catalog.pg_type'::regclass AND t.oid = r.oid AND a.attnum > 0) AS e
  WHERE e.oid >= 16384 OR e.class = 'pg_catalog.pg_class'::regclass),
texts AS (
  SELECT w.ev_action::text AS text FROM reached r
  JOIN pg_catalog.pg_class c ON c.oid = r.oid AND c.relkind = 'v'
  JOIN pg_catalog.pg_rewrite w ON w.ev_class = c.oid
  WHERE r.class = 'pg_catalog.pg_class'::regclass
  UNION ALL
  SELECT p.polqual::text FROM reached r JOIN pg_catalog.pg_policy p ON p.polrelid = r.oid
  WHERE r.class = 'pg_catalog.pg_class'::regclass AND p.polcmd IN ('r', '*')),
-- No dependency is written down on PostgreSQL's own catalogs; the parsed texts name them.
relations AS (
  SELECT c.oid, c.relnamespace FROM reached r JOIN pg_catalog.pg_class c ON c.oid = r.oid
  WHERE r.class = 'pg_catalog.pg_class'::regclass AND c.relkind IN ('r', 'p', 'f', 'm', 'v', 'S')
  UNION
  SELECT c.oid, c.relnamespace FROM texts
  CROSS JOIN LATERAL regexp_matches(texts.text, ':relid (\\d+)', 'g') AS found (part)
  JOIN pg_catalog.pg_class c ON c.oid = found.part[1]::oid
  WHERE c.relnamespace = 'pg_catalog'::regnamespace AND c.relkind IN ('r', 'v')),
calls AS (
  SELECT p.oid, p.proname, p.provolatile, p.pronamespace, p.pronargs
  FROM texts CROSS JOIN LATERAL regexp_matches(
    texts.text, ':(?:funcid|opfuncid|aggfnoid|winfnoid) (\\d+)', 'g') AS found (part)
  JOIN pg_catalog.pg_proc p ON p.oid = found.part[1]::oid
  UNION
  SELECT p.oid, p.proname, p.provolatile, p.pronamespace, p.pronargs
  FROM pg_catalog.pg_proc p WHERE p.oid IN (
    SELECT c.oid FROM called c
    UNION SELECT r.oid FROM reached r WHERE r.class = 'pg_catalog.pg_proc'::regclass)),
said AS (
  SELECT DISTINCT CASE WHEN found.part[1]::int <= 8 THEN 'now' ELSE 'current_user' END AS name
  FROM texts CROSS JOIN LATERAL regexp_matches(
    texts.text, 'SQLVALUEFUNCTION :op (\\d+)', 'g') AS found (part)),
behind AS MATERIALIZED (
  SELECT ARRAY(SELECT r.oid FROM relations r ORDER BY 1) AS relations,
    ARRAY(SELECT c.oid FROM calls c WHERE c.oid >= 16384 ORDER BY 1) AS functions,
    ARRAY(SELECT t.oid FROM reached r JOIN pg_catalog.pg_type t ON t.oid = r.oid
      WHERE r.class = 'pg_catalog.pg_type'::regclass AND t.typtype IN ('e', 'c')
      ORDER BY 1) AS types)
"""

_RELATIONS: Final = f"""\
SELECT c.oid::bigint AS oid, n.nspname AS schema, c.relname AS name, c.relkind AS kind,
  c.relrowsecurity AS secured, pg_catalog.pg_has_role(c.relowner, 'USAGE') AS owned,
  n.nspname IN ('pg_catalog', 'information_schema') AS catalog,
  c.relpersistence AS persistence,
  EXISTS (SELECT FROM pg_catalog.pg_subscription_rel s WHERE s.srrelid = c.oid) AS subscribed,
  EXISTS (SELECT FROM pg_catalog.pg_inherits i WHERE c.oid IN (i.inhrelid, i.inhparent)) AS parted,
  c.relkind = 'm' AND n.nspname = 'fraiseql' AS kept,
  c.relkind = 'v' OR c.relkind = 'm' AND n.nspname = 'fraiseql' OR EXISTS (
    SELECT FROM pg_catalog.pg_trigger g
    WHERE g.tgrelid = c.oid AND g.tgname = '{TRIGGER}' AND g.tgenabled = 'A') AS traced
FROM relations r JOIN pg_catalog.pg_class c ON c.oid = r.oid
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
ORDER BY 2, 3"""

_CALLS: Final = """\
SELECT c.proname AS name, c.provolatile AS volatility, c.oid < 16384 AS builtin,
  c.pronargs AS arguments
FROM calls c WHERE c.provolatile <> 'i' OR c.oid >= 16384
UNION
SELECT s.name::name, 's', true, 0 FROM said s
ORDER BY 1"""


def facts_statement() -> str:
    """Return the statement; its parameters are quoted names of relations, and names of functions.

    Its one row has ``missing``, names of relations that there are not; ``relations`` and ``calls``,
    JSON; ``functions`` and ``types``, numbers; ``shape``.
    """
    shape = " # ".join(
        (
            shape_sql("b.relations"),
            subscribed("b.relations"),
            functions_digest("b.functions"),
            types_digest("b.types"),
        )
    )
    return f"""\
{_REACHED}
SELECT ARRAY(SELECT n.name FROM named n WHERE n.oid IS NULL) AS missing,
  (SELECT coalesce(json_agg(x.*), '[]')::text FROM ({_RELATIONS}) AS x) AS relations,
  (SELECT coalesce(json_agg(x.*), '[]')::text FROM ({_CALLS}) AS x) AS calls,
  b.functions, b.types, {shape} AS shape
FROM behind b
"""
