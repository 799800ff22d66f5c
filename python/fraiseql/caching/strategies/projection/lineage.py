"""Lineage: which tables and partitions documents were built from, asked as they are read.

Attaching or detaching a partition changes rows without any trigger. The view that serving reads
calls a function that fails where there are other partitions now, or another table of the same
name. PostgreSQL computes it as it plans a statement, and plans again when one of the tables whose
numbers are named there changes, so that a reader pays nothing for it.
"""
# ruff: noqa: S608 - what is joined into SQL are names of the framework's own

from typing import Final

from fraiseql.caching.objects import DatabaseObject
from fraiseql.caching.strategies.projection.spec import ProjectionSpec
from fraiseql.caching.strategies.projection.tree import SCHEMA, Tree
from fraiseql.expressions import literal

_ARGUMENTS: Final = "(oid[], oid[], text[], numeric)"
_NOW: Final = f"{SCHEMA}.same_tables_now"
_SAME: Final = f"{SCHEMA}.same_tables"

# A row of the catalog that went and came back is another version: it has another xmin.
LINEAGE: Final = """\
(WITH RECURSIVE below(oid) AS (
  SELECT fql_root FROM unnest({roots}) AS fql_root
  UNION SELECT i.inhrelid FROM below b JOIN pg_catalog.pg_inherits i ON i.inhparent = b.oid)
SELECT coalesce(sum(pg_catalog.hashtextextended(
  concat_ws(':', i.inhparent, i.inhrelid, i.inhdetachpending, i.xmin), 0)), 0)
FROM pg_catalog.pg_inherits i JOIN below b ON i.inhparent = b.oid)"""
"""SQL of one number for all that inherits from ``{roots}``, an ``oid[]``; 0 where nothing does."""

# Volatile, for a snapshot of its own: the one that a statement is planned with may be older than
# the change that it is planned again for.
_BODY: Final = f"""\
CREATE OR REPLACE FUNCTION {_NOW}(tables oid[], parts oid[], names text[], lineage numeric)
RETURNS boolean LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $fraiseql$
DECLARE
  fql_now oid[] := ARRAY(SELECT to_regclass(n.name)::oid
    FROM unnest(names) WITH ORDINALITY AS n(name, place) ORDER BY n.place);
BEGIN
  -- The first one is the projection: in a restored database all have other numbers.
  IF fql_now[1] = tables[1] AND fql_now IS DISTINCT FROM tables
    OR array_position(fql_now, NULL) IS NOT NULL
    OR lineage <> {LINEAGE.format(roots="fql_now")} THEN
    RAISE undefined_table USING
      MESSAGE = 'tables or partitions have changed since the documents were built',
      HINT = 'A worker that owns the tables adopts them; fraiseql db apply does so too.';
  END IF;
  RETURN true;
END $fraiseql$"""

# It is not immutable. Said to be so, it is computed once, as a statement is planned.
_FOLDED: Final = f"""\
CREATE OR REPLACE FUNCTION {_SAME}(tables oid[], parts oid[], names text[], lineage numeric)
RETURNS boolean LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $fraiseql$
BEGIN
  RETURN {_NOW}(tables, parts, names, lineage);
END $fraiseql$"""


def lineage_objects() -> tuple[DatabaseObject, ...]:
    """Return the functions that every projection's view calls."""
    return _function(_NOW, _BODY, SCHEMA), _function(_SAME, _FOLDED, f"{_NOW}{_ARGUMENTS}")


def unchanged(spec: ProjectionSpec) -> str:
    """Write an SQL expression that writes the condition of the view.

    The numbers of tables are known when the view is made, the lineage before anything is built.
    """
    tables = [table for _, table, _ in Tree.of(spec).tables()]
    names = [spec.table.sql, *(table.name.sql for table in tables)]
    parts = [part.sql for table in tables for part in table.partitions]
    listed = ", ".join(literal(name) for name in names)
    return (
        f"format('{_SAME}(ARRAY[%s]::oid[], ARRAY[%s]::oid[], %L::text[], %s)',"
        f" {_numbers(names)}, {_numbers(parts)}, ARRAY[{listed}]::text[], '{spec.lineage}')"
    )


SAME: Final = f"{_SAME}{_ARGUMENTS}"
"""Name of the function as other objects need it."""


def _numbers(names: list[str]) -> str:
    """Write constants, one for each: plans are thrown away when a relation of one changes."""
    listed = ", ".join(literal(name) for name in names)
    return (
        "(SELECT string_agg(quote_literal(n.name::regclass::oid) || '::oid', ', ' ORDER BY n.place)"
        f" FROM unnest(ARRAY[{listed}]::text[]) WITH ORDINALITY AS n(name, place))"
    )


def _function(name: str, create: str, *needs: str) -> DatabaseObject:
    named = f"{name}{_ARGUMENTS}"
    return DatabaseObject(
        "function",
        named,
        (create, f"GRANT EXECUTE ON FUNCTION {named} TO PUBLIC"),
        (f"DROP FUNCTION IF EXISTS {named}",),
        needs=needs,
        replaces=True,
    )
