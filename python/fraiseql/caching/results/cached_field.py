"""One field of an application's operations with its cache."""

import asyncio
import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from time import monotonic
from typing import Final

from fraiseql.caching.dependencies.privileges import Reader, joined_digest
from fraiseql.caching.results.backoff import Backoff
from fraiseql.caching.results.fill import fill
from fraiseql.caching.results.keys import Keys, UncacheableValue
from fraiseql.caching.results.load_dependencies import CacheDependencies
from fraiseql.caching.results.memory import RememberedValue
from fraiseql.caching.results.namespace import CacheNamespace
from fraiseql.caching.results.readers import Readers
from fraiseql.caching.results.runtime import CacheRuntime
from fraiseql.caching.results.stores.base import Lookup
from fraiseql.caching.results.stores.definitions_check import DefinitionsCheck
from fraiseql.caching.results.stores.failsafe import FailsafeStore
from fraiseql.caching.results.stores.request import CacheRequest
from fraiseql.database import unobserved, watched_writes
from fraiseql.errors import FraiseQLError
from fraiseql.events import logger
from fraiseql.results import CacheableField, CacheResult, Compute, ComputedValue, FieldRequest
from fraiseql.schema.cache import seconds

_SOON: Final = 1.0
"""Seconds after which another change of definitions is unremarkable."""

_MAX_RELOADS: Final = 5
"""Changes in quick succession after which the field backs off."""

_MAX_ROLES: Final = 1_000

_ETAG: Final = re.compile("[0-9a-f]{32}")


@dataclass(frozen=True, slots=True)
class FieldDependencies:
    """Services of the application that a cached field needs.

    Attributes:
        runtime: Shared state of the process.
        store: Store of the values.
        namespace: Returns the database, role and settings that answers are read under.
        load: Loads a field's dependencies, or returns in one word why it cannot be cached now.
        outdated: Called when a field's dependencies are out of date.
        readers: Roles that decide the access of requests.
        settings_changed: Called when connections begin with other settings.
    """

    runtime: CacheRuntime
    store: FailsafeStore
    namespace: Callable[[], Awaitable[CacheNamespace]]
    load: Callable[[CacheableField], Awaitable[CacheDependencies | str]]
    outdated: Callable[[CacheableField, CacheDependencies], None]
    readers: Readers
    settings_changed: Callable[[], None]


@dataclass(frozen=True, slots=True)
class _ReaderView:
    """The part of a loaded field that depends on the roles of a request.

    Attributes:
        lookup: What to look up.
        roles_digest: Digest of the reader's roles and of the owners of the relations.
        definitions: Check of the definitions behind exact values in memory; None for no memory.
    """

    lookup: Lookup
    roles_digest: int
    definitions: DefinitionsCheck | None


@dataclass(frozen=True, slots=True)
class _LoadedField:
    """A field with its dependencies."""

    dependencies: CacheDependencies
    namespace: CacheNamespace
    keys: Keys
    lookup: Lookup
    session: bool
    ttl: float | None
    stale: float
    runtime: CacheRuntime
    exact: bool
    _views: dict[str | None, _ReaderView] = field(default_factory=dict)

    def view(self, reader: Reader) -> _ReaderView:
        """Return the part that depends on the roles of a request."""
        cached = self._views.get(reader.role)
        if cached is not None and cached.lookup.reader is reader:
            return cached
        if len(self._views) >= _MAX_ROLES:
            self._views.clear()
        needed = self.dependencies.dependencies
        digest = joined_digest(reader.roles, needed.owners) ^ needed.database_owner
        lookup = replace(self.lookup, reader=reader)
        view = _ReaderView(lookup, digest, self._definitions(lookup, digest))
        self._views[reader.role] = view
        return view

    def _definitions(self, lookup: Lookup, roles_digest: int) -> DefinitionsCheck | None:
        runtime = self.runtime
        if not self.exact or not runtime.memory.max_bytes:
            return None
        return runtime.definitions_check(
            lookup, roles_digest, self.namespace, sessions=self.session
        )


