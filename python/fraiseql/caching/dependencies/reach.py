"""SQL that follows the catalog's dependencies of an answer."""
# ruff: noqa: S608 - all SQL is written in this package

from typing import Final

from fraiseql.caching.dependencies.bodies import NAMEABLE, NAMED_IN_BODY

FOLLOWED: Final = (
    "pg_class",
    "pg_proc",
    "pg_operator",
    "pg_type",
    "pg_opclass",
    "pg_opfamily",
    "pg_collation",
    "pg_ts_config",
    "pg_ts_dict",
    "pg_ts_parser",
    "pg_ts_template",
    "pg_extension",
)
"""Catalogs whose objects an answer may depend on by ``pg_depend``."""

UNPINNED: Final = 12_000
"""Objects from this number on can be altered, and dependencies on them are recorded."""

_CLASSES: Final = ", ".join(f"'pg_catalog.{name}'::regclass" for name in FOLLOWED)

# Dependencies are followed from relations to the rules of views, to policies, and on to functions,
# operators and types, and to partitions and their parents, which writes may name.
# A materialized view is an end: its rows change only when it is refreshed.
# A row type leads to the types of its attributes, not to its table.
# Objects that a type or an operator implies: a domain's constraints, the cast of a type to JSON,
# default operator classes and their support functions.
REACHED: Final = f"""\
{NAMEABLE},
reached(class, oid) AS (
  SELECT b.class, b.oid FROM begun b
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
    WHERE d.refclassid IN ({_CLASSES})
      AND NOT (d.refclassid = 'pg_catalog.pg_class'::regclass
        AND via.class IN ('pg_catalog.pg_class'::regclass, 'pg_catalog.pg_type'::regclass))
    UNION ALL
    {NAMED_IN_BODY}
    UNION ALL
    SELECT r.class, i.inhrelid FROM pg_catalog.pg_inherits i
    WHERE r.class = 'pg_catalog.pg_class'::regclass AND i.inhparent = r.oid
    UNION ALL
    SELECT r.class, i.inhparent FROM pg_catalog.pg_inherits i
    WHERE r.class = 'pg_catalog.pg_class'::regclass AND i.inhrelid = r.oid
    UNION ALL
    SELECT 'pg_catalog.pg_attrdef'::regclass, d.oid
    FROM pg_catalog.pg_attrdef d JOIN pg_catalog.pg_attribute a
      ON a.attrelid = d.adrelid AND a.attnum = d.adnum AND a.attgenerated <> ''
    WHERE r.class = 'pg_catalog.pg_class'::regclass AND d.adrelid = r.oid
    UNION ALL
    SELECT r.class, a.atttypid
    FROM pg_catalog.pg_type t JOIN pg_catalog.pg_attribute a ON a.attrelid = t.typrelid
    WHERE r.class = 'pg_catalog.pg_type'::regclass AND t.oid = r.oid AND a.attnum > 0
    UNION ALL
    SELECT 'pg_catalog.pg_constraint'::regclass, k.oid
    FROM pg_catalog.pg_constraint k
    WHERE r.class = 'pg_catalog.pg_type'::regclass AND k.contypid = r.oid
    UNION ALL
    SELECT 'pg_catalog.pg_cast'::regclass, k.oid
    FROM pg_catalog.pg_cast k
    WHERE r.class = 'pg_catalog.pg_type'::regclass AND k.castsource = r.oid
    UNION ALL
    SELECT 'pg_catalog.pg_opclass'::regclass, o.oid
    FROM pg_catalog.pg_opclass o
    WHERE r.class = 'pg_catalog.pg_type'::regclass AND o.opcintype = r.oid AND r.oid >= 16384
    UNION ALL
    SELECT 'pg_catalog.pg_opfamily'::regclass, o.amopfamily
    FROM pg_catalog.pg_amop o
    WHERE r.class = 'pg_catalog.pg_operator'::regclass AND o.amopopr = r.oid
    UNION ALL
    SELECT 'pg_catalog.pg_operator'::regclass, o.amopopr
    FROM pg_catalog.pg_amop o
    WHERE r.class = 'pg_catalog.pg_opfamily'::regclass AND o.amopfamily = r.oid
    UNION ALL
    SELECT 'pg_catalog.pg_proc'::regclass, f.amproc
    FROM pg_catalog.pg_amproc f
    WHERE r.class = 'pg_catalog.pg_opfamily'::regclass AND f.amprocfamily = r.oid) AS e
  WHERE e.oid >= 16384 OR e.class = 'pg_catalog.pg_class'::regclass
    OR e.oid >= {UNPINNED} AND e.class IN ('pg_catalog.pg_collation'::regclass,
      'pg_catalog.pg_ts_config'::regclass, 'pg_catalog.pg_ts_dict'::regclass,
      'pg_catalog.pg_extension'::regclass))"""
"""``reached(class, oid)``: everything behind ``begun(class, oid)``, which comes before it.

``nameable`` comes with it, for ``NAMED_IN_BODY``.

``WITH RECURSIVE`` begins the statement.
"""
