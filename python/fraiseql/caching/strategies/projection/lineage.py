"""Lineage: which tables and partitions documents are built from.

Attaching or detaching a partition changes rows without any trigger. Once documents are stored,
their fingerprint has the rows of ``pg_inherits``. What comes or goes while they are built, after
the triggers of each partition were written down, is compared with the lineage of that moment.
"""
# ruff: noqa: S608 - what is joined into SQL are names of the framework's own

from typing import Final

from fraiseql.caching.strategies.projection.spec import ProjectionSpec
from fraiseql.caching.strategies.projection.tree import Tree
from fraiseql.expressions import literal

# A row of the catalog that went and came back is another version: it has another xmin.
LINEAGE: Final = """\
(WITH RECURSIVE below(oid) AS (
  SELECT fql_root FROM unnest({roots}) AS fql_root
  UNION SELECT i.inhrelid FROM below b JOIN pg_catalog.pg_inherits i ON i.inhparent = b.oid)
SELECT coalesce(sum(pg_catalog.hashtextextended(
  concat_ws(':', i.inhparent, i.inhrelid, i.inhdetachpending, i.xmin), 0)), 0)
FROM pg_catalog.pg_inherits i JOIN below b ON i.inhparent = b.oid)"""
"""SQL of one number for all that inherits from ``{roots}``, an ``oid[]``; 0 where nothing does."""


def lineage(spec: ProjectionSpec) -> str:
    """Return SQL of the present lineage of the tables under the documents."""
    names = ", ".join(literal(table.name.sql) for _, table, _ in Tree.of(spec).tables())
    roots = f"ARRAY(SELECT to_regclass(n)::oid FROM unnest(ARRAY[{names}]::text[]) AS n)"
    return LINEAGE.format(roots=roots)


def must_be_built_from(spec: ProjectionSpec) -> str:
    """Return the statement that fails where partitions came or went while documents were built.

    The number is of this database alone, so it is written into no object.
    """
    return f"""\
DO $fraiseql$ BEGIN
  IF {lineage(spec)} <> {spec.lineage} THEN
    RAISE object_not_in_prerequisite_state USING
      MESSAGE = 'tables or partitions have changed while the documents were built',
      HINT = 'Run fraiseql db apply again.';
  END IF;
END $fraiseql$"""
