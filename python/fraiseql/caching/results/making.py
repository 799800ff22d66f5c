"""Making: the tables of a store that nothing declares, for keys that programs make themselves."""

from typing import Final

from fraiseql.caching.changes.floor import floor_object
from fraiseql.caching.changes.log import log_objects
from fraiseql.caching.changes.state import state_object
from fraiseql.caching.ddl.apply import Patience, apply
from fraiseql.caching.ddl.wanted import Wanted, in_order
from fraiseql.caching.strategies.result_cache.figures import figure_objects
from fraiseql.caching.strategies.result_cache.objects import common_objects, ring, store_objects
from fraiseql.caching.strategies.result_cache.shape import shape_objects
from fraiseql.database import Pool
from fraiseql.database.writing import open_writer

_SHORT: Final = Patience(lock_timeout=1.0, attempts=2, turn=5.0)
"""A request waits for it."""


async def has_tables(pool: Pool, store: str) -> bool:
    """Whether a store's tables are there, and what every store needs.

    Raises:
        DatabaseError: The database cannot be asked.
    """
    names = ["fraiseql.changes", "fraiseql.result_epoch"]
    if store == "unlogged":
        names.append(ring("unlogged"))
    elif store == "logged":
        names.append(ring("logged"))
    sql = "SELECT bool_and(to_regclass(n) IS NOT NULL) FROM unnest($1::text[]) AS n"
    return bool((await pool.fetch_bytes(sql, [names]))[0][0])


async def make_tables(pool: Pool, store: str) -> None:
    """Make them, as ``fraiseql db apply`` does; what it finds made that way it leaves alone.

    Raises:
        DeclarationError: Something else has the name of one.
        DatabaseError: The role may not, or the database cannot be asked.
    """
    objects = [*log_objects(), state_object(), floor_object(), *shape_objects(), *common_objects()]
    if store == "unlogged":
        objects += store_objects("unlogged")
    elif store == "logged":
        objects += store_objects("logged")
    objects += figure_objects()
    async with open_writer(pool) as writer:
        wanted = Wanted(in_order(objects))
        await apply(writer, wanted, patience=_SHORT, extending=True)
