"""Loading of an application's relations from PostgreSQL's catalog."""
# ruff: noqa: S608 - only constants are joined into SQL

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Final

from fraiseql.catalog.picture import Catalog, Column, Relation
from fraiseql.database import Pool, Record
from fraiseql.sql_files import load_sql
from fraiseql.sql_names import op, ty

_SQL: Final = load_sql(__name__)

# The only statement that uses the search path of the application.
_VISIBLE: Final = f"""
SELECT pg_catalog.array_agg(c.oid) AS oids,
  pg_catalog.array_agg(c.relname::{ty("text")}) AS names
FROM pg_catalog.pg_class c
JOIN pg_catalog.pg_namespace n ON n.oid {op("=")} c.relnamespace
WHERE c.relkind {op("=")} ANY ('{{r,v,m,f,p}}'::pg_catalog."char"[])
  AND (n.nspname {op("<>")} ALL ('{{pg_catalog,information_schema}}'::pg_catalog.name[])
    OR c.relname::{ty("text")} {op("=")} ANY ($1::pg_catalog.text[]))
  AND pg_catalog.pg_table_is_visible(c.oid)
"""

_BATCH: Final = 100
"""Relations whose columns are read at a time: requests are answered between two batches."""

_CHECKS_INPUT: Final = 160_000
"""First server with ``pg_input_is_valid``."""

_TABLES: Final = frozenset({"table", "partitioned table"})


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
    row = (await pool.fetch_bytes(_VISIBLE, [requested]))[0]
    visible = dict(zip(row["names"] or (), row["oids"] or (), strict=True))
    oids = await _oids(pool, requested, visible)
    relations = await _relations(pool, sorted(set(oids.values())))
    by_name = {name: relations[oid] for name, oid in oids.items() if oid in relations}
    return Catalog(by_name, tuple(sorted(visible)), pool.server_version)


async def _oids(pool: Pool, requested: Sequence[str], visible: Mapping[str, int]) -> dict[str, int]:
    """Return the relations of the requested names that exist, in the order of the names."""
    # A visible relation called "a.b" wins over relation b of schema a.
    hidden = [name for name in requested if name not in visible]
    places = [(name, place) for name in hidden for place in _points(name)]
    qualified: dict[str, int] = {}
    if places:
        schemas = [name[:place] for name, place in places]
        names = [name[place + 1 :] for name, place in places]
        rows = await pool.inspect(_SQL["qualified"].text, [schemas, names])
        qualified = {row["name"]: row["oid"] for row in rows}
    oids = {name: visible.get(name, qualified.get(name)) for name in requested}
    return {name: oid for name, oid in oids.items() if oid is not None}


def _points(name: str) -> list[int]:
    return [place for place, letter in enumerate(name) if letter == "."]


async def _relations(pool: Pool, oids: Sequence[int]) -> dict[int, Relation]:
    relations: dict[int, Relation] = {}
    types: dict[int, Record] = {}
    for start in range(0, len(oids), _BATCH):
        batch = [oids[start : start + _BATCH]]
        rows = await pool.inspect(_SQL["relations"].text, batch)
        columns = await pool.inspect(_SQL["columns"].text, batch)
        await _add_types(pool, types, {column["type"] for column in columns})
        relations |= _described(rows, columns, types, pool.server_version >= _CHECKS_INPUT)
    return relations


async def _add_types(pool: Pool, types: dict[int, Record], needed: Collection[int]) -> None:
    missing = [oid for oid in needed if oid not in types]
    if missing:
        for row in await pool.inspect(_SQL["types"].text, [missing]):
            types[row["oid"]] = row


def _described(
    rows: Iterable[Record], columns: Iterable[Record], types: Mapping[int, Record], checks: bool
) -> dict[int, Relation]:
    of_relation: dict[int, dict[int, Record]] = defaultdict(dict)
    for column in columns:
        if column["type"] in types:
            of_relation[column["attrelid"]][column["attnum"]] = column
    return {row["oid"]: _relation(row, of_relation[row["oid"]], types, checks) for row in rows}


def _relation(
    row: Record, columns: Mapping[int, Record], types: Mapping[int, Record], checks: bool
) -> Relation:
    # The null side of an outer join has nulls of domains that are NOT NULL.
    table = row["kind"] in _TABLES
    made = {
        column["name"]: _column(column, types[column["type"]], table, checks)
        for column in columns.values()
    }
    key = tuple(columns[number]["name"] for number in row["key"])
    return Relation(row["schema"], row["name"], row["kind"], made, key)


def _column(row: Record, type_: Record, table: bool, checks: bool) -> Column:
    return Column(
        row["name"],
        row["type_name"],
        type_["base_type"],
        not (row["required"] or (table and type_["required"])),
        type_["base_sql"],
        type_["order"],
        row["deterministic"],
        checks=checks,
        operators=type_["operators"],
    )
