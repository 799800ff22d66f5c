"""Road: the result caches of an application, asked directly, with computations of a test's own."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

import asyncpg

import fraiseql
from fraiseql.caching.ddl.bootstrap import create_missing_tables
from fraiseql.caching.results.caches import ResultCaches
from fraiseql.catalog.load import load_catalog
from fraiseql.database import Identity, Pool, open_pool
from fraiseql.results import CacheableField, CacheResult, ComputedValue, FieldCache, FieldRequest
from fraiseql.schema import build_schema
from fraiseql.schema.definitions import QueryDefinition
from fraiseql.settings import Settings
from tests.cache_environment import apply_schema

TABLES = """
CREATE TABLE item (id int PRIMARY KEY, owner text NOT NULL DEFAULT '', name text NOT NULL);
INSERT INTO item SELECT n, 'owner' || n % 2, 'item' || n FROM generate_series(1, 10) AS n;
"""
NAMES = "SELECT coalesce(json_agg(name ORDER BY id), '[]')::text AS names FROM item"

Compute = Callable[[], Awaitable[ComputedValue]]


@fraiseql.type(sql_source="item")
class Item:
    id: int
    owner: str
    name: str


STORES = ("unlogged", "logged")
ITEMS = [
    fraiseql.find(f"items_{store}", Item, cache=fraiseql.Cache(store=store)) for store in STORES
]
SCHEMA = build_schema(queries=ITEMS)


async def prepare(url: str) -> None:
    """Make the tables, and what results are kept in."""
    await run(url, TABLES)
    await apply_schema(url, SCHEMA)


async def run(url: str, sql: str) -> None:
    """Run SQL on a connection of its own."""
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(sql)
    finally:
        await connection.close()


class CacheFixture:
    """Result caches of one process, started on a database.

    Attributes:
        caches: The result caches.
        pool: The application's own connections.
        computed: How often anything was computed.
    """

    def __init__(self, caches: ResultCaches, pool: Pool, relation: Any) -> None:
        self.caches = caches
        self.pool = pool
        self.computed = 0
        self._relation = relation

    def cached(
        self, cache: Any = None, *, name: str = "items", text: bytes = b"items", **more: Any
    ) -> FieldCache:
        """Return the unit of a query over ``item``."""
        definition = QueryDefinition(name, name, Any, function=more.pop("function", None))
        relations = more.pop("relations", (self._relation,))
        part = CacheableField(
            definition, cache or fraiseql.Cache(), text, ("n",), relations, **more
        )
        cached = self.caches.field_cache(part)
        assert cached is not None
        return cached

    async def read(self) -> ComputedValue:
        """Compute: read the table as it is now."""
        self.computed += 1
        rows = await self.pool.fetch_bytes(NAMES)
        return ComputedValue(rows[0]["names"].encode(), cacheable=True)

    async def ask(
        self,
        cached: FieldCache,
        compute: Compute | None = None,
        *,
        variables: Mapping[str, Any] | None = None,
        identity: Identity = Identity.NONE,
        context: Mapping[str, Any] | None = None,
        etags: frozenset[str] = frozenset(),
    ) -> CacheResult:
        """Ask a unit."""
        request = FieldRequest(variables or {}, dict, identity, context or {}, etags)
        return await cached.answer(request, compute or self.read)

    async def settled(self) -> None:
        """Wait until nothing is stored or led in the background any more."""
        await until(lambda: not len(self.caches.runtime.background))
        assert len(self.caches.runtime.coalescer) == 0

    async def answer_and_store(self, cached: FieldCache, **more: Any) -> CacheResult:
        """Ask, and wait until the answer is stored."""
        answered = await self.ask(cached, **more)
        await self.settled()
        return answered

    def events(self, query: str = "items") -> Mapping[str, int]:
        """Return what was counted beside answers, by kind."""
        tally = self.caches.counters.queries.get(query)
        return {} if tally is None else tally.events


@asynccontextmanager
async def cache_fixture(url: str, **settings: Any) -> AsyncIterator[CacheFixture]:
    """Start result caches on a database that ``prepare`` has seen."""
    chosen = Settings().with_values(database_url=url, **settings)
    pool = await open_pool(url, chosen)
    caches = ResultCaches(chosen, create_missing_tables)
    try:
        await caches.start(SCHEMA, pool)
        catalog = await load_catalog(pool, ["item"])
        yield CacheFixture(caches, pool, catalog.relations["item"])
    finally:
        await caches.stop()
        await pool.close()


async def until(condition: Callable[[], object], seconds: float = 10.0) -> None:
    """Wait until a condition holds.

    Raises:
        TimeoutError: It does not come to hold in time.
    """
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 - what is waited for sets no event
            await asyncio.sleep(0.005)


def value_of(answered: CacheResult) -> bytes | None:
    """Return the value that was given, from wherever it came."""
    if answered.computed is not None:
        return answered.computed.value
    return answered.value
