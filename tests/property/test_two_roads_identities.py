"""Both servers give each client the same bytes, whoever asked before on the same socket."""

import asyncio
import time
from collections.abc import Iterator
from random import Random
from typing import Any

import asyncpg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

pytest.importorskip("joserfc")

from fraiseql.schema import build_schema

from . import roads, roads_identities, shop
from .shop_operations import shop_operations
from .test_two_roads import EXAMPLES, _ports

SCHEMA = build_schema(queries=shop.queries()).graphql
SOCKETS = 4
SCORED = "{ scored { id points } }"
OPEN = "{ scored { id name } }"


class Bench:
    """One database, served on both roads to five clients."""

    def __init__(self, url: str, ports: tuple[int, int]) -> None:
        self.ports = ports
        self.loop = asyncio.new_event_loop()
        self.writer = self.run(self._open(url))
        self.clients = roads_identities.clients()
        self.asked: list[bytes] = []
        self.natively, self.answers = 0, 0

    def run(self, work: Any) -> Any:
        return self.loop.run_until_complete(work)

    async def _open(self, url: str) -> asyncpg.Connection:
        writer = await asyncpg.connect(url)
        await writer.set_type_codec("jsonb", encoder=str, decoder=str, schema="pg_catalog")
        await writer.execute("DROP SCHEMA IF EXISTS fraiseql CASCADE")
        await writer.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
        await writer.execute(shop.TABLES + roads_identities.POLICIES)
        return writer

    def check(self, new: list[bytes], random: Random) -> None:
        """Ask new and earlier requests, three times each, in any order on few sockets."""
        asked = [*new, *self.asked[-20:]] * 3
        native, python = self.run(roads.same(self.ports, asked, random, sockets=SOCKETS))
        assert python == 0
        self.natively, self.answers = self.natively + native, self.answers + len(asked)
        self.asked += new

    def close(self) -> None:
        self.run(self.writer.close())
        self.loop.close()


@pytest.fixture(scope="module", params=["token", "declared"])
def bench(
    database: str, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Bench]:
    ports = _ports()
    running = Bench(database, ports)
    app = "tests.property.roads_identities:app"
    more = {"ROADS_GUARDED": "" if request.param == "token" else "yes"}
    directory = tmp_path_factory.mktemp("roads")
    with roads.served(database, ports, directory, app=app, more=more):
        yield running
    running.close()


@settings(
    max_examples=EXAMPLES,
    derandomize=True,
    deadline=None,
    suppress_health_check=[
        HealthCheck.too_slow,
        HealthCheck.data_too_large,
        HealthCheck.function_scoped_fixture,
    ],
)
@given(
    shop.rows(), st.lists(shop_operations(SCHEMA), min_size=2, max_size=2), st.integers(0, 10**6)
)
def test_each_client_gets_the_same_bytes_from_both_servers(
    bench: Bench, rows: shop.Rows, operations: list[Any], seed: int
) -> None:
    bench.run(shop.write(bench.writer, rows))
    random = Random(seed)
    plain = [request for each in operations for request in roads.requests(each, random, 2)]
    new = [roads.sent_by(request, client) for request in plain for client in bench.clients]
    new += [roads.post(query, client) for query in (SCORED, OPEN) for client in bench.clients]
    bench.check(new, random)


def test_requests_of_clients_were_answered_natively(bench: Bench) -> None:
    """Without this, two answers of the Python server could have been compared."""
    assert bench.natively > bench.answers / 8


def test_a_client_never_gets_the_rows_of_another(bench: Bench) -> None:
    """The rows themselves: both servers could have the same leak."""
    insert = "INSERT INTO author (id, name) SELECT n, 'a' FROM generate_series(1, 6) n"
    bench.run(bench.writer.execute(f"TRUNCATE author CASCADE; {insert}"))
    seen = dict(
        zip(bench.clients, [range(1, 7), *[range(2, 7, 2)] * 2, *[range(1, 7, 2)] * 2], strict=True)
    )
    asked = [client for _ in range(20) for client in bench.clients]
    Random(1).shuffle(asked)
    requests = [roads.post("{ scored { id } }", client) for client in asked]
    for port in bench.ports:
        answers = bench.run(roads.ask_in_order(port, requests))
        for client, answer in zip(asked, answers, strict=True):
            assert [row["id"] for row in roads.data(answer)["scored"]] == list(seen[client])
    assert any(answer.native for answer in bench.run(roads.ask_in_order(bench.ports[0], requests)))


def test_a_token_ends_on_both_servers(bench: Bench) -> None:
    ends = int(time.time()) + 4
    short = roads_identities.token("even", roads_identities.ROLES[0], exp=ends)
    request = roads.post(OPEN, f"Authorization: Bearer {short}\r\n")
    first = bench.run(roads.ask_in_order(bench.ports[0], [request] * 5))
    assert {answer.status for answer in first} == {200}
    assert any(answer.native for answer in first)
    time.sleep(max(0.0, ends + 1 - time.time()))
    native, python = [bench.run(roads.ask_in_order(port, [request] * 3)) for port in bench.ports]
    assert native == python
    assert {answer.status for answer in native} == {401}


def test_rights_hold_on_both_servers(bench: Bench) -> None:
    full, part = bench.clients[1], bench.clients[2]
    requests = [roads.post(SCORED, client) for client in (full, part, "") * 6]
    native, python = [bench.run(roads.ask_in_order(port, requests)) for port in bench.ports]
    assert native == python
    assert all(b'"FORBIDDEN"' in answer.body for answer in native[1::3])
    assert not any(b'"errors"' in answer.body for answer in native[::3])
