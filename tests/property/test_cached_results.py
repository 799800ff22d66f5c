"""Answers from result caches equal live ones byte for byte, whatever rows come and go."""

import asyncio
import os
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import asyncpg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import fraiseql
from fraiseql.events import Timings
from fraiseql.schema import build_schema
from fraiseql.schema.definitions import ATTRIBUTE
from fraiseql.schema.storage import Projection
from fraiseql.serving import Request, Service
from tests.cache_environment import apply_schema
from tests.integration.serving.served import unnumbered

from . import shop
from .operations import Operation
from .shop_operations import shop_operations
from .stored_env import DEEP

EXAMPLES = int(os.environ.get("FRAISEQL_TEST_EXAMPLES", "12"))
"""Sets of rows that are tried for each way of keeping documents, on each server."""

READS = tuple(shop.NAMES)
AGAIN = 6
"""Operations of earlier sets of rows that are asked again after each."""


def cached_queries(stored: Any) -> list[Any]:
    """The queries of the shop, each of which keeps its answers."""
    queries = shop.queries(stored)
    for number, query in enumerate(queries):
        if callable(query):
            cache = fraiseql.Cache(tags=READS)
            setattr(query, ATTRIBUTE, replace(getattr(query, ATTRIBUTE), cache=cache))
        else:
            queries[number] = replace(query, cache=fraiseql.Cache())
    return queries


class Bench:
    """One database, served with and without result caches."""

    def __init__(self, url: str, stored: Any) -> None:
        self.url = url
        self.loop = asyncio.new_event_loop()
        options: dict[str, Any] = {"database_url": url, "max_complexity": 10**9, "worker": False}
        cached_app = fraiseql.create_app(queries=cached_queries(stored), **options)
        live = fraiseql.create_app(queries=shop.queries(), **options)
        self.cached: Service = cached_app.service
        self.live: Service = live.service
        self.asked: list[Operation] = []
        self.outcomes: list[str] = []
        self.run(self._open())

    def run(self, work: Any) -> Any:
        return self.loop.run_until_complete(work)

    async def _open(self) -> None:
        self.writer = await asyncpg.connect(self.url)
        await self.writer.set_type_codec("jsonb", encoder=str, decoder=str, schema="pg_catalog")
        await self.writer.execute("DROP SCHEMA IF EXISTS fraiseql CASCADE")
        await self.writer.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
        await self.writer.execute(shop.TABLES)
        await apply_schema(self.url, self.cached.schema)
        await self.cached.start()
        await self.live.start()

    def close(self) -> None:
        for work in (self.cached.stop(), self.live.stop(), self.writer.close()):
            self.run(work)
        self.loop.close()

    def fill(self, rows: shop.Rows) -> None:
        self.run(shop.write(self.writer, rows))

    def check(self, operation: Operation) -> None:
        """Ask twice with caches, and once without."""
        request = Request(operation.text, None, operation.variables)
        whole = unnumbered(self.run(self.live.execute(request, {}, Timings())).body)
        for _ in range(2):
            response = self.run(self.cached.execute(request, {}, Timings()))
            assert unnumbered(response.body) == whole, operation.text
            if response.cached is not None:
                answers = response.cached.answers.values()
                self.outcomes += [answered.outcome for answered in answers]


@pytest.fixture(scope="module", params=[None, Projection(embeds=DEEP)], ids=["live", "projection"])
def bench(database: str, request: pytest.FixtureRequest) -> Iterator[Bench]:
    running = Bench(database, request.param)
    yield running
    running.close()


SCHEMA = build_schema(queries=shop.queries()).graphql


@settings(
    max_examples=EXAMPLES,
    derandomize="FRAISEQL_TEST_EXAMPLES" not in os.environ,
    deadline=None,
    suppress_health_check=[
        HealthCheck.too_slow,
        HealthCheck.data_too_large,
        HealthCheck.function_scoped_fixture,
    ],
)
@given(shop.rows(), st.data())
def test_an_answer_from_a_cache_is_the_live_answer(
    bench: Bench, rows: shop.Rows, data: st.DataObject
) -> None:
    bench.fill(rows)
    for operation in bench.asked[-AGAIN:]:
        bench.check(operation)
    for _ in range(3):
        operation = data.draw(shop_operations(SCHEMA))
        bench.check(operation)
        bench.asked.append(operation)


def test_answers_came_from_the_caches(bench: Bench) -> None:
    """Without this, two live answers could have been compared."""
    assert bench.outcomes.count("hit") > len(bench.asked)
    assert bench.outcomes.count("stale") > 0
    assert bench.outcomes.count("bypass") == 0
