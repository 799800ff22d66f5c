"""Results under a program's own keys: ``cached_query`` and ``DatabaseCache``.

The first call, too, returns its value as decoded from JSON, so that first and cached values are
equal.
"""

from collections.abc import Callable, Sequence
from functools import partial
from inspect import isawaitable
from typing import Any, Final

from fraiseql.caching.results.admin.reports import cache_stats
from fraiseql.caching.results.caches import ResultCaches, started_caches
from fraiseql.caching.results.json_codec import decoded, encoded
from fraiseql.database import (
    Database,
    Identity,
    Transaction,
    in_transaction,
    observation,
    unobserved,
)
from fraiseql.errors import ConfigurationError, DeclarationError
from fraiseql.results import ComputedValue, FieldRequest, current
from fraiseql.schema.cache import Cache, StoreName

Function = Callable[[], Any]
Note = Callable[[str, float | None], None]

_QUERY: Final = "cached_query"
_INVALIDATE: Final = 'SELECT "fraiseql"."invalidate"(VARIADIC $1::pg_catalog.text[])'


async def cached_query(
    cache_key: str,
    ttl: str | float,
    query_fn: Function,
    *,
    tags: Sequence[str] = (),
    store: StoreName = "unlogged",
) -> Any:
    """Return the result of ``query_fn``, cached under ``cache_key`` for ``ttl``.

    Call it in resolvers. Role and session variables of the request are part of the key. A value
    that is computed in your own transaction, or that writes, is not stored. Values are those of
    JSON: datetimes, dates and UUIDs become text, rows of the database become dicts.

    Args:
        cache_key: Identifies the result; it must contain everything that ``query_fn`` depends on.
        ttl: Seconds, or an interval such as ``"5m"``. Without ``tags`` the reads of ``query_fn``
            are recorded, and a write ends the value at once. If they are not all known, the value
            may be that old, and the response says so.
        query_fn: Computes the value; sync or async, without arguments.
        tags: Names of the relations that it reads: a write to one of them invalidates the entry at
            once. A declared ``Cache`` must read them too, so that their writes are logged. Any
            other word is a label for ``fraiseql.invalidate``.
        store: ``unlogged``, ``logged`` or ``redis``.

    Raises:
        ConfigurationError: It is called outside of a request: use ``DatabaseCache`` there.
        DeclarationError: ``ttl``, ``tags`` or ``store`` is invalid.
        DocumentError: The value cannot be written as JSON.
        Whatever ``query_fn`` raises.

    Example:
        ``stats = await fraiseql.cached_query("dashboard", 300, compute_stats)``
    """
    request = current.get()
    if request is None:
        raise ConfigurationError(
            "cached_query was called outside of a request.",
            hint="Call it in a resolver; elsewhere use fraiseql.DatabaseCache(db).",
        )
    cache = _cache(ttl, tags, store)
    if not isinstance(request.results, ResultCaches) or in_transaction():
        return await _compute(query_fn)
    key = (_QUERY, cache_key)
    return await _answer(request.results, request.identity, key, (cache, query_fn), request.note)


class DatabaseCache:
    """Results in the database under your own keys, with statistics.

    Args:
        db: ``info.context["db"]``, or the ``db`` of ``app.service.context()`` in a script. With
            your own transaction everything is computed: its uncommitted writes are not for others.
        store: ``logged`` survives a crash of the server; ``unlogged``, or ``redis``.

    Raises:
        DeclarationError: The store does not exist.

    Example:
        ``await fraiseql.DatabaseCache(db).get_or_compute("board:1", "board", 300, compute)``
    """

    def __init__(self, db: Database | Transaction, *, store: StoreName = "logged") -> None:
        self._db = db
        self._store: StoreName = Cache(store=store).store

    async def get_or_compute(
        self,
        cache_key: str,
        query_type: str,
        ttl: str | float,
        compute_fn: Function,
        *,
        tags: Sequence[str] = (),
    ) -> Any:
        """Return the result of ``compute_fn``, cached under ``cache_key`` as in ``cached_query``.

        Args:
            cache_key: Identifies the result among those of the same ``query_type``.
            query_type: Kind of result, for statistics.
            ttl: Seconds, or an interval such as ``"5m"``.
            compute_fn: Computes the value; sync or async, without arguments.
            tags: As for ``cached_query``.

        Raises:
            DeclarationError, DocumentError: As ``cached_query``.
            Whatever ``compute_fn`` raises.
        """
        cache, db = _cache(ttl, tags, self._store), self._db
        caches = started_caches(db.pool) if isinstance(db, Database) else None
        if caches is None or not isinstance(db, Database) or in_transaction():
            return await _compute(compute_fn)
        request = current.get()
        note = None if request is None else request.note
        key = (query_type, cache_key)
        return await _answer(caches, db.identity, key, (cache, compute_fn), note)

    async def get_cache_stats(self, query_type: str) -> dict[str, Any]:
        """Return statistics of one kind of result, of all processes.

        Keys: ``total_entries`` that have not expired, ``total_hits``, ``avg_computation_ms``,
        ``entries_with_hits``.

        Args:
            query_type: Kind of the results, as for ``get_or_compute``.

        Raises:
            ConfigurationError: The database is not that of a started application.
            DatabaseError: The statistics cannot be read.
        """
        caches = self._caches()
        await caches.ensure_tables()
        pool = await caches.stores.pool()
        return await cache_stats(query_type, pool.inspect, caches.counters, caches.stats)

    async def invalidate(self, *tags: str) -> None:
        """Invalidate every entry with one of these labels; in a transaction, when it commits.

        Args:
            tags: Labels, as in ``tags`` of a cache.

        Raises:
            ConfigurationError: The database is not that of a started application.
            DatabaseError: The labels cannot be logged.
        """
        if isinstance(self._db, Transaction):
            await self._db.fetch(_INVALIDATE, list(tags))
        else:
            await _invalidate(self._caches(), tags)

    def _caches(self) -> ResultCaches:
        db = self._db
        caches = started_caches(db.pool) if isinstance(db, Database) else None
        if caches is None:
            raise ConfigurationError(
                "This is not the database of a started application with result caches.",
                hint='Use info.context["db"], or app.service.context()["db"].',
            )
        return caches


