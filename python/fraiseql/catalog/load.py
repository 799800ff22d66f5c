"""Loading of an application's relations from PostgreSQL's catalog."""
# ruff: noqa: S608 - only constants are joined into SQL

from collections import defaultdict
from collections.abc import Iterable, Mapping

from fraiseql.catalog.picture import Catalog, Column, Relation
from fraiseql.database import Pool, Record
from fraiseql.sql_names import op

# The only statement that uses the search path of the application.
_VISIBLE = f"""
SELECT pg_catalog.array_agg(c.oid) AS oids FROM pg_catalog.pg_class c
WHERE c.relkind {op("=")} ANY ('{{r,v,m,f,p}}'::pg_catalog."char"[])
  AND pg_catalog.pg_table_is_visible(c.oid)
"""

_RELATIONS = """
SELECT c.oid, n.nspname::text AS schema, c.relname::text AS name,
  c.oid = ANY ($2::oid[]) AS visible,
  CASE c.relkind WHEN 'r' THEN 'table' WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialized view'
    WHEN 'f' THEN 'foreign table' WHEN 'p' THEN 'partitioned table' END AS kind,
  ARRAY(
    SELECT a.attname::text
    FROM unnest(i.indkey::int2[]) WITH ORDINALITY AS k (attnum, place)
    JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.attnum
    WHERE k.place <= i.indnkeyatts
    ORDER BY k.place) AS key
FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN LATERAL (
  -- The primary key first; else a unique key over plain columns that cannot be null.
  SELECT x.indkey, x.indnkeyatts
  FROM pg_index x
  WHERE x.indrelid = c.oid AND x.indisunique AND x.indisvalid
    AND x.indpred IS NULL AND x.indexprs IS NULL
    AND NOT EXISTS (
      SELECT FROM unnest(x.indkey::int2[]) WITH ORDINALITY AS k (attnum, place)
      JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.attnum
      LEFT JOIN pg_constraint u ON u.conrelid = c.oid AND u.contype = 'n' AND NOT u.convalidated
        AND u.conkey[1] = a.attnum
      WHERE k.place <= x.indnkeyatts AND (NOT a.attnotnull OR u.oid IS NOT NULL))
  ORDER BY x.indisprimary DESC, x.indexrelid
  LIMIT 1) i ON true
WHERE c.relkind IN ('r', 'v', 'm', 'f', 'p')
  AND (c.oid = ANY ($2::oid[]) AND (c.relname::text = ANY ($1::text[])
      OR n.nspname NOT IN ('pg_catalog', 'information_schema'))
    OR n.nspname || '.' || c.relname = ANY ($1::text[]))
ORDER BY n.nspname, c.relname
"""

