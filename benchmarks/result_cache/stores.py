"""A store without an application, and its entries."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Literal

from benchmarks.result_cache import declared
from benchmarks.stored import declared as stored_types
from benchmarks.stored.server import run
from fraiseql import Cache
from fraiseql.caching.dependencies.privileges import load_reader
from fraiseql.caching.results.dependencies import load_dependencies
from fraiseql.caching.results.stores.base import Entry, Lookup, LookupResult, Store
from fraiseql.caching.results.stores.lookup import table_lookup
from fraiseql.caching.results.stores.pool import open_cache_pool
from fraiseql.caching.results.stores.redis import RedisStore
from fraiseql.caching.results.stores.table_store import TableStore
from fraiseql.schema import build_schema
from fraiseql.settings import Settings

StoreName = Literal["unlogged", "logged", "redis"]
TABLES = ('"public"."tb_user"', '"public"."tb_post"')
KEY = "sha256(int4send(:n::integer))"
"""A key in a script of pgbench, as ``key`` makes it."""
PLANNED = {
    "plan_cache_mode": "force_generic_plan",
    "enable_seqscan": "off",
    "enable_bitmapscan": "off",
}
"""Settings of cache connections without time-outs, for pgbench."""


@dataclass(frozen=True, slots=True)
class Label:
    """Label and look-up of entries.

    Attributes:
        lookup: The look-up.
        found: The result of a look-up that missed.
    """

    lookup: Lookup
    lookup_result: LookupResult


def key(number: int) -> bytes:
    """Return the 32 bytes of an entry's key."""
    return sha256(number.to_bytes(4, "big")).digest()


def body(number: int, size: int) -> bytes:
    """Return JSON text of ``size`` bytes."""
    text = f'[{{"id":{number},"text":"'
    return (text + "x" * (size - len(text) - 3) + '"}]').encode()


async def applied(url: str, *names: StoreName) -> None:
    """Create the objects of caches in these stores, as ``fraiseql db apply`` does."""
    await run(url, declared.TOTALS)
    queries = [
        query
        for name in names or ("unlogged",)
        for query in declared.queries(Cache(store=name), suffix="" if name == "unlogged" else name)
    ]
    await stored_types.applied(url, build_schema(queries=queries))


@asynccontextmanager
async def opened(
    url: str,
    *,
    name: StoreName = "unlogged",
    connections: int = 4,
    max_bytes: int = 268_435_456,
    redis_url: str = "",
) -> AsyncIterator[Any]:
    """Open a store with a pool of its own."""
    pool = await open_cache_pool(Settings(database_url=url, cache_connections=connections))
    store: Any
    if name == "redis":
        store = RedisStore(redis_url, pool, connections=connections)
    else:
        store = TableStore(name, pool, max_bytes=max_bytes, max_entry_bytes=max_bytes)
    try:
        yield store
    finally:
        await store.close()
        await pool.close()


async def label(store: Any) -> Label:
    """Return the current label of entries over the base tables."""
    pool = store._pool  # noqa: SLF001 - of a store that this module opened
    dependencies = await load_dependencies(pool.fetch_bytes, TABLES)
    lookup = Lookup(dependencies, reader=await load_reader(pool.fetch_bytes, None))
    return Label(lookup, await store.find(lookup, key(0)))


def entry(label: Label, key: bytes, body: bytes) -> Entry:
    """Return an entry with ``label``."""
    lookup_result = label.lookup_result
    return Entry(
        key=key,
        query="bench",
        tags=label.lookup.dependencies.tags,
        snapshot=lookup_result.snapshot or "",
        fingerprint=lookup_result.fingerprint ^ lookup_result.roles_digest,
        ttl=None,
        cost_ms=1.0,
        body=body,
        etag=sha256(body).digest()[:16],
    )


async def put_entry(store: Store, item: Entry) -> None:
    """Store an entry, or fail."""
    if (answer := await store.put(item)) != "stored":
        raise RuntimeError(f"An entry of {len(item.body):,} bytes is not stored: {answer}.")


def script(label: Label) -> str:
    """Write the look-up of entry ``:n`` for pgbench, its body as text."""
    sql = table_lookup("unlogged", label.lookup)
    sql = sql.replace("$1::bytea", KEY).replace("$2::text[]::bytea[]", "'{}'::bytea[]")
    roles = ",".join(map(str, label.lookup.reader.roles.oids))
    sql = sql.replace("$3::oid[]", f"'{{{roles}}}'::oid[]")
    # As text: pgbench asks for text, and bytes would come as hexadecimal digits.
    shown = "l.reason, l.snapshot, l.shape, l.seconds, convert_from(l.body, 'UTF8')"
    return f"SELECT {shown} FROM ({sql}) l;\n"
