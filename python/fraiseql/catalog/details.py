"""Details of columns, compared with declarations at start-up."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from fraiseql.catalog.picture import Relation, quote
from fraiseql.database import Pool

_RELATIONS: Final = """
SELECT a.schema, a.name, c.oid, c.relkind IN ('r', 'p', 'f') AS is_table, ARRAY(
  SELECT (SELECT pg_catalog.string_agg(t.attname, pg_catalog.chr(1) ORDER BY t.attnum)
    FROM pg_catalog.pg_attribute t
    WHERE t.attrelid = c.oid AND t.attnum = ANY ((i.indkey::int2[])[0:i.indnkeyatts - 1]))
  FROM pg_catalog.pg_index i
  WHERE i.indrelid = c.oid AND i.indisunique AND i.indisvalid
    AND i.indpred IS NULL AND i.indexprs IS NULL) AS uniques
FROM unnest($1::text[], $2::text[]) AS a (schema, name)
JOIN pg_catalog.pg_namespace n ON n.nspname = a.schema
JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid AND c.relname = a.name
"""
_FOREIGN_KEYS: Final = """
SELECT k.conrelid, n.nspname::text AS schema, c.relname::text AS name,
  ARRAY(SELECT a.attname::text FROM pg_catalog.unnest(k.conkey) WITH ORDINALITY o (number, place)
    JOIN pg_catalog.pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = o.number
    ORDER BY o.place) AS columns,
  ARRAY(SELECT a.attname::text FROM pg_catalog.unnest(k.confkey) WITH ORDINALITY o (number, place)
    JOIN pg_catalog.pg_attribute a ON a.attrelid = k.confrelid AND a.attnum = o.number
    ORDER BY o.place) AS targets
FROM pg_catalog.pg_constraint k
JOIN pg_catalog.pg_class c ON c.oid = k.confrelid
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE k.contype = 'f' AND k.convalidated AND k.conrelid = ANY ($1::oid[])
"""
# A check of NOT NULL, of the table or of a domain, is as good as the constraint of that name.
_COLUMNS: Final = """
SELECT t.attrelid, t.attname::text AS name, t.atttypid AS type, t.atttypmod AS modifier,
  t.attnotnull AND NOT EXISTS (
    SELECT FROM pg_catalog.pg_constraint c
    WHERE c.conrelid = t.attrelid AND c.contype = 'n' AND NOT c.convalidated
      AND c.conkey = ARRAY[t.attnum])
  OR EXISTS (
    SELECT FROM pg_catalog.pg_constraint c
    WHERE c.conrelid = t.attrelid AND c.contype = 'c' AND c.convalidated
      AND c.conkey = ARRAY[t.attnum]
      AND pg_catalog.pg_get_constraintdef(c.oid)
        = pg_catalog.format('CHECK ((%I IS NOT NULL))', t.attname)) AS required
FROM pg_catalog.pg_attribute t
WHERE t.attrelid = ANY ($1::oid[]) AND t.attnum > 0 AND NOT t.attisdropped
"""
_TYPES: Final = """
WITH RECURSIVE needed (oid) AS (
  SELECT unnest($1::oid[])
  UNION
  SELECT below.oid
  FROM needed d
  JOIN pg_catalog.pg_type t ON t.oid = d.oid
  CROSS JOIN LATERAL (
    SELECT t.typbasetype AS oid WHERE t.typtype = 'd'
    UNION ALL SELECT t.typelem WHERE t.typtype = 'b' AND t.typcategory = 'A'
    UNION ALL SELECT a.atttypid FROM pg_catalog.pg_attribute a
      WHERE t.typtype = 'c' AND a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped
  ) AS below)
SELECT t.oid, t.typname::text AS name, pg_catalog.format_type(t.oid, NULL) AS sql,
  t.typtype::text AS kind, t.typtype = 'b' AND t.typcategory = 'A' AS is_array,
  t.typnamespace = 'pg_catalog'::regnamespace AS built_in,
  CASE WHEN t.typtype = 'd' THEN t.typbasetype ELSE t.typelem END AS below,
  t.typtypmod AS modifier,
  t.typnotnull OR EXISTS (
    SELECT FROM pg_catalog.pg_constraint c WHERE c.contypid = t.oid AND c.contype = 'c'
      AND pg_catalog.pg_get_constraintdef(c.oid) = 'CHECK ((VALUE IS NOT NULL))') AS required,
  ARRAY(SELECT e.enumlabel::text FROM pg_catalog.pg_enum e WHERE e.enumtypid = t.oid
    ORDER BY e.enumsortorder) AS labels,
  ARRAY(SELECT a.attname::text FROM pg_catalog.pg_attribute a
    WHERE t.typtype = 'c' AND a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped
    ORDER BY a.attnum) AS names,
  ARRAY(SELECT a.atttypid FROM pg_catalog.pg_attribute a
    WHERE t.typtype = 'c' AND a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped
    ORDER BY a.attnum) AS types
