"""Both servers answer random requests with the same bytes, whatever rows come and go."""

import asyncio
import os
from collections.abc import Iterator
from random import Random
from typing import Any

import asyncpg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fraiseql.cli.listen import bind_near, port_of
from fraiseql.schema import build_schema
from tests.cache_environment import apply_schema
from tests.integration.cli.program import HOST
from tests.ports import FIRST_PORT

from . import roads, roads_app, shop
from .shop_operations import shop_operations

EXAMPLES = int(os.environ.get("FRAISEQL_TEST_EXAMPLES", "8"))
"""Sets of rows that are tried."""

SCHEMA = build_schema(queries=shop.queries()).graphql
CACHED = build_schema(queries=roads_app.queries())


class Bench:
    """One database, served on both roads."""

    def __init__(self, url: str, ports: tuple[int, int]) -> None:
        self.ports = ports
        self.loop = asyncio.new_event_loop()
        self.writer = self.run(self._open(url))
        self.asked: list[bytes] = []
        self.natively = [0, 0]

    def run(self, work: Any) -> Any:
        return self.loop.run_until_complete(work)

    async def _open(self, url: str) -> asyncpg.Connection:
        writer = await asyncpg.connect(url)
        await writer.set_type_codec("jsonb", encoder=str, decoder=str, schema="pg_catalog")
        await writer.execute("DROP SCHEMA IF EXISTS fraiseql CASCADE")
        await writer.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
        await writer.execute(shop.TABLES)
        await apply_schema(url, CACHED)
        return writer

    def write(self, rows: shop.Rows) -> None:
        self.run(shop.write(self.writer, rows))

    def check(self, new: list[bytes], seed: int) -> None:
        """Ask new and earlier requests, three times each."""
        random = Random(seed)
        asked = [*new, *self.asked[-20:]] * 3
        found = self.run(roads.same(self.ports, asked, random))
        self.natively = [own + more for own, more in zip(self.natively, found, strict=True)]
        self.asked += new

    def close(self) -> None:
        self.run(self.writer.close())
        self.loop.close()


def _ports() -> tuple[int, int]:
    first = bind_near(HOST, FIRST_PORT + 300)
    with first, bind_near(HOST, port_of(first) + 1) as second:
        return port_of(first), port_of(second)


@pytest.fixture(scope="module", params=[False, True], ids=["live", "cached"])
def bench(
    database: str,
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Bench]:
    ports = _ports()
    running = Bench(database, ports)
    directory = tmp_path_factory.mktemp("roads")
    more = {"ROADS_CACHED": "yes" if request.param else ""}
    with roads.served(database, ports, directory, more=more):
        yield running
    running.close()


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
@given(
    shop.rows(), st.lists(shop_operations(SCHEMA), min_size=3, max_size=3), st.integers(0, 10**6)
)
def test_both_servers_answer_with_the_same_bytes(
    bench: Bench, rows: shop.Rows, operations: list[Any], seed: int
) -> None:
    random = Random(seed)
    bench.write(rows)
    more = [roads.LISTS, *bench.run(roads.pages(bench.ports[1]))]
    new = [request for each in operations for request in roads.requests(each, random, 5)]
    new += [request for each in more for request in roads.requests(each, random, 3)]
    bench.check(new, seed)


def test_requests_were_answered_natively(bench: Bench) -> None:
    """Without this, two answers of the Python server could have been compared."""
    assert bench.natively[0] > len(bench.asked) / 4
    assert bench.natively[1] == 0
