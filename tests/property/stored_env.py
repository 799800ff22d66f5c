"""Bench: one database whose authors are kept in one way, asked live and kept."""

import asyncio
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import asyncpg

import fraiseql
from fraiseql.caching.ddl.apply import apply
from fraiseql.caching.ddl.desired_state import load_desired_state
from fraiseql.caching.strategies.materialized_view.refreshing import refresh_view
from fraiseql.database import open_pool
from fraiseql.database.embedded import EmbeddedServer
from fraiseql.database.writing import open_admin
from fraiseql.events import Timings
from fraiseql.schema.storage import GeneratedColumn, MaterializedView, Projection
from fraiseql.serving import Request, Service
from fraiseql.serving.execution.run import CompiledStoredRoot
from fraiseql.serving.preparation.rights import ALL_RIGHTS
from fraiseql.settings import Settings
from tests.integration.serving.served import unnumbered

from . import shop
from .operations import Operation

DEEP = ("country", "posts", "posts.remarks", "posts.remarks.writer")

STRATEGIES: dict[str, tuple[Any, bool]] = {
    "generated": (GeneratedColumn(column="kept"), False),
    "projection": (Projection(embeds=DEEP), True),
    "text": (Projection(embeds=DEEP, text=True), True),
    "statement": (Projection(embeds=("country", "posts"), mode="statement"), True),
    "view": (MaterializedView(refresh="1h"), True),
}
AGED = re.compile(rb',"extensions":\{"staleness":\[(.*)\]\}\}$')


class Bench:
    """One database whose authors are kept in one way, asked live and kept."""

    def __init__(self, url: str, name: str) -> None:
        self.url = url
        self.loop = asyncio.new_event_loop()
        strategy, embeds = STRATEGIES[name]
        self.name = name
        options: dict[str, Any] = {"database_url": url, "max_complexity": 10**9, "worker": False}
        stored_app = fraiseql.create_app(queries=shop.queries(strategy, embeds=embeds), **options)
        live = fraiseql.create_app(queries=shop.queries(embeds=embeds), **options)
        self.stored: Service = stored_app.service
        self.live: Service = live.service
        self.run(self._open())

    def run(self, work: Any) -> Any:
        return self.loop.run_until_complete(work)

    async def _open(self) -> None:
        self.writer = await asyncpg.connect(self.url)
        await self.writer.set_type_codec("jsonb", encoder=str, decoder=str, schema="pg_catalog")
        await self.writer.execute(shop.TABLES)
        pool = await open_pool(self.url, Settings())
        desired = await load_desired_state(self.stored.schema, pool)
        assert desired.refusals == ()
        async with open_admin(pool) as writer:
            await apply(writer, desired)
        await pool.close()
        await self.stored.start()
        await self.live.start()

    async def _close(self) -> None:
        await self.stored.stop()
        await self.live.stop()
        await self.writer.close()

    def close(self) -> None:
        self.run(self._close())
        self.loop.close()

    def fill(self, rows: shop.Rows) -> None:
        self.run(shop.write(self.writer, rows))
        if self.name == "view":
            views = self.run(self.writer.fetch(_VIEWS))
            assert len(views) == 1
            self.run(self.refresh(views[0]["name"]))

    async def refresh(self, view: str) -> None:
        async with open_admin(self.stored.pool) as writer:
            await refresh_view(writer, view)

    def answers(self, operation: Operation) -> tuple[bytes, bytes]:
        """Return the kept answer, without its age, and the live one."""
        request = Request(operation.text, None, operation.variables)

        async def both() -> tuple[bytes, bytes]:
            cases = [
                unnumbered((await service.execute(request, {}, Timings())).body)
                for service in (self.stored, self.live)
            ]
            return cases[0], cases[1]

        stored, live = self.run(both())
        if self.name == "view":
            assert b'"seconds":null' not in stored
            stored = AGED.sub(b"}", stored)
        return stored, live

    def stored_roots(self, text: str) -> int:
        """Return how many root fields of an operation are answered from what is kept."""
        serving, _, _ = self.run(self.stored._prepare(Request(text), Timings(), ALL_RIGHTS))
        return sum(isinstance(root, CompiledStoredRoot) for root in serving.compiled.sql)


_VIEWS = """
SELECT format('"%s"."%s"', n.nspname, c.relname) AS name FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind = 'm'
"""


@contextmanager
def benches(server: EmbeddedServer, name: str) -> Iterator[Bench]:
    """Make a database and serve it."""
    database = f"fql_kept_{name}"

    async def run(statement: str) -> None:
        connection = await asyncpg.connect(server.url)
        await connection.execute(statement)
        await connection.close()

    asyncio.run(run(f"CREATE DATABASE {database}"))
    running = Bench(server.url_for(database), name)
    try:
        yield running
    finally:
        running.close()
        asyncio.run(run(f"DROP DATABASE {database} WITH (FORCE)"))
