"""Application of the trace's tests, and its database."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeVar

import asyncpg

import fraiseql
from fraiseql.caching.ddl.apply import apply
from fraiseql.caching.ddl.desired_state import load_desired_state
from fraiseql.caching.ddl.verification import record_verified
from fraiseql.caching.verify import verify
from fraiseql.database import Pool, open_pool
from fraiseql.database.writing import open_admin
from fraiseql.events import Timings
from fraiseql.operating.trace.report import TracedOperation, load_trace
from fraiseql.operating.trace.transfer import purge
from fraiseql.serving import Request
from fraiseql.settings import Settings

T = TypeVar("T")

TABLES = """
CREATE TABLE tb_live (id int PRIMARY KEY, name text NOT NULL, email text NOT NULL);
CREATE TABLE tb_columned (id int PRIMARY KEY, name text NOT NULL);
CREATE TABLE tb_projected (id int PRIMARY KEY, name text NOT NULL);
CREATE TABLE tb_queued (id int PRIMARY KEY, name text NOT NULL);
CREATE TABLE tb_cached (id int PRIMARY KEY, name text NOT NULL);
INSERT INTO tb_live SELECT g, 'n' || g, g || '@x.org' FROM generate_series(1, 50) AS g;
INSERT INTO tb_columned SELECT g, 'n' || g FROM generate_series(1, 50) AS g;
INSERT INTO tb_projected SELECT g, 'n' || g FROM generate_series(1, 50) AS g;
INSERT INTO tb_cached SELECT g, 'n' || g FROM generate_series(1, 50) AS g;
"""


@fraiseql.type(name="TracedLive", sql_source="tb_live")
class Live:
    id: int
    name: str
    email: str = fraiseql.field(private=True)

    @fraiseql.field(needs=["id"])
    async def twice(self, info: Any) -> int:
        return await info.context["db"].fetchval("SELECT $1::int * 2", self.id)


@fraiseql.type(name="TracedColumned", sql_source="tb_columned", stored=fraiseql.GeneratedColumn())
class Columned:
    id: int
    name: str


@fraiseql.type(name="TracedProjected", sql_source="tb_projected", stored=fraiseql.Projection())
class Projected:
    id: int
    name: str


@fraiseql.type(
    name="TracedQueued", sql_source="tb_queued", stored=fraiseql.Projection(mode="async")
)
class Queued:
    id: int
    name: str


@fraiseql.type(
    name="TracedCounted",
    sql_source="mv_counted",
    stored=fraiseql.MaterializedView(sql="SELECT count(*) AS n FROM tb_live", refresh="1h"),
)
class Counted:
    n: int


@fraiseql.type(name="TracedCached", sql_source="tb_cached")
class Cached:
    id: int
    name: str


@fraiseql.query
async def slept(info: Any) -> int:
    await info.context["db"].fetchval("SELECT count(*) FROM pg_sleep(0.05)")
    return 1


@fraiseql.query
async def broken(info: Any) -> int:
    return await info.context["db"].fetchval("SELECT 1 / $1::int", 0)


QUERIES = (
    fraiseql.find_one("live", Live, by="id"),
    fraiseql.find_one("person", Live, by="email"),
    fraiseql.find("lives", Live),
    fraiseql.find_one("columned", Columned, by="id"),
    fraiseql.find_one("projected", Projected, by="id"),
    fraiseql.find_one("queued", Queued, by="id"),
    fraiseql.find("counted", Counted),
    fraiseql.find_one("cached", Cached, by="id", cache=fraiseql.Cache()),
    slept,
    broken,
)


def app_of(url: str, **settings: Any) -> Any:
    """Return the application."""
    return fraiseql.create_app(queries=QUERIES, database_url=url, worker=False, **settings)


class Traced:
    """The application, whose trace a test reads after it has stopped.

    Args:
        url: Address of its database.
        app: Returns the application at an address.
    """

    def __init__(self, url: str, app: Callable[..., Any] = app_of) -> None:
        self.url = url
        self.app = app
        self.runner = asyncio.Runner()

    def run(self, work: Awaitable[T]) -> T:
        """Run on the loop of the tests."""

        async def awaited() -> T:
            return await work

        return self.runner.run(awaited())

    def execute(self, *statements: str) -> None:
        """Run SQL as the database's owner."""

        async def executed() -> None:
            connection = await asyncpg.connect(self.url)
            for statement in statements:
                await connection.execute(statement)
            await connection.close()

        self.run(executed())

    def fetch(self, sql: str, *args: Any) -> list[Any]:
        """Return rows, read by the database's owner."""

        async def fetched() -> list[Any]:
            connection = await asyncpg.connect(self.url)
            rows = await connection.fetch(sql, *args)
            await connection.close()
            return rows

        return self.run(fetched())

    def apply(self) -> None:
        """Create what the declarations ask for."""
        self.work(self._apply)

    def verify(self) -> None:
        """Compare the stored documents, and record it, as ``fraiseql db verify``."""

        async def verified(pool: Pool) -> None:
            desired = await load_desired_state(app_of(self.url).service.schema, pool)
            async with open_admin(pool) as writer:
                assert await record_verified(writer, await verify(writer, desired.stored_types), 99)

        self.work(verified)

    async def _apply(self, pool: Pool) -> None:
        schema = self.app(self.url).service.schema
        desired = await load_desired_state(schema, pool)
        async with open_admin(pool) as writer:
            await apply(writer, desired)

    def work(self, work: Any) -> Any:
        """Do something with a pool."""

        async def pooled() -> Any:
            pool = await open_pool(self.url, Settings())
            try:
                return await work(pool)
            finally:
                await pool.close()

        return self.run(pooled())

    def serve(
        self, *queries: str, variables: Mapping[str, Any] | None = None, **settings: Any
    ) -> list[bytes]:
        """Start the application, answer requests one by one, and stop it."""

        async def served() -> list[bytes]:
            app = self.app(self.url, **settings)
            await app.start()
            bodies = []
            for query in queries:
                request = Request(query, variables=variables)
                bodies.append((await app.service.execute(request, {}, Timings())).body)
            await app.stop()
            return [bytes(body) for body in bodies]

        return self.run(served())

    def trace(self) -> dict[str, TracedOperation]:
        """Return the operations of the trace by name."""
        trace = self.work(lambda pool: load_trace(pool.inspect))
        return {operation.name: operation for operation in trace.operations}

    def purge(self) -> None:
        """Empty the trace."""

        async def purged(pool: Pool) -> None:
            async with open_admin(pool) as writer:
                await purge(writer)

        self.work(purged)
