"""Environment of tests of caches: the framework's objects, and what declarations need."""

from collections.abc import Sequence
from typing import Final

import asyncpg

from fraiseql.caching.changes.floor import floor_object
from fraiseql.caching.changes.log import log_objects, trigger_object
from fraiseql.caching.changes.state import state_object
from fraiseql.caching.ddl.apply import apply
from fraiseql.caching.ddl.desired_state import load_desired_state
from fraiseql.caching.ddl.plan import MigrationPlan
from fraiseql.caching.dependencies.fingerprint import shape_objects
from fraiseql.caching.objects import DatabaseObject
from fraiseql.caching.results.sql.objects import TableStoreName, common_objects, store_objects
from fraiseql.database import open_pool
from fraiseql.database.writing import open_admin
from fraiseql.schema import Schema
from fraiseql.settings import Settings

TABLE_STORES: Final[Sequence[TableStoreName]] = ("unlogged", "logged")


def cache_objects(stores: Sequence[TableStoreName] = TABLE_STORES) -> tuple[DatabaseObject, ...]:
    """Return everything that result caches need, with the tables of stores."""
    return (
        *log_objects(),
        state_object(),
        floor_object(),
        *shape_objects(),
        *common_objects(),
        *(object_ for store in stores for object_ in store_objects(store)),
    )


async def create_cache_objects(
    connection: asyncpg.Connection, stores: Sequence[TableStoreName] = TABLE_STORES
) -> None:
    """Create the schema ``fraiseql`` and everything in it that result caches need."""
    statements = [statement for object_ in cache_objects(stores) for statement in object_.create]
    await connection.execute(";\n".join(("CREATE SCHEMA fraiseql", *statements)))


async def log_writes(connection: asyncpg.Connection, *tables: str) -> None:
    """Have the writes of tables logged."""
    statements = [text for table in tables for text in trigger_object(table, "SELECT").create]
    await connection.execute(";\n".join(statements))


async def apply_schema(url: str, schema: Schema) -> MigrationPlan:
    """Apply declarations, of which none is refused, as ``fraiseql db apply`` does."""
    pool = await open_pool(url, Settings())
    try:
        desired = await load_desired_state(schema, pool)
        assert desired.refusals == (), desired.refusals
        async with open_admin(pool) as writer:
            return await apply(writer, desired)
    finally:
        await pool.close()
