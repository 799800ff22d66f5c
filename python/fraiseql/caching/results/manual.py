"""Explicit: results under keys that programs make: ``cached_query`` and ``DatabaseCache``.

What is returned is what JSON gives back, from the first call on: a first answer and a kept one are
equal.
"""

from collections.abc import Callable, Sequence
from inspect import isawaitable
from typing import Any, Final, Literal

from fraiseql.caching.results.admin.reports import cache_stats
from fraiseql.caching.results.caches import ResultCaches, caches_behind
from fraiseql.caching.results.json_codec import decoded, encoded
from fraiseql.database import Database, Identity, Transaction, in_transaction
from fraiseql.errors import ConfigurationError, DeclarationError
from fraiseql.results import Ask, Computed, current
from fraiseql.schema.storage import Cache

StoreName = Literal["unlogged", "logged", "redis"]
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
    """Return what ``query_fn`` returned for ``cache_key``, from the cache for ``ttl``.

    For resolvers. Role and session variables of the request are in the key. What is computed in a
    transaction of your own, or writes, is not kept. Values are those that JSON has; instants, dates
    and UUIDs become text, rows of the database become dicts.

    Args:
        cache_key: Tells this result from all others; of everything that ``query_fn`` depends on.
        ttl: Seconds, or an interval such as ``"5m"``. Without ``tags`` the answer may be as old,
            which the response says.
        query_fn: Computes the value; sync or async, without arguments.
        tags: Names of relations that it reads: a write of them ends the entry at once. They are to
            be relations that a declared ``Cache`` reads too, since that makes their writes logged.
            Any other word is a label for ``fraiseql.invalidate``.
        store: ``unlogged``, ``logged`` or ``redis``.

    Raises:
        ConfigurationError: It is called outside of a request: there, use ``DatabaseCache``.
        DeclarationError: ``ttl``, ``tags`` or ``store`` cannot be used.
        DocumentError: The value is nothing that JSON can hold.
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
        return await _computed(query_fn)
    key = (_QUERY, cache_key)
    kept = (cache, query_fn)
    return await _answer(request.results, request.identity, key, kept, request.note)


class DatabaseCache:
    """Results that are kept in the database under keys of one's own, with figures of their use.

    Args:
        db: ``info.context["db"]``, or the ``db`` of ``app.service.context()`` in a script. With a
            transaction of yours everything is computed: what it sees is not for others.
        store: ``logged`` survives a crash of the server; ``unlogged``, or ``redis``.

    Raises:
        DeclarationError: There is no such store.

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
        """Return what ``compute_fn`` returned for ``cache_key``, as ``cached_query`` does.

        Args:
            cache_key: Tells this result from all others of the same ``query_type``.
            query_type: The kind of result, by which figures are counted.
            ttl: Seconds, or an interval such as ``"5m"``.
            compute_fn: Computes the value; sync or async, without arguments.
            tags: As for ``cached_query``.

        Raises:
            DeclarationError, DocumentError: As ``cached_query``.
            Whatever ``compute_fn`` raises.
        """
        cache, db = _cache(ttl, tags, self._store), self._db
        caches = caches_behind(db.pool) if isinstance(db, Database) else None
        if caches is None or not isinstance(db, Database) or in_transaction():
            return await _computed(compute_fn)
        request = current.get()
        note = None if request is None else request.note
        key, kept = (query_type, cache_key), (cache, compute_fn)
        return await _answer(caches, db.identity, key, kept, note)

    async def get_cache_stats(self, query_type: str) -> dict[str, Any]:
        """Return how results of one kind were used, in all processes.

        Keys: ``total_entries`` that can be given, ``total_hits``, ``avg_computation_ms``,
        ``entries_with_hits``.

        Raises:
            ConfigurationError: The database is not that of a started application.
            DatabaseError: The figures cannot be read.
        """
        caches = self._caches()
        await caches.made()
        pool = await caches.stores.pool()
        return await cache_stats(query_type, pool.inspect, caches.counted, caches.figures)

    async def invalidate(self, *tags: str) -> None:
        """End every entry with one of these labels: at once, or with the transaction that commits.

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
        found = caches_behind(db.pool) if isinstance(db, Database) else None
        if found is None:
            raise ConfigurationError(
                "This is not the database of a started application with result caches.",
                hint='Use info.context["db"], or app.service.context()["db"].',
            )
        return found


async def invalidate(*tags: str) -> None:
    """End every entry that was kept with one of these labels, in all processes, at once.

    In SQL, and in the transaction that changes what a label stands for:
    ``SELECT fraiseql.invalidate('label')``.

    Args:
        tags: Labels, as they stand in ``tags`` of a cache.

    Raises:
        ConfigurationError: It is called outside of a request: there, use
            ``DatabaseCache(db).invalidate``.
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
    kept: tuple[Cache, Function],
    note: Note | None,
) -> Any:
    (query_type, cache_key), (cache, function) = key, kept
    unit = await caches.explicit(query_type, cache)

    async def compute() -> Computed:
        return Computed(encoded(await _value(function)), sound=True)

    if unit is None:
        return await _computed(function)
    ask = Ask({"key": cache_key}, dict, identity, {})
    answered = await unit.answer(ask, compute)
    if answered.computed is not None:
        return decoded(answered.computed.value)
    try:
        value = decoded(answered.value)
    except ValueError:
        # Somebody else wrote it: what is kept was JSON.
        return await _computed(function)
    if note is not None and answered.seconds != 0.0:
        note(query_type, answered.seconds)
    return value


async def _computed(function: Function) -> Any:
    """Return what JSON gives back of a value, as for one that is kept."""
    return decoded(encoded(await _value(function)))


async def _value(function: Function) -> Any:
    value = function()
    return await value if isawaitable(value) else value


def _cache(ttl: str | float, tags: Sequence[str], store: StoreName) -> Cache:
    # Checked here: the types say that none of it is optional, and callers may err.
    if ttl is None or isinstance(tags, str):
        raise DeclarationError(
            f"ttl={ttl!r} and tags={tags!r} do not say how long an answer is kept.",
            hint='Write ttl=300 or ttl="5m"; tags=("tb_post",) with a comma.',
        )
    for tag in tags:
        if "=" in tag or "{" in tag:
            raise DeclarationError(
                f"The tag {tag!r} is neither a relation nor a word.",
                hint="Tags of rows are for declared queries; here, make a label of it: 'post:7'.",
                code="CACHE_TAG",
            )
    return Cache(ttl=ttl, tags=tuple(tags), store=store)
