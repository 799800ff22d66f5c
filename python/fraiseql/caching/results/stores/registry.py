"""Opening: stores and the connections that they share, when they are first asked."""

import asyncio
from importlib import import_module
from typing import Any

from fraiseql.caching.results.stores.base import Store
from fraiseql.caching.results.stores.pool import open_cache_pool
from fraiseql.caching.results.stores.secret import secret_of
from fraiseql.caching.results.stores.table_store import TableStore
from fraiseql.database import Pool
from fraiseql.errors import ConfigurationError, DatabaseUnavailable
from fraiseql.settings import Settings


class Stores:
    """The stores of one application; each is opened once.

    Args:
        settings: Addresses and limits.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._lock = asyncio.Lock()
        self._closed = False
        self._pool: Pool | None = None
        self._opened: dict[str, Any] = {}

    async def pool(self) -> Pool:
        """Return the caches' own connections.

        Raises:
            FraiseQLError: The address cannot be used, or the application stops.
        """
        if self._pool is None:
            async with self._lock:
                self._check()
                self._pool = self._pool or await open_cache_pool(self._settings)
        return self._pool

    async def open(self, name: str) -> Store:
        """Return a store.

        Raises:
            FraiseQLError: It cannot be used as the settings are, or the application stops.
        """
        found: Store | None = self._opened.get(name)
        if found is not None:
            return found
        pool = await self.pool()
        if name not in self._opened:
            self._check()
            self._opened[name] = self._made(name, pool)
        store: Store = self._opened[name]
        return store

    async def close(self) -> None:
        """End every connection."""
        self._closed = True
        stores, self._opened = list(self._opened.values()), {}
        for store in stores:
            await store.close()
        async with self._lock:
            pool, self._pool = self._pool, None
        if pool is not None:
            await pool.close()

    def _check(self) -> None:
        if self._closed:
            raise DatabaseUnavailable(
                "The result caches are closed.", hint="The application stops."
            )

    def _made(self, name: str, pool: Pool) -> Any:
        settings = self._settings
        if name == "redis":
            return open_redis(settings, pool)
        return TableStore(
            "logged" if name == "logged" else "unlogged",
            pool,
            max_bytes=settings.cache_max_bytes,
            max_entry_bytes=settings.cache_max_entry_bytes,
        )


def open_redis(settings: Settings, pool: Pool) -> Any:
    """Return the store in Redis.

    Raises:
        ConfigurationError: Its address or its client is missing, or the secret is too short.
    """
    if not settings.redis_url:
        raise ConfigurationError(
            'A result is to be kept with store="redis", and redis_url is not set.',
            hint="Set FRAISEQL_REDIS_URL=redis://host:6379/0, or declare another store.",
        )
    # The client is an extra, and only this store needs it.
    try:
        module = import_module("fraiseql.caching.results.stores.redis")
    except ModuleNotFoundError as error:
        raise ConfigurationError(
            'A result is to be kept with store="redis", and its client is not installed.',
            hint="pip install fraiseql[redis]",
        ) from error
    return module.RedisStore(
        settings.redis_url,
        pool,
        secret=secret_of(settings.cache_secret),
        max_entry_bytes=settings.cache_max_entry_bytes,
    )
