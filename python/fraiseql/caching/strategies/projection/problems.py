"""Queries for problems of a projection and of the tables below it.

Attaching or detaching a partition changes rows without any trigger. The fingerprint of stored
documents covers the rows of ``pg_inherits``. Partitions that are attached or detached while
documents are built, after the triggers were planned, are found by the lineage of that moment.
"""
# ruff: noqa: S608 - the names written into SQL are the framework's own

from typing import Final

from fraiseql.caching.strategies.projection.capture import trigger_names
from fraiseql.caching.strategies.projection.spec import ProjectionSpec
from fraiseql.caching.strategies.projection.tree import FLUSH, Tree
from fraiseql.expressions import literal

_TABLES = """\
tables(place, relation) AS (
  SELECT name, pg_catalog.to_regclass(name) FROM (VALUES {names}) AS listed(name)
), roots(relation) AS (VALUES {roots}), parts AS (
  SELECT tree.relid AS relation FROM roots
  CROSS JOIN LATERAL pg_catalog.pg_partition_tree(roots.relation) AS tree
)"""

_UNFIT = """\
SELECT place AS relation,
  'is written by a subscription, which fires no statement triggers' AS problem
FROM tables JOIN pg_catalog.pg_subscription_rel s ON s.srrelid = tables.relation
UNION ALL
SELECT place, 'is a ' || CASE c.relkind WHEN 'v' THEN 'view' ELSE 'foreign table' END
  || ': its changes cannot be captured'
FROM tables JOIN pg_catalog.pg_class c ON c.oid = tables.relation WHERE c.relkind IN ('v', 'm', 'f')
UNION ALL
SELECT place, 'has key column ' || a.attname || ' of an extension''s type: ' || ty.typname
FROM keys JOIN pg_catalog.pg_attribute a
  ON a.attrelid = pg_catalog.to_regclass(place) AND a.attname = keys.name
JOIN pg_catalog.pg_type ty ON ty.oid = a.atttypid
WHERE ty.typtype = 'b' AND ty.typnamespace <> 'pg_catalog'::regnamespace
UNION ALL
SELECT place, 'has key column ' || a.attname
  || ' of a nondeterministic collation' FROM keys JOIN pg_catalog.pg_attribute a
  ON a.attrelid = pg_catalog.to_regclass(place) AND a.attname = keys.name
JOIN pg_catalog.pg_collation co ON co.oid = a.attcollation WHERE NOT co.collisdeterministic
UNION ALL
SELECT place, 'has key column ' || a.attname || ' of a type that cannot be hashed: ' || ty.typname
FROM keys JOIN pg_catalog.pg_attribute a
  ON a.attrelid = pg_catalog.to_regclass(place) AND a.attname = keys.name
JOIN pg_catalog.pg_type own ON own.oid = a.atttypid
JOIN pg_catalog.pg_type ty ON ty.oid = coalesce(nullif(own.typbasetype, 0), own.oid)
WHERE ty.typtype = 'b' AND ty.typcategory <> 'A' AND NOT EXISTS (
  SELECT FROM pg_catalog.pg_opclass o
  JOIN pg_catalog.pg_am m ON m.oid = o.opcmethod AND m.amname = 'hash'
  WHERE o.opcdefault AND (o.opcintype = ty.oid OR EXISTS (
    SELECT FROM pg_catalog.pg_cast c
    WHERE c.castsource = ty.oid AND c.casttarget = o.opcintype AND c.castmethod = 'b')))"""

_BROKEN = """\
SELECT place AS relation, 'does not exist' AS problem FROM tables WHERE relation IS NULL
UNION ALL
SELECT parts.relation::text, 'is a partition that was attached after the projection was built'
FROM parts WHERE parts.relation NOT IN (SELECT relation FROM tables WHERE relation IS NOT NULL)
UNION ALL
SELECT place, 'is no longer a partition of a table that the projection reads'
FROM tables JOIN pg_catalog.pg_class c ON c.oid = tables.relation
WHERE NOT c.relispartition AND tables.relation NOT IN (SELECT relation FROM roots)
UNION ALL
SELECT place, 'has no trigger ' || expected.name || ', or it is not ENABLE ALWAYS'
FROM tables JOIN (VALUES {triggers}) AS expected(on_table, name) ON expected.on_table = tables.place
WHERE (relation IN (SELECT relation FROM parts) OR relation IN (SELECT relation FROM roots))
AND NOT EXISTS (
  SELECT FROM pg_catalog.pg_trigger t
  WHERE t.tgrelid = tables.relation AND t.tgname = expected.name AND t.tgenabled = 'A')
UNION ALL
SELECT place, 'has row security that binds its owner' FROM tables
JOIN pg_catalog.pg_class c ON c.oid = tables.relation WHERE c.relforcerowsecurity
UNION ALL
SELECT '{flush}', 'has no enabled trigger "flush"' WHERE NOT EXISTS (
  SELECT FROM pg_catalog.pg_trigger t WHERE t.tgrelid = pg_catalog.to_regclass('{flush}')
  AND t.tgname = 'flush' AND t.tgenabled = 'A')
UNION ALL
SELECT DISTINCT d.refobjid::regclass::text, 'is read by the view, but not part of the tree'
FROM pg_catalog.pg_rewrite r JOIN pg_catalog.pg_depend d
  ON d.classid = 'pg_catalog.pg_rewrite'::regclass AND d.objid = r.oid
  AND d.refclassid = 'pg_catalog.pg_class'::regclass AND d.refobjid <> r.ev_class
WHERE r.ev_class = pg_catalog.to_regclass({view})
  AND d.refobjid NOT IN (SELECT relation FROM tables WHERE relation IS NOT NULL)"""


