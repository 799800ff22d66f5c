"""Other objects that the names in a statement may come to mean.

A text without schemas means the first match on the search path. A new relation, overload or cast
can change that although nothing changes that the text meant before.
"""
# ruff: noqa: S608 - all SQL is written in this package; names are escaped constants

from collections.abc import Sequence
from typing import Final

from fraiseql.caching.dependencies.inspection import Read
from fraiseql.caching.dependencies.parts import digest
from fraiseql.expressions import literal

_OWN: Final = 16_384
"""PostgreSQL's own objects have smaller numbers; its schema comes first."""

_NAMES: Final = """
WITH numbers(kind, oid) AS (
  SELECT DISTINCT found.part[1], found.part[2]::oid
  FROM unnest($1::text[]) AS tree (text) CROSS JOIN LATERAL regexp_matches(tree.text,
    ':(relid|funcid|opfuncid|aggfnoid|winfnoid|opno|collOid|[a-z]*type|array_typeid) (\\d+)', 'g')
    AS found (part))
SELECT
  ARRAY(SELECT DISTINCT c.relname::text FROM numbers n JOIN pg_class c ON c.oid = n.oid
    WHERE n.kind = 'relid' ORDER BY 1) AS relations,
  ARRAY(SELECT DISTINCT p.proname::text FROM numbers n JOIN pg_proc p ON p.oid = n.oid
    WHERE n.kind IN ('funcid', 'opfuncid', 'aggfnoid', 'winfnoid') ORDER BY 1) AS functions,
  ARRAY(SELECT DISTINCT o.oprname::text FROM numbers n JOIN pg_operator o ON o.oid = n.oid
    WHERE n.kind = 'opno' ORDER BY 1) AS operators,
  ARRAY(SELECT DISTINCT t.typname::text FROM numbers n
    JOIN pg_type whole ON whole.oid = n.oid JOIN pg_type t ON t.oid IN (whole.oid, whole.typelem)
    WHERE n.kind LIKE '%type' OR n.kind = 'array_typeid' ORDER BY 1) AS types,
  ARRAY(SELECT DISTINCT l.collname::text FROM numbers n JOIN pg_collation l ON l.oid = n.oid
    WHERE n.kind = 'collOid' ORDER BY 1) AS collations"""

_SCHEMA_VERSION: Final = "x.oid, s.oid, s.nspname, s.xmin"

_BY_NAME: Final = (
    ("relations", "pg_class", "rel", " AND x.relpersistence <> 't'"),
    ("functions", "pg_proc", "pro", ""),
    ("operators", "pg_operator", "opr", ""),
    ("types", "pg_type", "typ", " AND s.nspname !~ '^pg_(toast_)?temp_'"),
    ("collations", "pg_collation", "coll", ""),
)

_CASTS: Final = f"""\
SELECT pg_catalog.hashtextextended(pg_catalog.concat_ws(':', x.oid, x.xmin), 5)
  FROM pg_catalog.pg_cast x WHERE x.oid >= {_OWN}"""


async def load_names(read: Read, trees: Sequence[str]) -> str:
    """Return a query for numbers that change when a name of parsed statements may mean another.

    Args:
        read: Asks the database.
        trees: The parse trees.

    Raises:
        DatabaseError: The database cannot be asked.
    """
    (row,) = await read(_NAMES, [list(trees)])
    queries = [
        _named(catalog, prefix, row[kind], seed, more)
        for seed, (kind, catalog, prefix, more) in enumerate(_BY_NAME)
        if row[kind]
    ]
    return " UNION ALL ".join([*queries, _CASTS])


async def names_digest(read: Read, names: str) -> int:
    """Return the present digest of the numbers of ``load_names``.

    Raises:
        DatabaseError: The database cannot be asked.
    """
    (row,) = await read(f"SELECT {digest(names)} AS number", [])
    return int(row["number"])


def _named(catalog: str, prefix: str, names: Sequence[str], seed: int, more: str) -> str:
    listed = ", ".join(f"{literal(name)}::pg_catalog.name" for name in names)
    return f"""\
SELECT pg_catalog.hashtextextended(pg_catalog.concat_ws(':', {_SCHEMA_VERSION}), {seed})
  FROM pg_catalog.{catalog} x JOIN pg_catalog.pg_namespace s ON s.oid = x.{prefix}namespace
  WHERE x.{prefix}name = ANY (ARRAY[{listed}]) AND x.oid >= {_OWN}{more}"""
