"""Stores of a deployment, for tools without an application."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from typing import Final, get_args

from fraiseql.caching.results.sql.objects import TableStoreName, ring
from fraiseql.caching.results.sql.stats import COUNTERS
from fraiseql.caching.results.stores.base import Store
from fraiseql.caching.results.stores.registry import open_store
from fraiseql.database import Pool, open_pool
from fraiseql.errors import ConfigurationError
from fraiseql.settings import Settings

_WRITABLE: Final = {"default_transaction_read_only": "off", "lock_timeout": "10s"}

_EXISTS: Final = (
    "SELECT to_regclass(n.name) IS NOT NULL AS found FROM unnest($1::text[]) AS n (name)"
)


@dataclass(frozen=True, slots=True)
class InstalledStores:
    """Stores of a deployment, and a pool to work with.

    Attributes:
        pool: Connections that may write, without a statement timeout.
        stores: Open stores; closed with the block.
        tables: Names of those that are tables of the database.
    """

    pool: Pool
    stores: tuple[Store, ...]
    tables: tuple[TableStoreName, ...]


@asynccontextmanager
async def open_installed_stores(settings: Settings) -> AsyncIterator[InstalledStores]:
    """Open every store that was applied, and Redis if the settings name one.

    Raises:
        ConfigurationError: Nothing was applied, or the address of Redis cannot be used.
        DatabaseError: The database cannot be reached.
    """
    changed = replace(settings, pool_size=max(4, settings.cache_connections), statement_timeout=0.0)
    pool = await open_pool(settings.database_url, changed, _WRITABLE)
    async with AsyncExitStack() as stack:
        stack.push_async_callback(pool.close)
        await _check_applied(pool)
        tables = await _tables(pool)
        stores = []
        for name in (*tables, *(["redis"] if settings.redis_url else [])):
            store = open_store(name, settings, pool)
            stack.push_async_callback(store.close)
            stores.append(store)
        yield InstalledStores(pool, tuple(stores), tables)


async def _check_applied(pool: Pool) -> None:
    if not (await pool.inspect(_EXISTS, [[COUNTERS]]))[0]["found"]:
        raise ConfigurationError(
            "This database has no result caches.",
            hint="Declare cache=fraiseql.Cache() on a query, and run fraiseql db apply.",
        )


async def _tables(pool: Pool) -> tuple[TableStoreName, ...]:
    names: tuple[TableStoreName, ...] = get_args(TableStoreName)
    rows = await pool.inspect(_EXISTS, [[ring(name) for name in names]])
    return tuple(name for name, row in zip(names, rows, strict=True) if row["found"])