def unfit(spec: ProjectionSpec) -> str:
    """Return the query for tables that no projection can be built on: relation, problem.

    Such are tables filled by a subscription, keys whose equality is not the built-in one, and
    relations whose changes cannot be captured.
    """
    return f"WITH {_tables_and_keys(Tree.of(spec))}\n{_UNFIT}"


def problems(spec: ProjectionSpec) -> str:
    """Return the query for problems that make documents wrong or stop updates: relation, problem.

    It finds the problems of ``unfit``, and those that no trigger can notice: partitions attached
    or detached, triggers missing or disabled.
    """
    tree = Tree.of(spec)
    names = [f"({literal(table.sql)}, {literal(name)})" for table, name in trigger_names(tree)]
    broken = _BROKEN.format(
        triggers=", ".join(names),
        flush=FLUSH,
        view=literal(spec.view.sql),
    )
    return f"WITH {_tables_and_keys(tree)}\n{_UNFIT}\nUNION ALL\n{broken}"


def _tables_and_keys(tree: Tree) -> str:
    bases = [table for _, table, _ in tree.tables()]
    roots = [table.name.sql for table in bases]
    all_names = roots + [part.sql for table in bases for part in table.partitions]
    keys = {(node.table.name.sql, name) for node in tree.nodes for name in node.inner} | {
        (tree.nodes[node.parent or 0].table.name.sql, name)
        for node in tree.nodes
        for name in node.outer
    }
    tables = _TABLES.format(
        names=", ".join(f"({literal(name)})" for name in all_names),
        roots=", ".join(f"(pg_catalog.to_regclass({literal(name)}))" for name in roots),
    )
    pairs = ", ".join(f"({literal(place)}, {literal(name)})" for place, name in sorted(keys))
    return f"{tables}, keys(place, name) AS (VALUES {pairs})"


# A catalog row that was deleted and inserted again has another xmin.
LINEAGE: Final = """\
(WITH RECURSIVE below(oid) AS (
  SELECT fql_root FROM unnest({roots}) AS fql_root
  UNION SELECT i.inhrelid FROM below b JOIN pg_catalog.pg_inherits i ON i.inhparent = b.oid)
SELECT coalesce(sum(pg_catalog.hashtextextended(
  concat_ws(':', i.inhparent, i.inhrelid, i.inhdetachpending, i.xmin), 0)), 0)
FROM pg_catalog.pg_inherits i JOIN below b ON i.inhparent = b.oid)"""
"""SQL of a checksum of the inheritance below ``{roots}``, an ``oid[]``; 0 if there is none."""


def lineage(spec: ProjectionSpec) -> str:
    """Return SQL of the current lineage of the base tables."""
    names = ", ".join(literal(table.name.sql) for _, table, _ in Tree.of(spec).tables())
    roots = f"ARRAY(SELECT to_regclass(n)::oid FROM unnest(ARRAY[{names}]::text[]) AS n)"
    return LINEAGE.format(roots=roots)


def must_be_built_from(spec: ProjectionSpec) -> str:
    """Return the statement that fails if partitions changed while documents were built.

    The checksum is valid in this database only, so it is stored in no object.
    """
    return f"""\
DO $fraiseql$ BEGIN
  IF {lineage(spec)} <> {spec.lineage} THEN
    RAISE object_not_in_prerequisite_state USING
      MESSAGE = 'tables or partitions have changed while the documents were built',
      HINT = 'Run fraiseql db apply again.';
  END IF;
END $fraiseql$"""
