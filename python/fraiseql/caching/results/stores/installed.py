"""Stores that are there: opened by themselves, for tools that stand beside an application."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any, Final, get_args

from fraiseql.caching.results.sql.objects import TableStoreName, ring
from fraiseql.caching.results.sql.stats import FIGURES
from fraiseql.caching.results.stores.base import Store
from fraiseql.caching.results.stores.registry import open_redis
from fraiseql.caching.results.stores.table_store import TableStore
from fraiseql.database import Pool, open_pool
from fraiseql.errors import ConfigurationError
from fraiseql.settings import Settings

_WRITABLE: Final = {"default_transaction_read_only": "off", "lock_timeout": "10s"}

_THERE: Final = (
    "SELECT to_regclass(n.name) IS NOT NULL AS there FROM unnest($1::text[]) AS n (name)"
)


@dataclass(frozen=True, slots=True)
class Opened:
    """What a tool works on.

    Attributes:
        pool: One that may write, without a limit of time.
        stores: Those that are there; closed with the block.
        tables: The names of those that are tables of the database.
    """

    pool: Pool
    stores: tuple[Store, ...]
    tables: tuple[TableStoreName, ...]


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[Opened]:
    """Open every store that was applied, and the Redis of the settings.

    Raises:
        ConfigurationError: Nothing was applied, or the address of Redis cannot be used.
        DatabaseError: The database cannot be reached.
    """
    chosen = replace(settings, pool_size=max(4, settings.cache_connections), statement_timeout=0.0)
    pool = await open_pool(settings.database_url, chosen, _WRITABLE)
    redis: Any = None
    try:
        await _check(pool)
        tables = await _tables(pool)
        redis = open_redis(settings, pool) if settings.redis_url else None
        stores: list[Store] = [_table(name, pool, settings) for name in tables]
        yield Opened(pool, (*stores, *(() if redis is None else (redis,))), tables)
    finally:
        if redis is not None:
            await redis.close()
        await pool.close()


async def _check(pool: Pool) -> None:
    if not (await pool.inspect(_THERE, [[FIGURES]]))[0]["there"]:
        raise ConfigurationError(
            "This database has no result caches.",
            hint="Declare cache=fraiseql.Cache() on a query, and run fraiseql db apply.",
        )


async def _tables(pool: Pool) -> tuple[TableStoreName, ...]:
    names: tuple[TableStoreName, ...] = get_args(TableStoreName)
    rows = await pool.inspect(_THERE, [[ring(name) for name in names]])
    return tuple(name for name, row in zip(names, rows, strict=True) if row["there"])


def _table(name: TableStoreName, pool: Pool, settings: Settings) -> Store:
    return TableStore(
        name,
        pool,
        max_bytes=settings.cache_max_bytes,
        max_entry_bytes=settings.cache_max_entry_bytes,
    )