_COLUMNS = """
WITH RECURSIVE used AS (
  SELECT a.attrelid, a.attnum, a.attname::text AS name, a.atttypid,
    -- NOT NULL that is NOT VALID holds for new rows alone.
    a.attnotnull AND n.oid IS NULL AS attnotnull,
    -- The null side of an outer join has nulls of domains that are NOT NULL.
    c.relkind IN ('r', 'p') AS is_table,
    coalesce(l.collisdeterministic, true) AS deterministic,
    format_type(a.atttypid, a.atttypmod) AS type_name
  FROM pg_attribute a
  JOIN pg_class c ON c.oid = a.attrelid
  LEFT JOIN pg_constraint n ON n.conrelid = a.attrelid AND n.contype = 'n' AND NOT n.convalidated
    AND n.conkey[1] = a.attnum
  LEFT JOIN pg_collation l ON l.oid = a.attcollation
  WHERE a.attrelid = ANY ($1::oid[]) AND a.attnum > 0 AND NOT a.attisdropped),
resolved AS (
  SELECT t.oid AS start, t.oid, t.typname, t.typtype, t.typbasetype, t.typnotnull, t.typcategory,
    t.typnamespace
  FROM pg_type t
  WHERE t.oid IN (SELECT atttypid FROM used)
    OR t.typarray IN (SELECT atttypid FROM used)
  UNION ALL
  SELECT r.start, b.oid, b.typname, b.typtype, b.typbasetype, r.typnotnull OR b.typnotnull,
    b.typcategory, b.typnamespace
  FROM resolved r
  JOIN pg_type b ON b.oid = r.typbasetype
  WHERE r.typtype = 'd'),
-- By type, since a table may have hundreds of columns of the same one.
types AS MATERIALIZED (
  SELECT DISTINCT r.oid, r.typname, r.typtype, r.typcategory, r.typnamespace FROM resolved r
  WHERE r.typtype <> 'd'),
classes AS MATERIALIZED (
  SELECT c.opcintype, c.opcfamily, m.amname
  FROM pg_opclass c JOIN pg_am m ON m.oid = c.opcmethod
  WHERE c.opcdefault AND m.amname IN ('btree', 'hash')),
described AS MATERIALIZED (
  SELECT own.oid, coalesce('_' || item.typname, own.typname)::text AS base_type,
    -- The name alone has no modifiers: a cast to bit would be one to bit(1).
    quote_ident(space.nspname) || '.' || quote_ident(own.typname) AS base_sql,
    -- As PostgreSQL finds the default operator class of a type: by its binary-compatible types.
    coalesce((
      SELECT min(c.amname) FROM classes c WHERE c.opcintype IN (
        SELECT own.oid
        UNION ALL
        SELECT CASE own.typtype WHEN 'e' THEN 'anyenum' WHEN 'r' THEN 'anyrange'
          WHEN 'm' THEN 'anymultirange' WHEN 'c' THEN 'record' END::regtype
        UNION ALL
        SELECT 'anyarray'::regtype WHERE own.typcategory = 'A'
        UNION ALL
        SELECT k.casttarget FROM pg_cast k
        WHERE k.castsource = own.oid AND k.castmethod = 'b' AND k.castcontext = 'i')),
      '')::text AS "order",
    -- Operators of an extension's type are where the extension is.
    coalesce((
      SELECT s.nspname
      FROM classes c
      JOIN pg_amop a ON a.amopfamily = c.opcfamily AND a.amopstrategy = CASE c.amname
        WHEN 'btree' THEN 3 ELSE 1 END AND a.amoplefttype = own.oid AND a.amoprighttype = own.oid
      JOIN pg_operator o ON o.oid = a.amopopr JOIN pg_namespace s ON s.oid = o.oprnamespace
      WHERE c.opcintype = own.oid
      ORDER BY c.amname LIMIT 1), 'pg_catalog')::text AS operators
  FROM types own
  JOIN pg_namespace space ON space.oid = own.typnamespace
  LEFT JOIN pg_type element ON element.typarray = own.oid
  LEFT JOIN resolved item ON item.start = element.oid AND item.typtype <> 'd')
SELECT u.attrelid, u.name, u.type_name, u.deterministic,
  NOT (u.attnotnull OR (own.typnotnull AND u.is_table)) AS nullable,
  d.base_type, d.base_sql, d."order", d.operators
FROM used u
JOIN resolved own ON own.start = u.atttypid AND own.typtype <> 'd'
JOIN described d ON d.oid = own.oid
ORDER BY u.attrelid, u.attnum
"""

_CHECKS_INPUT = 160_000
"""First server with ``pg_input_is_valid``."""


async def load_catalog(pool: Pool, names: Iterable[str]) -> Catalog:
    """Read the facts about the relations called ``names``.

    A name without a schema is looked up on the search path; both parts are taken as written,
    without folding to lower case. A name that does not exist is not in the catalog.

    Args:
        pool: Connections to the database.
        names: ``users`` or ``sales.users``.

    Raises:
        DatabaseError: The database cannot be reached or does not allow this.
    """
    requested = sorted(set(names))
    visible = (await pool.fetch_bytes(_VISIBLE))[0]["oids"]
    rows = await pool.inspect(_RELATIONS, [requested, visible])
    by_name = _by_name(rows, requested)
    oids = sorted({row["oid"] for row in by_name.values()})
    columns: dict[int, dict[str, Column]] = defaultdict(dict)
    for row in await pool.inspect(_COLUMNS, [oids]) if oids else ():
        columns[row["attrelid"]][row["name"]] = Column(
            row["name"],
            row["type_name"],
            row["base_type"],
            row["nullable"],
            row["base_sql"],
            row["order"],
            row["deterministic"],
            checks=pool.server_version >= _CHECKS_INPUT,
            operators=row["operators"],
        )
    relations = {name: _relation(row, columns[row["oid"]]) for name, row in by_name.items()}
    visible_names = tuple(row["name"] for row in rows if row["visible"])
    return Catalog(relations, visible_names, pool.server_version)


def _by_name(rows: Iterable[Record], requested: Iterable[str]) -> dict[str, Record]:
    answers: dict[str, Record] = {}
    for row in rows:
        answers[f"{row['schema']}.{row['name']}"] = row
    # Last, so that a visible relation called "a.b" wins over relation b of schema a.
    for row in rows:
        if row["visible"]:
            answers[row["name"]] = row
    return {name: answers[name] for name in requested if name in answers}


def _relation(row: Record, columns: Mapping[str, Column]) -> Relation:
    return Relation(row["schema"], row["name"], row["kind"], columns, tuple(row["key"]))
