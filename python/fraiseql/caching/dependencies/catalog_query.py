"""Catalog statement that reads everything behind an answer."""
# ruff: noqa: S608 - all SQL is written in this package

from typing import Final

from fraiseql.caching.changes.log import TRIGGER
from fraiseql.caching.dependencies.behind import PARSED, behind, prompt_rows
from fraiseql.caching.dependencies.fingerprint import PARTS_OF_ANSWERS, shape_now
from fraiseql.caching.dependencies.hidden import HANDLED, HIDDEN, NUMBERS
from fraiseql.caching.dependencies.parts import DATABASE_COLLATION
from fraiseql.caching.dependencies.reach import REACHED, UNPINNED
from fraiseql.caching.dependencies.worded import WORDED

_REACHED: Final = f"""\
WITH RECURSIVE named AS (
  SELECT asked.name, to_regclass(asked.name)::oid AS oid FROM unnest($1::text[]) AS asked (name)),
trees AS (SELECT tree.text FROM unnest($2::text[]) AS tree (text)),
numbers(class, oid) AS (
  {NUMBERS}
  UNION
  -- Constants of the types regconfig and regdictionary, as bytes with a sign.
  SELECT CASE found.part[1] WHEN '3734' THEN 'pg_catalog.pg_ts_config'::regclass
      ELSE 'pg_catalog.pg_ts_dict'::regclass END::oid,
    (SELECT sum((byte.text::int & 255)::bigint << (byte.place::int - 1) * 8)
     FROM unnest(found.part[2:5]) WITH ORDINALITY AS byte (text, place))::bigint::oid
  FROM trees CROSS JOIN LATERAL regexp_matches(trees.text,
    $$:consttype (3734|3769) [^{{}}]*?:constvalue 4 \\[ (-?\\d+) (-?\\d+) (-?\\d+) (-?\\d+) $$,
    'g') AS found (part)),
begun(class, oid) AS (
  SELECT 'pg_catalog.pg_class'::regclass::oid, n.oid FROM named n WHERE n.oid IS NOT NULL
  UNION
  SELECT n.class, n.oid FROM numbers n
  WHERE n.oid >= {UNPINNED} OR n.class = 'pg_catalog.pg_class'::regclass AND n.oid > 0),
{REACHED},
{PARSED},
-- A generated column that is stored was computed as it was written.
texts(text) AS (
  SELECT t.text FROM trees t
  UNION ALL
  SELECT p.tree FROM parsed p WHERE p.class <> 'pg_catalog.pg_attrdef'::regclass OR EXISTS (
    SELECT FROM pg_catalog.pg_attrdef d JOIN pg_catalog.pg_attribute a
      ON a.attrelid = d.adrelid AND a.attnum = d.adnum
    WHERE d.oid = p.oid AND a.attgenerated = 'v')),
{WORDED},
-- No dependency is written down on PostgreSQL's own catalogs; the parsed texts name them.
relations AS (
  SELECT c.oid, c.relnamespace FROM reached r JOIN pg_catalog.pg_class c ON c.oid = r.oid
  WHERE r.class = 'pg_catalog.pg_class'::regclass AND c.relkind IN ('r', 'p', 'f', 'm', 'v', 'S')
  UNION
  SELECT c.oid, c.relnamespace FROM texts
  CROSS JOIN LATERAL regexp_matches(texts.text, $$:relid (\\d+)$$, 'g') AS found (part)
  JOIN pg_catalog.pg_class c ON c.oid = found.part[1]::oid
  WHERE c.relnamespace = 'pg_catalog'::regnamespace AND c.relkind IN ('r', 'v')
  UNION
  SELECT c.oid, c.relnamespace FROM bodies
  CROSS JOIN LATERAL regexp_matches(bodies.text, $$\\mpg_[a-z_]+\\M$$, 'g') AS found (part)
  JOIN pg_catalog.pg_class c ON c.relname = found.part[1]::name
  WHERE c.relnamespace = 'pg_catalog'::regnamespace AND c.relkind IN ('r', 'v')),
{HANDLED},
calls AS (
  SELECT p.oid, p.proname, p.provolatile, p.proargtypes
  FROM spoken CROSS JOIN LATERAL regexp_matches(
    spoken.text, $$:(?:funcid|opfuncid|aggfnoid|winfnoid) (\\d+)$$, 'g') AS found (part)
  -- Some aggregates are labelled immutable, and what they are made of is not.
  LEFT JOIN pg_catalog.pg_aggregate g ON g.aggfnoid = found.part[1]::oid
  JOIN pg_catalog.pg_proc p ON p.oid IN (found.part[1]::oid, g.aggtransfn, g.aggfinalfn)
  UNION
  SELECT p.oid, p.proname, p.provolatile, p.proargtypes
  FROM pg_catalog.pg_proc p WHERE p.oid IN (
    SELECT r.oid FROM reached r WHERE r.class = 'pg_catalog.pg_proc'::regclass)),
said AS (
  {HIDDEN})"""

