"""Registry of stores, and the connections that they share."""

import asyncio
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Final

from fraiseql.caching.results.stores import table_store
from fraiseql.caching.results.stores.base import Store
from fraiseql.caching.results.stores.pool import open_cache_pool
from fraiseql.database import Pool
from fraiseql.errors import ConfigurationError, DatabaseUnavailable
from fraiseql.settings import Settings

OpenStore = Callable[[str, Settings, Pool], Store]


class StoreRegistry:
    """Stores of one application; each is opened once, on first use.

    Args:
        settings: Addresses and limits.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._lock = asyncio.Lock()
        self._closed = False
        self._pool: Pool | None = None
        self._stores: dict[str, Store] = {}

    async def pool(self) -> Pool:
        """Return the caches' own connections.

        Raises:
            FraiseQLError: The address cannot be used, or the application stops.
        """
        if self._pool is None:
            async with self._lock:
                self._check_open()
                self._pool = self._pool or await open_cache_pool(self._settings)
        return self._pool

    async def open(self, name: str) -> Store:
        """Return a store.

        Raises:
            FraiseQLError: It cannot be used with these settings, or the application stops.
        """
        store = self._stores.get(name)
        if store is not None:
            return store
        pool = await self.pool()
        if name not in self._stores:
            self._check_open()
            self._stores[name] = open_store(name, self._settings, pool)
        return self._stores[name]

    async def close(self) -> None:
        """Close every connection."""
        self._closed = True
        stores, self._stores = list(self._stores.values()), {}
        for store in stores:
            await store.close()
        async with self._lock:
            pool, self._pool = self._pool, None
        if pool is not None:
            await pool.close()

    def _check_open(self) -> None:
        if self._closed:
            raise DatabaseUnavailable(
                "The result caches are closed.", hint="The application stops."
            )


def open_store(name: str, settings: Settings, pool: Pool) -> Store:
    """Open a store by the name that ``fraiseql.Cache(store=…)`` has for it.

    Raises:
        ConfigurationError: It cannot be used with these settings.
    """
    return STORES[name](name, settings, pool)


def _open_redis(name: str, settings: Settings, pool: Pool) -> Store:
    # The client is an extra, and only this store needs it.
    try:
        module = import_module("fraiseql.caching.results.stores.redis")
    except ModuleNotFoundError as error:
        # Another missing module is a fault of the installation: its traceback says more.
        if (error.name or "").partition(".")[0] != "redis":
            raise
        raise ConfigurationError(
            'store="redis" is declared, and the Redis client is not installed.',
            hint="pip install fraiseql[redis]",
        ) from error
    open_redis: OpenStore = module.open_store
    return open_redis(name, settings, pool)


STORES: Final[Mapping[str, OpenStore]] = {
    "unlogged": table_store.open_store,
    "logged": table_store.open_store,
    "redis": _open_redis,
}
"""What opens each store, by name."""