async def invalidate(*tags: str) -> None:
    """Invalidate every entry with one of these labels, in all processes, at once.

    In SQL, and in the transaction that changes the data behind a label:
    ``SELECT fraiseql.invalidate('label')``.

    Args:
        tags: Labels, as in ``tags`` of a cache.

    Raises:
        ConfigurationError: It is called outside of a request: use
            ``DatabaseCache(db).invalidate`` there.
        DatabaseError: The labels cannot be logged.
    """
    request = current.get()
    if request is None or not isinstance(request.results, ResultCaches):
        raise ConfigurationError(
            "invalidate was called outside of a request.",
            hint="Call it in a resolver; elsewhere use fraiseql.DatabaseCache(db).invalidate.",
        )
    await _invalidate(request.results, tags)


async def _invalidate(caches: ResultCaches, tags: Sequence[str]) -> None:
    pool = await caches.stores.pool()
    await pool.inspect(_INVALIDATE, [list(tags)])


async def _answer(
    caches: ResultCaches,
    identity: Identity,
    key: tuple[str, str],
    computation: tuple[Cache, Function],
    note: Note | None,
) -> Any:
    (query_type, cache_key), (cache, function) = key, computation
    with unobserved():
        cached = await caches.manual_cache(query_type, cache, _code(function))

    async def compute() -> ComputedValue:
        return ComputedValue(encoded(await _call(function)), cacheable=True)

    if cached is None:
        return await _compute(function)
    request = FieldRequest({"key": cache_key}, dict, identity, {})
    result = await cached.answer(request, compute)
    if result.computed is not None:
        return decoded(result.computed.value)
    outer = observation.get()
    if outer is not None and cache.tags:
        outer.miss("a cached value with tags")
    try:
        value = decoded(result.value)
    except ValueError:
        # Another program wrote it: entries of ours are JSON.
        return await _compute(function)
    if note is not None and result.lag_seconds != 0.0:
        note(query_type, result.lag_seconds)
    return value


def _code(function: Function) -> object:
    """Return the code of a function, which is the same for each closure over it."""
    while isinstance(function, partial):
        function = function.func
    function = getattr(function, "__func__", function)
    return getattr(function, "__code__", None) or type(function)


async def _compute(function: Function) -> Any:
    """Return the value as decoded from JSON, as a cached one is."""
    return decoded(encoded(await _call(function)))


async def _call(function: Function) -> Any:
    value = function()
    return await value if isawaitable(value) else value


def _cache(ttl: str | float, tags: Sequence[str], store: StoreName) -> Cache:
    # Callers without a type checker may pass None, or a string.
    if ttl is None or isinstance(tags, str):
        raise DeclarationError(
            f"ttl={ttl!r} and tags={tags!r} do not limit how long an answer is cached.",
            hint='Write ttl=300 or ttl="5m"; tags=("tb_post",) with a comma.',
        )
    for tag in tags:
        if "=" in tag or "{" in tag:
            raise DeclarationError(
                f"The tag {tag!r} is neither a relation nor a label.",
                hint="Row tags are for declared queries; use a label here, such as 'post:7'.",
                code="CACHE_TAG",
            )
    return Cache(ttl=ttl, tags=tuple(tags), store=store)
