"""Published sources: where kept documents are there and of the declared version, they are read."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from fraiseql.caching.ddl.wanted import kept_types
from fraiseql.caching.declarations import GeneratedColumn
from fraiseql.caching.definition.tables import load_tables
from fraiseql.caching.strategies import generated_column
from fraiseql.caching.strategies.base import Kept, World
from fraiseql.catalog import Catalog
from fraiseql.database import Pool
from fraiseql.schema import Schema
from fraiseql.sources import Source, SourceMap, declared_relations

# The function's name ends with a digest of what it writes: a column that depends on the very
# function holds the documents that are declared now.
_APPLIED: Final = """
SELECT a.schema, a.name, a.column
FROM unnest($1::text[], $2::text[], $3::text[], $4::text[]) AS a (schema, name, "column", function)
JOIN pg_namespace n ON n.nspname = a.schema
JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = a.name
JOIN pg_attribute t ON t.attrelid = c.oid AND t.attname = a.column AND t.attgenerated = 's'
JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = t.attnum
JOIN pg_depend x ON x.classid = 'pg_attrdef'::regclass AND x.objid = d.oid
  AND x.refclassid = 'pg_proc'::regclass
JOIN pg_proc p ON p.oid = x.refobjid
JOIN pg_namespace f ON f.oid = p.pronamespace
WHERE format('"%s"."%s"', f.nspname, p.proname) = a.function
"""


async def publish(schema: Schema, catalog: Catalog, pool: Pool, live: SourceMap) -> SourceMap:
    """Return the sources of an application, reading what is kept where it is there.

    A type whose column is missing, or is of another version than is declared, is read live: the
    answer is the same.

    Args:
        schema: Everything declared.
        catalog: The relations that are declared.
        pool: Connections to the database.
        live: The sources that read everything live.

    Raises:
        DatabaseError: The database cannot be reached.
    """
    if not any(isinstance(one.stored, GeneratedColumn) for one in schema.objects.values()):
        return live
    tables = await load_tables(pool, catalog, declared_relations(schema))
    kept = [
        one
        for one in kept_types(World(schema, catalog, tables))
        if isinstance(one.stored, GeneratedColumn) and not list(generated_column.refusals(one))
    ]
    applied = await _applied(kept, pool)
    return SourceMap({**live.sources, **_kept_sources(applied, live)}, live.embedded)


async def _applied(kept: list[Kept], pool: Pool) -> list[Kept]:
    args: list[Any] = [
        [one.table.schema for one in kept],
        [one.table.name for one in kept],
        [one.stored.column for one in kept],
        [generated_column.function_of(one).name for one in kept],
    ]
    found = {tuple(row) for row in await pool.fetch_bytes(_APPLIED, args)} if kept else set()
    return [one for one in kept if (one.table.schema, one.table.name, one.stored.column) in found]


def _kept_sources(applied: list[Kept], live: SourceMap) -> Mapping[str, Source]:
    return {
        one.type_name: replace(
            live.sources[one.type_name], document=one.stored.column, mirrored=True
        )
        for one in applied
    }
