"""A response that is joined of kept values equals the whole one, byte for byte, errors included."""

import asyncio
import json
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
from fraiseql.schema.definitions import ATTRIBUTE
from fraiseql.serving import Request, Service
from tests.integration.serving.results.fake_caches import FakeCaches
from tests.integration.serving.served import unnumbered

from . import documents, rich_schema
from .operations import Operation, operations
from .test_differential import BONES

EXAMPLES = int(os.environ.get("FRAISEQL_TEST_EXAMPLES", "15"))
"""Documents and operations that are tried on each server; more of them for a soak."""

CACHE = fraiseql.Cache()
OPTIONS: dict[str, Any] = {
    "types": [rich_schema.Dog, rich_schema.Cat],
    "max_complexity": 10**9,
    "max_aliases": 10**4,
    "worker": False,
}


def some_cached() -> list[Any]:
    """Every other query keeps its answers."""
    return [_cached(query) if n % 2 else query for n, query in enumerate(rich_schema.QUERIES)]


def _cached(query: Any) -> Any:
    if not callable(query):
        return replace(query, cache=CACHE)

    def resolve(*args: Any, **named: Any) -> Any:
        return query(*args, **named)

    setattr(resolve, ATTRIBUTE, replace(getattr(query, ATTRIBUTE), cache=CACHE))
    return resolve


class Bench:
    """The same application three times: nothing kept, everything, and every other query."""

    def __init__(self, url: str) -> None:
        self.loop = asyncio.new_event_loop()
        self.results = [FakeCaches(), FakeCaches()]
        every = fraiseql.create_app(database_url=url, queries=rich_schema.QUERIES, **OPTIONS)
        some = fraiseql.create_app(database_url=url, queries=some_cached(), **OPTIONS)
        plain = every.service
        self.plain = Service(plain.schema, plain.settings)  # type: ignore[attr-defined]
        self.caching = [
            Service(plain.schema, plain.settings, results=self.results[0], policy=lambda *_: CACHE),  # type: ignore[attr-defined]
            Service(some.service.schema, plain.settings, results=self.results[1]),  # type: ignore[attr-defined]
        ]
        self.run(self._open(url))

    def run(self, work: Any) -> Any:
        return self.loop.run_until_complete(work)

    async def _open(self, url: str) -> None:
        self.writer = await asyncpg.connect(url)
        await self.writer.execute(rich_schema.TABLE)
        await self.writer.executemany("INSERT INTO tb_bone VALUES ($1, $2, $3, $4)", BONES)
        for service in (self.plain, *self.caching):
            await service.start()

    def close(self) -> None:
        for service in (self.plain, *self.caching):
            self.run(service.stop())
        self.run(self.writer.close())
        self.loop.close()

    def store(self, items: list[dict[str, Any]]) -> None:
        self.run(self._store(items))
        for results in self.results:
            results.values.clear()

    async def _store(self, items: list[dict[str, Any]]) -> None:
        await self.writer.execute("TRUNCATE tb_item")
        rows = [(n + 1, n * 3, json.dumps(item)) for n, item in enumerate(items)]
        await self.writer.executemany("INSERT INTO tb_item VALUES ($1, $2, $3)", rows)

    def body(self, service: Service, operation: Operation) -> bytes:
        request = Request(operation.text, None, operation.variables)
        return unnumbered(self.run(service.execute(request, {}, Timings())).body)


@pytest.fixture(scope="module")
def bench(database: str) -> Iterator[Bench]:
    running = Bench(database)
    yield running
    running.close()


SCHEMA = fraiseql.create_app(queries=rich_schema.QUERIES, **OPTIONS).service.schema.graphql  # type: ignore[attr-defined]


@settings(
    max_examples=EXAMPLES,
    derandomize="FRAISEQL_TEST_EXAMPLES" not in os.environ,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
@given(
    st.lists(documents.item, min_size=1, max_size=3),
    st.lists(operations(SCHEMA), min_size=3, max_size=3),
)
def test_a_joined_response_equals_the_whole_one(
    bench: Bench, items: list[dict[str, Any]], drawn: list[Operation]
) -> None:
    bench.store(items)
    for operation in drawn:
        whole = bench.body(bench.plain, operation)
        for service in bench.caching:
            assert bench.body(service, operation) == whole, operation.text
            assert bench.body(service, operation) == whole, operation.text


def test_values_were_cached_and_returned(bench: Bench) -> None:
    """Without this, nothing of the above need have come from what is kept."""
    bench.store([])
    operation = Operation("{ a: items { id } b: item(id: 1) { id } __typename }", {})
    for service, results in zip(bench.caching, bench.results, strict=True):
        body = bench.body(service, operation)
        assert results.values
        results.values.update(dict.fromkeys(results.values, b'"kept"'))
        assert b'"kept"' in bench.body(service, operation)
        assert b'"kept"' not in body
