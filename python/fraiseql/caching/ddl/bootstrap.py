"""Create the result cache tables and triggers that no declaration asks for."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final, get_args

from fraiseql.caching.changes.floor import floor_object
from fraiseql.caching.changes.log import log_objects, trigger_object
from fraiseql.caching.changes.state import state_object
from fraiseql.caching.ddl.apply import UNDECLARED, LockRetry, apply
from fraiseql.caching.ddl.desired_state import DesiredState, in_order
from fraiseql.caching.dependencies.fingerprint import shape_objects
from fraiseql.caching.dependencies.view_age import unknown_since
from fraiseql.caching.objects import DatabaseObject
from fraiseql.caching.results.sql.objects import (
    TableStoreName,
    common_objects,
    store_objects,
)
from fraiseql.caching.results.sql.stats import stats_objects
from fraiseql.caching.results.sql.views import view_objects
from fraiseql.database import Pool
from fraiseql.database.writing import open_admin

_SHORT: Final = LockRetry(lock_timeout=1.0, attempts=2, turn=5.0)
"""A request waits for it."""


async def create_missing_tables(pool: Pool, logged: Sequence[str] = ()) -> None:
    """Create the tables for results under a program's own keys, unless they exist.

    Args:
        pool: Connections of a role that may create them.
        logged: Quoted names of tables whose writes are logged from now on.

    Raises:
        DeclarationError: Something else has the name of one.
        DatabaseError: The role may not create them, or the database cannot be reached.
    """
    if not await _has_tables(pool):
        await _create(pool, _objects())
    if logged:
        await _create(pool, [trigger_object(table, unknown_since(table)) for table in logged])


async def _create(pool: Pool, objects: Sequence[DatabaseObject]) -> None:
    desired = in_order([replace(obj, owner=UNDECLARED) for obj in objects])
    async with open_admin(pool) as writer:
        await apply(writer, DesiredState(desired), patience=_SHORT, extending=True)


async def _has_tables(pool: Pool) -> bool:
    names = [obj.name for obj in _objects() if obj.kind in ("table", "view")]
    sql = "SELECT bool_and(to_regclass(n) IS NOT NULL) FROM unnest($1::text[]) AS n"
    return bool((await pool.inspect(sql, [names]))[0][0])


def _objects() -> list[DatabaseObject]:
    """Return the objects of both stores, as a declaration of any cache wants them too."""
    stores: tuple[TableStoreName, ...] = get_args(TableStoreName)
    objects = [*log_objects(), state_object(), floor_object(), *shape_objects(), *common_objects()]
    for store in stores:
        objects += store_objects(store)
    return [*objects, *stats_objects(), *view_objects(stores)]
