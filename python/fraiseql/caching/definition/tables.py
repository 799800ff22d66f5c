"""Tables: what the catalog says of the tables under kept documents, beyond what serving needs."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from fraiseql.catalog.picture import Catalog, quote
from fraiseql.database import Pool

_COLUMNS = """
WITH RECURSIVE asked AS (
  SELECT c.oid, n.nspname::text AS schema, c.relname::text AS name, c.relkind::text AS kind,
    c.relispartition AS partition, pg_has_role(c.relowner, 'USAGE') AS owned,
    CASE WHEN c.relkind IN ('r', 'p') THEN (
      SELECT coalesce(sum(pg_total_relation_size(t.relid)), 0)
      FROM pg_partition_tree(c.oid) t WHERE t.isleaf)::bigint ELSE 0 END AS tree_bytes,
    CASE WHEN c.relkind = 'r' THEN pg_table_size(c.oid) ELSE 0 END AS bytes
  FROM unnest($1::text[], $2::text[]) AS a (schema, name)
  JOIN pg_namespace n ON n.nspname = a.schema
  JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = a.name),
types AS (
  SELECT t.oid AS start, t.oid FROM pg_type t
  WHERE t.oid IN (SELECT atttypid FROM pg_attribute WHERE attrelid IN (SELECT oid FROM asked))
  UNION ALL
  SELECT r.start, CASE WHEN t.typtype = 'd' THEN t.typbasetype ELSE t.typelem END
  FROM types r JOIN pg_type t ON t.oid = r.oid
  WHERE t.typtype = 'd' OR (t.typcategory = 'A' AND t.typelem <> 0 AND t.typsubscript::text =
    'array_subscript_handler')),
-- The element at the end of domains and arrays.
ends AS (
  SELECT r.start, t.typname::text AS base, t.typtype::text AS base_kind
  FROM types r JOIN pg_type t ON t.oid = r.oid
  WHERE t.typtype <> 'd'
    AND NOT (t.typcategory = 'A' AND t.typelem <> 0
      AND t.typsubscript::text = 'array_subscript_handler'))
SELECT asked.*, a.attname::text AS column, a.attgenerated::text AS generated,
  CASE WHEN tn.nspname = 'pg_catalog' THEN format_type(a.atttypid, NULL)
    ELSE format('%I.%I', tn.nspname, t.typname) END AS sql_type,
  a.attidentity = 'a' AS identity, e.base, e.base_kind,
  EXISTS (SELECT FROM types x JOIN pg_type y ON y.oid = x.oid
    WHERE x.start = a.atttypid AND y.typcategory = 'A' AND y.typelem <> 0
      AND y.typsubscript::text = 'array_subscript_handler') AS is_array
FROM asked
JOIN pg_attribute a ON a.attrelid = asked.oid AND a.attnum > 0 AND NOT a.attisdropped
JOIN pg_type t ON t.oid = a.atttypid
JOIN pg_namespace tn ON tn.oid = t.typnamespace
JOIN ends e ON e.start = a.atttypid
ORDER BY asked.schema, asked.name, a.attnum
"""


@dataclass(frozen=True, slots=True)
class TableColumn:
    """One column as a document sees it.

    Attributes:
        name: As stored in the catalog.
        sql_type: Type name that means the same under any search path.
        base: ``typname`` after domains and arrays: ``timestamptz`` for ``timestamptz[]``.
        base_kind: ``typtype`` of it: ``b`` base, ``e`` enum, ``c`` composite, ``r`` range.
        is_array: Whether values are arrays.
        generated: ``s`` or ``v`` for a generated column, else empty.
        identity: Whether it is an identity that no statement may set.
    """

    name: str
    sql_type: str
    base: str
    base_kind: str
    is_array: bool = False
    generated: str = ""
    identity: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """A relation under kept documents.

    Attributes:
        schema: Namespace.
        name: Without the schema.
        kind: ``relkind``: ``r`` table, ``p`` partitioned table, ``v`` view …
        columns: By name, in the order of the relation.
        bytes: Size of the table with its partitions, without indexes of a plain table.
        owned: Whether the connected role may alter it.
        partition: Whether it is a partition of another table.
    """

    schema: str
    name: str
    kind: str
    columns: Mapping[str, TableColumn]
    bytes: int = 0
    owned: bool = True
    partition: bool = False

    @property
    def sql(self) -> str:
        """The quoted, qualified name."""
        return f"{quote(self.schema)}.{quote(self.name)}"


async def load_tables(pool: Pool, catalog: Catalog, names: Iterable[str]) -> Mapping[str, Table]:
    """Read the facts about the relations that ``names`` stand for in ``catalog``.

    Args:
        pool: Connections to the database.
        catalog: Where the names are found.
        names: As declared; those that the catalog does not have are left out.

    Raises:
        DatabaseError: The database cannot be reached or does not allow this.
    """
    found = {name: catalog.relations[name] for name in names if name in catalog.relations}
    places = sorted({(relation.schema, relation.name) for relation in found.values()})
    args = [[schema for schema, _ in places], [name for _, name in places]]
    rows = await pool.inspect(_COLUMNS, args)
    by_place: dict[tuple[str, str], list[Mapping[str, object]]] = {place: [] for place in places}
    for row in rows:
        by_place[row["schema"], row["name"]].append(dict(row))
    tables = {place: _table(place, own) for place, own in by_place.items()}
    return {name: tables[relation.schema, relation.name] for name, relation in found.items()}


def _table(place: tuple[str, str], rows: list[Mapping[str, object]]) -> Table:
    columns = {str(row["column"]): _column(row) for row in rows}
    if not rows:
        return Table(*place, "r", columns)
    first = rows[0]
    size = int(str(first["bytes"])) or int(str(first["tree_bytes"]))
    owned, partition = bool(first["owned"]), bool(first["partition"])
    return Table(*place, str(first["kind"]), columns, size, owned, partition)


def _column(row: Mapping[str, object]) -> TableColumn:
    return TableColumn(
        str(row["column"]),
        str(row["sql_type"]),
        str(row["base"]),
        str(row["base_kind"]),
        bool(row["is_array"]),
        str(row["generated"]),
        bool(row["identity"]),
    )