_OBJECTS: Final = f""",
-- Whatever compares texts may be in the statement itself.
marked(kind, oid) AS (SELECT 'collation', {DATABASE_COLLATION}::oid),
{behind()},
-- Relations once more, for PostgreSQL's own.
whole AS MATERIALIZED (
  SELECT ARRAY(SELECT unnest(b.objects || b.tables) UNION SELECT r.oid FROM relations r
      ORDER BY 1) AS objects,
    ARRAY(SELECT c.oid FROM calls c WHERE c.oid >= 16384 ORDER BY 1) AS functions, b.by_kind
  FROM behind b)
"""

_RELATIONS: Final = f"""\
SELECT c.oid::bigint AS oid, n.nspname AS schema, c.relname AS name, c.relkind AS kind,
  c.relrowsecurity AS secured, pg_catalog.pg_has_role(c.relowner, 'USAGE') AS owned,
  n.nspname IN ('pg_catalog', 'information_schema') AS catalog,
  c.relpersistence AS persistence,
  EXISTS (SELECT FROM pg_catalog.pg_subscription_rel s WHERE s.srrelid = c.oid) AS subscribed,
  EXISTS (SELECT FROM pg_catalog.pg_inherits i WHERE c.oid IN (i.inhrelid, i.inhparent)) AS parted,
  c.relkind = 'm' AND n.nspname = 'fraiseql' AS refreshed,
  c.relkind = 'v' OR c.relkind = 'm' AND n.nspname = 'fraiseql' OR EXISTS (
    SELECT FROM pg_catalog.pg_trigger g
    WHERE g.tgrelid = c.oid AND g.tgname = '{TRIGGER}' AND g.tgenabled = 'A') AS traced
FROM relations r JOIN pg_catalog.pg_class c ON c.oid = r.oid
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
ORDER BY 2, 3"""

_CALLS: Final = """\
SELECT c.proname::text AS name, c.provolatile::text AS volatility, c.oid < 16384 AS builtin,
  (SELECT coalesce(string_agg(t.typname, ',' ORDER BY a.place), '')
   FROM unnest(c.proargtypes) WITH ORDINALITY AS a (oid, place)
   JOIN pg_catalog.pg_type t ON t.oid = a.oid) AS arguments, false AS shown, false AS worded
FROM calls c WHERE c.provolatile <> 'i' OR c.oid >= 16384
UNION
SELECT s.name, s.volatility, true, '', s.shown, false FROM said s
UNION
SELECT w.name, w.volatility, true, '', false, true FROM worded w
ORDER BY 1"""


def inspection_statement(*, shape: bool) -> str:
    """Return the statement; its parameters are quoted names of relations, and parsed predicates.

    The row has ``missing``, names without a relation; ``relations`` and ``calls``, JSON;
    ``named``, relations that predicates name; ``meaning``, other user-defined objects in them.

    Args:
        shape: Whether the row also has ``functions`` and ``objects``, numbers; ``prompt``, a query;
            ``shape``, the fingerprint. The role then needs USAGE on the framework's schema. Without
            it, the statement takes three quarters of the time.
    """
    return f"""\
{_REACHED}{_OBJECTS if shape else ""}
SELECT ARRAY(SELECT n.name FROM named n WHERE n.oid IS NULL) AS missing,
  (SELECT coalesce(json_agg(x.*), '[]')::text FROM ({_RELATIONS}) AS x) AS relations,
  (SELECT coalesce(json_agg(x.*), '[]')::text FROM ({_CALLS}) AS x) AS calls,
  ARRAY(SELECT concat('"', replace(s.nspname, '"', '""'), '"."', replace(c.relname, '"', '""'), '"')
    FROM numbers n
    JOIN pg_catalog.pg_class c ON c.oid = n.oid
    JOIN pg_catalog.pg_namespace s ON s.oid = c.relnamespace
    WHERE n.class = 'pg_catalog.pg_class'::regclass) AS named,
  ARRAY(SELECT (pg_catalog.pg_identify_object(n.class, n.oid, 0)).identity FROM numbers n
    WHERE n.oid >= 16384 AND n.class <> 'pg_catalog.pg_class'::regclass ORDER BY 1) AS meaning\
{_shape() if shape else ""}"""


def _shape() -> str:
    return f""",
  w.functions, w.objects, {prompt_rows(PARTS_OF_ANSWERS, "w.by_kind")} AS prompt,
  {shape_now("w.objects", "w.by_kind")} AS shape
FROM whole w
"""
