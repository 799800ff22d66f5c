"""Result caches of one application, in one process."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Sequence
from contextlib import suppress
from functools import partial
from typing import Any, Final, Protocol
from weakref import WeakKeyDictionary, WeakSet

from fraiseql.caching.results.admin.privileges import advice, missing_privileges
from fraiseql.caching.results.cached_field import CachedField, FieldDependencies
from fraiseql.caching.results.checks import FreshnessChecks
from fraiseql.caching.results.declared import caches_of, has_caches, is_recorded
from fraiseql.caching.results.dependency_cache import DependencyCache
from fraiseql.caching.results.load_dependencies import CacheDependencies, load_cache_dependencies
from fraiseql.caching.results.memory import Memory, RememberedValue, memory_bytes
from fraiseql.caching.results.metrics import Metrics
from fraiseql.caching.results.namespace import CacheNamespace, load_namespace
from fraiseql.caching.results.native_hits import NativeHits
from fraiseql.caching.results.readers import Readers
from fraiseql.caching.results.recorded_dependencies import NOT_APPLIED, Unavailable
from fraiseql.caching.results.recorded_field import RecordedField
from fraiseql.caching.results.refusals import cache_refusals
from fraiseql.caching.results.runtime import CacheRuntime
from fraiseql.caching.results.stats import FLUSH_INTERVAL, StatsWriter
from fraiseql.caching.results.stores.definitions_check import DefinitionsCheck
from fraiseql.caching.results.stores.failsafe import FailsafeStore
from fraiseql.caching.results.stores.pool import open_check_pool
from fraiseql.caching.results.stores.registry import StoreRegistry
from fraiseql.caching.results.stores.transient_errors import error_kind
from fraiseql.catalog.picture import quote
from fraiseql.database import Pool
from fraiseql.database.origin import NEEDED
from fraiseql.database.writing import server_message
from fraiseql.errors import DatabaseUnavailable, DeclarationError, FraiseQLError
from fraiseql.events import logger
from fraiseql.results import CacheableField, CacheResult, FieldCache
from fraiseql.schema import Schema
from fraiseql.schema.cache import Cache
from fraiseql.schema.definitions import QueryDefinition
from fraiseql.settings import Settings

_MAX_MANUAL: Final = 1_000
"""Manual caches whose dependencies are remembered."""

_INSTALLED: Final = """\
SELECT to_regclass('fraiseql.changes') IS NOT NULL
  AND to_regprocedure('fraiseql.result_shape(oid[])') IS NOT NULL AS installed,
  current_user::text AS role,
  ARRAY(SELECT f FROM unnest($1::text[]) AS f
    WHERE NOT has_function_privilege(f, 'EXECUTE')) AS missing"""


class CreateTables(Protocol):
    """Creates the tables that no declaration asks for, and has writes logged."""

    def __call__(self, pool: Pool, logged: Sequence[str] = ()) -> Awaitable[None]:
        """Create what does not exist.

        Args:
            pool: Connections of a role that may create them.
            logged: Quoted names of tables whose writes are logged from now on.
        """


_NOT_ALLOWED: Final = "not_allowed"

_started: Final[WeakKeyDictionary[Pool, "ResultCaches"]] = WeakKeyDictionary()


class ResultCaches:
    """Stores results as declared; see ``fraiseql.results.Results``.

    Args:
        settings: The application's settings.
        create_tables: Creates the tables that no declaration asks for, unless they exist.

    Attributes:
        counters: Counters of this process.
        stats: Writes them to the database.
        stores: Stores and the connections that they share.
        runtime: State that all cached fields share.
        native: Hits of the native server; None for none.
    """

    def __init__(self, settings: Settings, create_tables: CreateTables) -> None:
        self._settings = settings
        self._create_tables = create_tables
        self.counters = Metrics()
        self.stats = StatsWriter(self.counters)
        self._fields: WeakSet[CachedField] = WeakSet()
        self._reads: Pool | None = None
        self._installed = self._allowed = False
        self._logged: set[str] = set()
        self._flushing: asyncio.Task[None] | None = None
        self.native: NativeHits | None = None
        self._begin()

    def _begin(self) -> None:
        settings = self._settings
        self.stores = StoreRegistry(settings)
        self.runtime = CacheRuntime(
            self.counters,
            settings.request_timeout,
            settings.cache_max_entry_bytes,
            Memory(memory_bytes(settings, shared=self.native is not None)),
            FreshnessChecks(partial(open_check_pool, settings), settings.check_interval),
            self.stores.pool,
        )
        self._failsafe: dict[str, FailsafeStore] = {}
        self._dependencies = DependencyCache()
        self._namespace: CacheNamespace | None = None
        self._namespace_lock = asyncio.Lock()
        self._readers = Readers(lambda: self._reads)
        self._tables_lock = asyncio.Lock()
        self._has_tables = False
        self._log_tried: set[str] = set()
        self._manual: OrderedDict[tuple[str, Cache, object], FieldCache] = OrderedDict()

    # Lifetime.

    async def start(self, schema: Schema, pool: Pool) -> None:
        """Prepare the caches.

        Raises:
            DeclarationError: A declared cache cannot work; the message says why.
            ConfigurationError: A store cannot be used with these settings.
            DatabaseError: The database cannot be reached.
        """
        self._begin()
        self._reads = pool
        pool.on_replaced = self._reset_namespace
        _started[pool] = self
        if not self._settings.cache or not has_caches(schema):
            return
        refused = await cache_refusals(schema, pool)
        if refused:
            raise DeclarationError("\n".join(map(str, refused)), code=refused[0].code)
        for name in sorted({cache.store for cache in caches_of(schema)}):
            await self.stores.open(name)
        await self._check_installation(pool)
        if not self._installed:
            self._warn(
                "Results are cached as soon as `fraiseql db apply` has run with this application;"
                " until then every answer is computed."
            )
        self._start_flushing()

    async def stop(self) -> None:
        """Flush pending writes and close connections."""
        flushing, self._flushing = self._flushing, None
        if self.native is not None:
            self.native.stop()
        if flushing is not None:
            flushing.cancel()
            await asyncio.wait([flushing])
            await self.runtime.background.finish()
            await self._flush()
        await self.runtime.background.finish()
        await self.runtime.checks.close()
        await self.stores.close()
        pool, self._reads = self._reads, None
        if pool is not None:
            pool.on_replaced = None
            _started.pop(pool, None)

    async def refresh(self) -> None:
        """Reload the dependencies of the declarations from the database."""
        if self._reads is None or not self._settings.cache:
            return
        await self._check_installation(self._reads)
        origin, namespace = await self._reads.check(), self._namespace
        if namespace is not None and not namespace.origin.same_settings(origin):
            self._reset_namespace()
        self._dependencies.clear()
        for cached in tuple(self._fields):
            cached.retry()

    def replanned(self) -> None:
        """Have the native server give none of the present responses again."""
        if self.native is not None:
            self.native.forget()

    # Caches of fields.

    def field_cache(self, field: CacheableField) -> FieldCache | None:
        """Return the cache of a field; None where caching is switched off."""
        return self._cache_of(field) if self._settings.cache else None

    def confirm(
        self, values: Sequence[RememberedValue[DefinitionsCheck]]
    ) -> Awaitable[list[CacheResult] | None]:
        """Return the hits of values in memory, counted, after one freshness check for all.

        None where any of them may have changed.
        """
        return self.runtime.confirm(values)

    async def manual_cache(self, query: str, cache: Cache, code: object) -> FieldCache | None:
        """Return the cache of results under a program's own keys; None where it is switched off.

        Args:
            query: Kind of result.
            cache: How results are cached.
            code: The code that computes them, whose reads are recorded.
        """
        if not self._settings.cache:
            return None
        if not self._has_tables:
            await self.ensure_tables()
        key = (query, cache, code)
        cached = self._manual.get(key)
        if cached is None:
            cached = self._cache_of(manual_field(query, cache, self._settings.code_version))
            self._manual[key] = cached
            if len(self._manual) > _MAX_MANUAL:
                self._manual.popitem(last=False)
        self._manual.move_to_end(key)
        return cached

    async def ensure_tables(self) -> None:
        """Create the tables that no declaration asks for; tried once."""
        async with self._tables_lock:
            if not self._has_tables and self._reads is not None:
                await self._try_create_tables(self._reads)
                self._has_tables = True
        self._start_flushing()

    async def _try_create_tables(self, reads: Pool) -> None:
        try:
            await self._create_tables(await self.stores.pool())
            await self._check_installation(reads)
        except FraiseQLError as error:
            self._warn(
                "The tables of result caches cannot be created, so results under your own keys are"
                f" computed: {server_message(error)}"
            )

    def metrics(self) -> Sequence[str]:
        """Return the lines of ``/metrics``, in the text format of Prometheus."""
        totals = (0, 0, 0, 0) if self.native is None else self.native.totals()
        return [*self.counters.lines(), *self.runtime.lines(totals)]

    def store(self, name: str) -> FailsafeStore:
        """Return a store whose errors never fail a request."""
        store = self._failsafe.get(name)
        if store is None:
            open_store = partial(self.stores.open, name)
            store = self._failsafe[name] = FailsafeStore(name, open_store, self.counters)
        return store

    async def namespace(self) -> CacheNamespace:
        """Return the database, role and settings that answers are read under.

        Raises:
            DatabaseError: The database cannot be reached.
        """
        async with self._namespace_lock:
            namespace = self._namespace
            if namespace is None:
                namespace = self._namespace = await load_namespace(self._pool())
                (await self.stores.pool()).replace_all()
        return namespace

    def _reset_namespace(self) -> None:
        """Load settings again, on new connections; fields that do so all the time back off."""
        self.replanned()
        if self._namespace_lock.locked():
            return
        self._namespace = None
        for cached in tuple(self._fields):
            cached.reload()

    def _cache_of(self, field: CacheableField) -> FieldCache:
        if is_recorded(field.definition, field.cache):
            return RecordedField(self.runtime, field, self._cached, self._pool)
        return self._cached(field)

    def _cached(self, field: CacheableField) -> CachedField:
        dependencies = FieldDependencies(
            runtime=self.runtime,
            store=self.store(field.cache.store),
            namespace=self.namespace,
            load=self._load,
            outdated=self._dependencies.drop,
            readers=self._readers,
            settings_changed=self._reset_namespace,
        )
        cached = CachedField(dependencies, field)
        self._fields.add(cached)
        return cached

    async def _load(self, field: CacheableField) -> CacheDependencies | str:
        pool = self._pool()
        if not self._installed:
            return NOT_APPLIED
        if not self._allowed:
            return _NOT_ALLOWED
        shared = self._dependencies.get(field)
        if shared is not None:
            return shared
        dependencies = await load_cache_dependencies(pool, field)
        if field.definition.function is manual_field and await self._log_writes(dependencies):
            dependencies = await load_cache_dependencies(pool, field)
        if isinstance(dependencies, str):
            self._log_uncached(field, dependencies)
        else:
            self._dependencies.put(field, dependencies)
        return dependencies

    async def _log_writes(self, reason: object) -> bool:
        """Have the writes of tables logged that a program's own value reads; whether they are.

        No declaration names them, so this takes the place of ``fraiseql db apply``; tried once.
        """
        tables = reason.unlogged if isinstance(reason, Unavailable) else ()
        if not tables or not self._log_tried.isdisjoint(tables):
            return False
        self._log_tried.update(tables)
        try:
            async with self._tables_lock:
                await self._create_tables(await self.stores.pool(), tables)
        except FraiseQLError as error:
            self._warn(f"Writes of {', '.join(tables)} are not logged: {server_message(error)}")
            return False
        return True

    def _pool(self) -> Pool:
        if self._reads is None:
            raise DatabaseUnavailable("The application is not started.")
        return self._reads

    def _log_uncached(self, field: CacheableField, reason: str) -> None:
        name = field.definition.graphql_name
        if isinstance(reason, Unavailable):
            limited = field.cache.ttl is not None or field.cache.stale is not None
            how = "limited by time only" if limited else "computed and not cached"
            self._warn(f"Answers of {name} are {how}: {reason.why}")
            return
        hint = " Run `fraiseql db apply`." if reason == NOT_APPLIED else ""
        if hint and field.definition.function is manual_field:
            hint = " Its tags name a relation that no applied query with `cache=` reads."
        self._warn(f"Answers of {name} are computed and not cached: {reason}.{hint}")

    def _warn(self, text: str) -> None:
        if text not in self._logged:
            self._logged.add(text)
            logger.warning(text)

    async def _check_installation(self, pool: Pool) -> None:
        """Check that the tables exist and that the role may use them."""
        rows: Any = await pool.inspect(_INSTALLED, [NEEDED])
        self._installed = bool(rows[0]["installed"])
        if self._installed:
            missing = await missing_privileges(pool.inspect)
            self._allowed = all(privilege.purpose != "answers" for privilege in missing)
            if missing:
                self._warn(advice(rows[0]["role"], missing))
            if rows[0]["missing"]:
                self._allowed = False
                self._warn(_unknown_server(rows[0]["role"], rows[0]["missing"]))

    # Statistics.

    def _start_flushing(self) -> None:
        if self._flushing is None:
            self._flushing = asyncio.get_running_loop().create_task(self._flush_always())

    async def _flush_always(self) -> None:
        while True:
            await asyncio.sleep(FLUSH_INTERVAL)
            await self._flush()

    async def _flush(self) -> None:
        with suppress(DatabaseUnavailable):
            pool = await self.stores.pool()
            try:
                await self.stats.flush(pool.inspect)
            except FraiseQLError as error:
                self._warn(f"Statistics of result caches cannot be written: {error_kind(error)}")


def _unknown_server(role: str, functions: Sequence[str]) -> str:
    names = ", ".join(functions)
    return (
        f"The role {role} may not ask which server its connections lead to, so no answer is stored:"
        f" GRANT EXECUTE ON FUNCTION {names} TO {quote(role)}."
    )


def manual_field(query: str, cache: Cache, code_version: str = "") -> CacheableField:
    """Return the field that represents results under a program's own keys."""
    definition = QueryDefinition(query, query, Any, function=manual_field, takes_info=False)
    return CacheableField(definition, cache, code_version.encode(), ("key",), ())


def started_caches(pool: Pool) -> ResultCaches | None:
    """Return the caches of the application that reads with a pool; None where it has none."""
    return _started.get(pool)
