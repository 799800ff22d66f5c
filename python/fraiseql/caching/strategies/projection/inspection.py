"""Inspection of a projection's base tables."""
# ruff: noqa: S608 - only constants are joined into SQL

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from fraiseql.caching.changes.transition import transition_tables_are_whole
from fraiseql.caching.strategies.projection.problems import LINEAGE
from fraiseql.caching.strategies.projection.spec import Qualified
from fraiseql.database import Pool

_TABLES = f"""
SELECT a.schema, a.name, c.relpersistence = 'p' AS lasting,
  EXISTS (SELECT FROM pg_inherits i WHERE i.inhrelid = c.oid) AS child,
  c.relkind = 'r' AND EXISTS (SELECT FROM pg_inherits i WHERE i.inhparent = c.oid) AS parent,
  c.relrowsecurity AS row_security, c.relkind = 'p' AS partitioned,
  current_setting('server_version_num')::integer AS server,
  {LINEAGE.format(roots="ARRAY[c.oid]")}::text AS lineage
FROM unnest($1::text[], $2::text[]) AS a (schema, name)
JOIN pg_namespace n ON n.nspname = a.schema
JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = a.name
"""
# The xmin of a partition's row in pg_inherits differs after the partition was detached and attached
# again.
_PARTITIONS = """
SELECT a.schema, a.name, pn.nspname::text AS part_schema, p.relname::text AS part,
  p.relkind = 'f' AS foreign, p.relrowsecurity AS row_security,
  (SELECT string_agg(i.xmin::text, '+') FROM pg_inherits i WHERE i.inhrelid = p.oid) AS mark
FROM unnest($1::text[], $2::text[]) AS a (schema, name)
JOIN pg_namespace n ON n.nspname = a.schema
JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = a.name AND c.relkind = 'p'
CROSS JOIN LATERAL pg_partition_tree(c.oid) t
JOIN pg_class p ON p.oid = t.relid AND p.oid <> c.oid
JOIN pg_namespace pn ON pn.oid = p.relnamespace
ORDER BY t.level, pn.nspname, p.relname
"""
_INDEXES = """
SELECT a.schema, a.name, x.relname::text AS index, i.indisvalid AS valid,
  i.indisunique AND i.indimmediate AND i.indisvalid AS unique, m.amname = 'btree' AS ordered, ARRAY(
    SELECT coalesce(t.attname::text, '') FROM unnest(i.indkey::int2[]) WITH ORDINALITY k (number, n)
    LEFT JOIN pg_attribute t ON t.attrelid = c.oid AND t.attnum = k.number
    WHERE k.n <= i.indnkeyatts ORDER BY k.n) AS columns
FROM unnest($1::text[], $2::text[]) AS a (schema, name)
JOIN pg_namespace n ON n.nspname = a.schema
JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = a.name
JOIN pg_index i ON i.indrelid = c.oid AND i.indpred IS NULL
JOIN pg_class x ON x.oid = i.indexrelid
JOIN pg_am m ON m.oid = x.relam
"""
_COLLATIONS = """
SELECT a.schema, a.name, t.attname::text AS column, format('%I.%I', cn.nspname, o.collname) AS "of"
FROM unnest($1::text[], $2::text[]) AS a (schema, name)
JOIN pg_namespace n ON n.nspname = a.schema
JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = a.name
JOIN pg_attribute t ON t.attrelid = c.oid AND t.attnum > 0 AND NOT t.attisdropped
JOIN pg_type y ON y.oid = t.atttypid AND y.typcollation <> t.attcollation
JOIN pg_collation o ON o.oid = t.attcollation
JOIN pg_namespace cn ON cn.oid = o.collnamespace
"""


@dataclass(frozen=True, slots=True)
class Partition:
    """A partition at any level: its name, and the transaction that attached it."""

    name: Qualified
    mark: str
    foreign: bool


@dataclass(frozen=True, slots=True)
class TableIndex:
    """An index over all rows; the name of an expression among its columns is empty."""

    name: str
    columns: tuple[str, ...]
    unique: bool
    ordered: bool
    valid: bool


@dataclass(frozen=True, slots=True)
class InspectedTable:
    """Catalog details of a base table.

    Attributes:
        lasting: Whether it is logged: neither unlogged nor temporary.
        child: Whether it is a partition of, or inherits from, another table.
        parent: Whether it is a plain table that others inherit from.
        row_security: Whether it, or a partition, has row-level security.
        by_row: Whether transition tables may miss rows that a statement changed.
        partitions: Partitions at every level, parents first.
        indexes: Indexes over all rows.
        collations: Collations that are not the type's default, quoted, by column.
        lineage: Checksum of the inheritance below it.
    """

    lasting: bool
    child: bool
    parent: bool
    row_security: bool
    by_row: bool = False
    partitions: tuple[Partition, ...] = ()
    indexes: tuple[TableIndex, ...] = ()
    collations: Mapping[str, str] = field(default_factory=dict)
    lineage: int = 0

    def unique(self, columns: Iterable[str]) -> bool:
        """Return whether no two rows have the same values in ``columns``."""
        names = set(columns)
        return any(index.unique and names.issuperset(index.columns) for index in self.indexes)


TableMap = Mapping[Qualified, InspectedTable]


async def load_inspection(pool: Pool, names: Iterable[Qualified]) -> TableMap:
    """Inspect tables; those that do not exist are left out.

    Raises:
        DatabaseError: The database cannot be reached or does not allow this.
    """
    unique = list(dict.fromkeys(names))
    args: list[Any] = [[t.schema for t in unique], [t.name for t in unique]]
    tables = await pool.inspect(_TABLES, args)
    partitions = _by_table(await pool.inspect(_PARTITIONS, args))
    indexes = _by_table(await pool.inspect(_INDEXES, args))
    collations = _by_table(await pool.inspect(_COLLATIONS, args))
    return {
        name: _table(row, *(rows_of.get(name, []) for rows_of in (partitions, indexes, collations)))
        for row in tables
        if (name := Qualified(row["schema"], row["name"]))
    }


def _by_table(rows: list[Any]) -> dict[Qualified, list[Any]]:
    by_table: dict[Qualified, list[Any]] = {}
    for row in rows:
        by_table.setdefault(Qualified(row["schema"], row["name"]), []).append(row)
    return by_table


def _table(
    row: Any, partitions: list[Any], indexes: list[Any], collations: list[Any]
) -> InspectedTable:
    return InspectedTable(
        row["lasting"],
        row["child"],
        row["parent"],
        row["row_security"] or any(part["row_security"] for part in partitions),
        row["partitioned"] or not transition_tables_are_whole(row["server"]),
        tuple(
            Partition(Qualified(p["part_schema"], p["part"]), p["mark"], p["foreign"])
            for p in partitions
        ),
        tuple(
            TableIndex(i["index"], tuple(i["columns"]), i["unique"], i["ordered"], i["valid"])
            for i in indexes
        ),
        {column["column"]: column["of"] for column in collations},
        int(row["lineage"]),
    )
