"""Roles that may read stored documents with the same answer as live."""
# ruff: noqa: S608 - all SQL is written in this package, numbers, or quoted names

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

from fraiseql.caching.dependencies.fingerprint import oids
from fraiseql.caching.dependencies.inspection import Read
from fraiseql.caching.dependencies.privileges import MAY_BECOME, role_number
from fraiseql.caching.dependencies.recorded import FINGERPRINTS
from fraiseql.expressions import literal
from fraiseql.sources import RoleAccess
from fraiseql.sql_names import op

# Tables under views are read with the privileges of the views' owners. Other objects behind
# the documents, such as partitions, are in their fingerprint.
_FACTS: Final = f"""\
WITH RECURSIVE named(oid) AS (SELECT to_regclass(n)::oid FROM pg_catalog.unnest($2::text[]) AS n),
behind(oid, owned) AS (
  SELECT n.oid, NULL::oid FROM named n
  UNION
  SELECT d.refobjid, v.oid
  FROM behind b JOIN pg_catalog.pg_class v ON v.oid = b.oid AND v.relkind = 'v'
  JOIN pg_catalog.pg_rewrite w ON w.ev_class = v.oid
  JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_rewrite'::regclass
    AND d.objid = w.oid AND d.refclassid = 'pg_catalog.pg_class'::regclass
    AND d.refobjid <> v.oid),
called AS (
  SELECT p.oid, EXISTS (
    SELECT FROM pg_catalog.pg_depend d WHERE d.classid = 'pg_catalog.pg_proc'::regclass
      AND d.objid = p.oid AND d.deptype = 'e') AS extension
  FROM pg_catalog.pg_proc p JOIN {FINGERPRINTS} f ON f.name = $1 AND p.oid = ANY (f.objects)
  WHERE p.pronamespace <> 'fraiseql'::regnamespace)
SELECT ARRAY(SELECT n.oid::bigint FROM named n ORDER BY 1) AS named,
  ARRAY(SELECT b.oid::bigint FROM behind b
    UNION SELECT c.oid::bigint FROM pg_catalog.pg_class c
      JOIN {FINGERPRINTS} f ON f.name = $1 AND c.oid = ANY (f.objects) ORDER BY 1) AS relations,
  ARRAY(SELECT b.owned::bigint FROM behind b WHERE b.owned IS NOT NULL ORDER BY b.owned, b.oid)
    AS views,
  ARRAY(SELECT b.oid::bigint FROM behind b WHERE b.owned IS NOT NULL ORDER BY b.owned, b.oid)
    AS viewed,
  ARRAY(SELECT c.oid::regprocedure::text FROM called c WHERE NOT c.extension ORDER BY 1) AS own,
  ARRAY(SELECT c.oid::bigint FROM called c WHERE c.extension ORDER BY 1) AS extensions"""

# OFFSET 0 keeps the role from being looked up for every mention.
_ROLE: Final = f"(SELECT {role_number('{{role}}')} AS oid OFFSET 0) AS r"
_EQ: Final = op("=")
_RELATION: Final = "c.oid::pg_catalog.regclass::pg_catalog.text"

_READER: Final = f"""\
SELECT 'role' AS reason, '' AS name FROM {_ROLE}
WHERE {MAY_BECOME.format(role="r.oid")} IS NOT TRUE
UNION ALL SELECT 'select', {_RELATION} FROM {_ROLE}, pg_catalog.pg_class c
WHERE c.oid {_EQ} ANY ({{named}})
  AND pg_catalog.has_table_privilege(r.oid, c.oid, 'SELECT') IS NOT TRUE
UNION ALL SELECT 'usage', c.relnamespace::pg_catalog.regnamespace::pg_catalog.text
FROM {_ROLE}, pg_catalog.pg_class c WHERE c.oid {_EQ} ANY ({{named}})
  AND pg_catalog.has_schema_privilege(r.oid, c.relnamespace, 'USAGE') IS NOT TRUE"""

# No query can decide whether a policy lets the role see every row.
_READ: Final = f"""\
SELECT 'row_security', {_RELATION} FROM pg_catalog.pg_class c
WHERE c.oid {_EQ} ANY ({{relations}}) AND c.relrowsecurity
UNION ALL SELECT 'invoker', {_RELATION} FROM pg_catalog.pg_class c
WHERE c.oid {_EQ} ANY ({{relations}})
  AND pg_catalog.array_to_string(c.reloptions, ',') {op("~*")} 'security_invoker'"""

_OWNERS: Final = f"""\
SELECT 'owner', {_RELATION} FROM ROWS FROM (
  pg_catalog.unnest({{views}}), pg_catalog.unnest({{viewed}})) AS p (view, viewed)
JOIN pg_catalog.pg_class c ON c.oid {_EQ} p.view
WHERE pg_catalog.has_table_privilege(c.relowner, p.viewed, 'SELECT') IS NOT TRUE"""

_CALLED: Final = f"""\
SELECT 'execute', p.oid::pg_catalog.regprocedure::pg_catalog.text
FROM {_ROLE}, pg_catalog.unnest({{functions}}) AS p (oid)
WHERE pg_catalog.has_function_privilege(r.oid, p.oid, 'EXECUTE') IS NOT TRUE"""


def changed(guard: str) -> str:
    """Return the reason query for documents with a changed definition behind them.

    Args:
        guard: SQL that is true while every definition is as recorded.
    """
    return f"SELECT 'changed', '' WHERE ({guard}) IS NOT TRUE"


def queried(owner: str) -> str:
    """Return the reason query for a predicate that reads relations without checked privileges.

    Args:
        owner: The embed that it belongs to.
    """
    return f"SELECT 'predicate', {literal(owner)}"


async def load_access(
    read: Read, subject: str, names: Sequence[str], also: Iterable[str] = ()
) -> RoleAccess:
    """Return which roles may read the documents of ``subject``.

    A role may read them if it has privileges on all relations that they are computed from, and
    none of these gives different rows to different roles.

    Args:
        read: Asks the database.
        subject: Name of the fingerprint.
        names: Quoted names of the relations that the live answer's statement names.
        also: Further reason queries of the strategy.

    Raises:
        DatabaseError: The database cannot be asked.
    """
    (row,) = await read(_FACTS, [subject, list(names)])
    return RoleAccess(" UNION ALL ".join((*_reasons(row), *also)))


def _reasons(row: Any) -> Iterator[str]:
    """Yield queries for the reasons against a role, with columns ``reason`` and ``name``."""
    yield _READER.format(named=oids(row["named"]))
    yield _READ.format(relations=oids(row["relations"]))
    if row["views"]:
        views, viewed = oids(row["views"]), oids(row["viewed"])
        yield _OWNERS.format(views=views, viewed=viewed)
    if row["extensions"]:
        yield _CALLED.format(functions=oids(row["extensions"]))
    # Regardless of the label: PostgreSQL does not check it against the body.
    for name in row["own"]:
        yield f"SELECT 'function', {literal(name)}"