FROM needed d JOIN pg_catalog.pg_type t ON t.oid = d.oid
"""
_NUMERIC_HEADER: Final = 4


@dataclass(frozen=True, slots=True)
class ColumnType:
    """A type of PostgreSQL, after domains are resolved.

    Attributes:
        name: ``typname``: ``int4``, ``varchar``, ``mood``.
        sql: As SQL casts to it: ``integer``, ``public.mood``.
        kind: ``base``, ``array``, ``enum``, ``composite`` or ``other``, whose JSON form is unknown.
        modifier: ``atttypmod``; -1 for none.
        labels: Of an enum.
        item: Of an array.
        attributes: Of a composite type, by name.
        required: Whether a domain on the way forbids null.
    """

    name: str
    sql: str
    kind: str
    modifier: int = -1
    labels: tuple[str, ...] = ()
    item: "ColumnType | None" = None
    attributes: "Mapping[str, ColumnType]" = field(default_factory=dict)
    required: bool = False

    @property
    def digits(self) -> int | None:
        """Most digits of a ``numeric`` without a fraction; None for any other type."""
        if self.name != "numeric" or self.modifier < _NUMERIC_HEADER:
            return None
        precision, scale = divmod(self.modifier - _NUMERIC_HEADER, 1 << 16)
        return precision if scale == 0 else None


ForeignKey = tuple[str, frozenset[tuple[str, str]]]


@dataclass(frozen=True, slots=True)
class RelationDetails:
    """The catalog's facts about one relation's columns.

    Attributes:
        is_table: Whether it has constraints; a view has none.
        types: By column.
        required: Columns that constraints declare not null.
        uniques: Sets of columns with a unique index.
        foreign_keys: The other relation of each, and pairs of own and other column.
    """

    is_table: bool
    types: Mapping[str, ColumnType]
    required: frozenset[str]
    uniques: tuple[frozenset[str], ...] = ()
    foreign_keys: frozenset[ForeignKey] = frozenset()

    def unique(self, columns: Iterable[str]) -> bool:
        """Return whether ``columns`` identify at most one row; True for a view, which may."""
        chosen = set(columns)
        return not self.is_table or any(chosen >= unique for unique in self.uniques)


DetailsMap = Mapping[str, RelationDetails]
"""Details by the quoted, qualified name of the relation."""


async def load_details(pool: Pool, relations: Iterable[Relation]) -> DetailsMap:
    """Read the details of relations, in four statements.

    Raises:
        DatabaseError: The database cannot be reached or does not allow this.
    """
    by_name = {(relation.schema, relation.name): relation.sql for relation in relations}
    names = [[schema for schema, _ in by_name], [name for _, name in by_name]]
    tables = await pool.inspect(_RELATIONS, names)
    oids = [[row["oid"] for row in tables]]
    columns = await pool.inspect(_COLUMNS, oids)
    keys: dict[int, set[ForeignKey]] = defaultdict(set)
    for row in await pool.inspect(_FOREIGN_KEYS, oids):
        pairs = frozenset(zip(row["columns"], row["targets"], strict=True))
        keys[row["conrelid"]].add((f"{quote(row['schema'])}.{quote(row['name'])}", pairs))
    rows = await pool.inspect(_TYPES, [sorted({row["type"] for row in columns})])
    types = {row["oid"]: row for row in rows}
    of_table: dict[int, list[Any]] = defaultdict(list)
    for row in columns:
        of_table[row["attrelid"]].append(row)
    return {
        by_name[row["schema"], row["name"]]: replace(
            _relation(row, of_table[row["oid"]], types), foreign_keys=frozenset(keys[row["oid"]])
        )
        for row in tables
    }


def _relation(row: Any, columns: list[Any], rows: Mapping[int, Any]) -> RelationDetails:
    types = {
        column["name"]: _type(rows, column["type"], column["modifier"], frozenset())
        for column in columns
    }
    required = {column["name"] for column in columns if column["required"]}
    required |= {name for name, type_ in types.items() if type_.required}
    uniques = tuple(frozenset(text.split("\x01")) for text in row["uniques"] if text)
    return RelationDetails(row["is_table"], types, frozenset(required), uniques)


def _type(
    rows: Mapping[int, Any],
    oid: int,
    modifier: int,
    outer: frozenset[int],
    *,
    required: bool = False,
) -> ColumnType:
    row = rows[oid]
    inside = outer | {oid}
    if row["kind"] == "d":
        modifier = row["modifier"] if modifier < 0 else modifier
        held = required or row["required"]
        return _type(rows, row["below"], modifier, inside, required=held)
    attributes: dict[str, ColumnType] = {}
    # A composite type may hold arrays of itself: the inner ones are not read.
    if oid not in outer:
        pairs = zip(row["names"], row["types"], strict=True)
        attributes = {name: _type(rows, type_, -1, inside) for name, type_ in pairs}
    item = _type(rows, row["below"], modifier, inside) if row["is_array"] else None
    return ColumnType(
        row["name"],
        row["sql"],
        "other" if oid in outer else _kind(row),
        modifier,
        tuple(row["labels"]),
        item,
        attributes,
        required,
    )


def _kind(row: Any) -> str:
    if row["is_array"]:
        return "array"
    kinds = {"e": "enum", "c": "composite", "r": "base", "m": "base"}
    return kinds.get(row["kind"], "base" if row["built_in"] else "other")