class CachedField:
    """Answers one field from its store, or computes it; see ``fraiseql.results.FieldCache``.

    Args:
        application: Services of the application.
        definition: The field.
    """

    def __init__(self, application: FieldDependencies, definition: CacheableField) -> None:
        cache = definition.cache
        self._application = application
        self._field = definition
        self._python = definition.definition.function is not None
        # Python functions may read anything of a request, its session variables included.
        self._personal = self._python or bool(definition.functions)
        self._of_request = any(name.split(".")[0] == "request" for name in cache.vary)
        self._query = definition.definition.graphql_name
        self._ttl = None if cache.ttl is None else seconds("ttl", cache.ttl)
        self._stale = None if cache.stale is None else seconds("stale", cache.stale)
        self._backoff = Backoff()
        self._loading = asyncio.Lock()
        self._loaded: _LoadedField | None = None
        self._reason = ""
        self._loaded_at = -_SOON
        self._reloads = 0
        self._logged_value = False
        self._logged_reads: set[str] = set()

    @property
    def max_age(self) -> float:
        """Seconds for which a client may reuse a value without asking; 0 for none."""
        return self._stale or 0.0

    @property
    def private(self) -> bool:
        """Whether a value is for one client only."""
        loaded = self._loaded
        return loaded is None or loaded.session or bool(self._field.cache.vary)

    def reload(self) -> None:
        """Load the dependencies again before the next answer."""
        if self._loaded is not None:
            self._application.outdated(self._field, self._loaded.dependencies)
        self._loaded = None
        quick = monotonic() - self._loaded_at < _SOON
        self._reloads = self._reloads + 1 if quick else 0
        if self._reloads >= _MAX_RELOADS:
            # Something changes all the time: do not reload for every request.
            self._reloads, self._reason = 0, "redefined"
            self._backoff.failed()

    def retry(self) -> None:
        """Try again at once what could not be loaded."""
        if self._loaded is None:
            self._backoff.succeeded()

    def remembered(self, request: FieldRequest) -> RememberedValue[DefinitionsCheck] | None:
        """Return the exact value in memory, to be confirmed, or None."""
        loaded, reader = self._loaded, self._application.readers.get(request.identity.role)
        definitions = None if loaded is None or reader is None else loaded.view(reader).definitions
        if loaded is None or definitions is None:
            return None
        try:
            key = loaded.keys.key(request)
        except UncacheableValue:
            return None
        value = self._application.runtime.remembered(self._query, key, definitions)
        if value is not None:
            value.of_request = self._of_request
        return value

    async def answer(self, request: FieldRequest, compute: Compute) -> CacheResult:
        """Answer from the cache, or with ``compute``.

        Raises:
            Whatever ``compute`` raises; errors of the cache itself never fail a request.
        """
        runtime = self._application.runtime
        if self._personal:
            compute = partial(self._compute_checked, compute)
        loaded = self._loaded or await self._load_once()
        if isinstance(loaded, str):
            return await runtime.compute_uncached(self._query, compute, loaded)
        try:
            key = loaded.keys.key(request)
        except UncacheableValue as error:
            self._log_value(error)
            return await runtime.compute_uncached(self._query, compute, "uncacheable_value")
        role = request.identity.role
        reader = self._application.readers.get(role) or await self._load_reader(role)
        if reader is None:
            return await runtime.compute_uncached(self._query, compute, "failed")
        etags = [etag for etag in request.etags if _ETAG.fullmatch(etag)]
        view = loaded.view(reader)
        if view.definitions is not None:
            remembered = runtime.remembered(self._query, key, view.definitions)
            hits = None if remembered is None else await runtime.confirm((remembered,))
            if hits is not None:
                return hits[0].for_client(etags)
        elif loaded.stale:
            hit = runtime.from_memory(self._query, key, loaded.stale, etags)
            if hit is not None:
                return hit
        cache_request = self._request(loaded, request, key, view)
        return await fill(runtime, self._application.store, cache_request, etags, compute)

    async def _load_reader(self, role: str | None) -> Reader | None:
        """Load the roles that decide a request's access; None where that fails."""
        try:
            return await self._application.readers.load(role)
        except FraiseQLError as error:
            self._application.store.failed(error, self._query, self._backoff)
            return None

    def definitions_changed(self) -> None:
        """Load the dependencies again before the next answer."""
        self.reload()

    def roles_changed(self, role: str | None) -> None:
        """Load the roles of requests with ``role`` again, and the dependencies."""
        self._application.readers.drop(role)
        self.reload()

    def settings_changed(self) -> None:
        """Replace connections, and load the settings again that they begin with."""
        self._application.settings_changed()

    def _request(
        self, loaded: _LoadedField, request: FieldRequest, key: bytes, view: _ReaderView
    ) -> CacheRequest:
        return CacheRequest(
            key=key,
            query=self._query,
            lookup=view.lookup,
            tags=lambda: loaded.dependencies.tags(request.arguments()),
            ttl=loaded.ttl,
            stale=loaded.stale,
            timed=loaded.dependencies.timed,
            backoff=self._backoff,
            freshness=self._field.freshness,
            namespace=loaded.namespace,
            sessions=loaded.session,
            roles_digest=view.roles_digest,
            definitions=view.definitions,
            listener=self,
        )

    async def _load_once(self) -> _LoadedField | str:
        """Load the dependencies, once for all concurrent requests."""
        if self._backoff.active:
            return self._reason
        async with self._loading:
            if self._loaded is None and not self._backoff.active:
                # A resolver whose reads are recorded may have asked for this value.
                with unobserved():
                    self._reason = await self._load()
            return self._loaded or self._reason

    async def unavailable(self) -> str:
        """Return in one word why the dependencies cannot be loaded now; empty where they are."""
        loaded = self._loaded or await self._load_once()
        return loaded if isinstance(loaded, str) else ""

    async def _load(self) -> str:
        """Load the dependencies; return in one word why the field is not cached, or nothing."""
        try:
            dependencies = await self._application.load(self._field)
            if isinstance(dependencies, str):
                self._backoff.failed()
                return dependencies
            self._loaded = await self._load_with(dependencies)
        except Exception as error:  # noqa: BLE001 - an outermost gate: the answer is computed
            self._application.store.failed(error, self._query, self._backoff)
            return "failed"
        self._loaded_at = monotonic()
        return ""

    async def _load_with(self, loaded: CacheDependencies) -> _LoadedField:
        dependencies, timed = loaded.dependencies, loaded.timed
        session = dependencies.session or self._personal
        # Even where no table is read: a Python function may read this database, and a store may be
        # shared with other databases.
        namespace = await self._application.namespace()
        keys = Keys(
            namespace.key(sessions=session), self._field, sessions=session, meaning=loaded.meaning
        )
        freshness = self._field.freshness
        # A timed value must disappear at once when a label invalidates it.
        stale = 0.0 if timed else self._stale or 0.0
        lookup = Lookup(dependencies, stale, None if freshness is None else freshness.age)
        # For a timed value, each of ttl and stale implies the other.
        ttl = self._stale if timed and self._ttl is None else self._ttl
        allowed_lag = self._stale or (self._ttl if timed else None) or 0.0
        # A value that only time limits, or of a source that may be stale, is not exact.
        exact = bool(dependencies.relations) and not (
            allowed_lag or timed or dependencies.clock or freshness
        )
        runtime = self._application.runtime
        return _LoadedField(
            loaded, namespace, keys, lookup, session, ttl, allowed_lag, runtime, exact
        )

    async def _compute_checked(self, compute: Compute) -> ComputedValue:
        """Compute; back off where Python code read more than the key contains."""
        computed = await compute_without_writes(compute)
        if computed.unvaried:
            self._log_reads(computed.unvaried)
            # Otherwise requests would wait for each other, for nothing.
            self._loaded, self._reason = None, "unvaried"
            self._backoff.failed()
        return computed

    def _log_reads(self, names: Sequence[str]) -> None:
        new = [name for name in names if name not in self._logged_reads]
        if new:
            self._logged_reads.update(new)
            logger.warning(
                "An answer of %s is not cached: its code read %s, which is not in the key."
                " Name an entry of info.context in vary= of its Cache, or in shared= where it is"
                " the same for every client; pass anything else as an argument.",
                self._query,
                ", ".join(new),
            )

    def _log_value(self, error: UncacheableValue) -> None:
        if not self._logged_value:
            self._logged_value = True
            logger.warning(
                "%s is not cached: %r has no canonical JSON form, so it cannot be in the key.",
                self._query,
                error.name,
            )


async def compute_without_writes(compute: Compute) -> ComputedValue:
    """Compute; a value is not cacheable where computing it wrote anything."""
    with watched_writes() as writes:
        computed = await compute()
    return replace(computed, cacheable=False) if writes.any else computed
