"""Slow statements do not delay reads by key and lists."""

import asyncio

import pytest

import fraiseql
from fraiseql.database.latency import UNTIMED, Latencies
from tests.integration.flights import at_once
from tests.integration.serving.served import Served, execute, served

TABLES = """
CREATE TABLE item (id int PRIMARY KEY, name text NOT NULL);
INSERT INTO item SELECT n, 'item ' || n FROM generate_series(1, 100) n;
CREATE VIEW slow_item AS
    SELECT i.id, i.name FROM (SELECT pg_sleep(0.2)) AS wait, item AS i WHERE i.id <= 3;
"""
KINDS = ("key", "list", "slow")


@fraiseql.type(sql_source="item")
class Item:
    id: int
    name: str


@fraiseql.type(sql_source="slow_item")
class SlowItem:
    id: int
    name: str


@fraiseql.query
async def slow_by_hand(info: fraiseql.Info) -> list[str]:
    return [row["name"] for row in await info.context["db"].fetch("SELECT name FROM slow_item")]


@fraiseql.query
async def slow_transaction(info: fraiseql.Info) -> str:
    async with info.context["db"].transaction() as transaction:
        return str(await transaction.fetchval("SELECT name FROM slow_item"))


@fraiseql.query
async def slow_nested(info: fraiseql.Info) -> int:
    db = info.context["db"]
    async with db.transaction() as transaction:
        await transaction.fetchval("SELECT pg_sleep(0.2)")
        return len(await db.fetch("SELECT name FROM slow_item"))


QUERIES = [
    fraiseql.find_one("item", Item, by="id"),
    fraiseql.find("items", Item, order_by="id"),
    fraiseql.find("slow_items", SlowItem, order_by="id"),
    fraiseql.find_one("slow_item", SlowItem, by="id"),
    slow_by_hand,
    slow_transaction,
    slow_nested,
]
BY_KEY, LIST = "{ item(id: 7) { name } }", "{ items(limit: 3) { name } }"
SLOW_LIST = "{ slowItems { name } }"


class Crowd:
    """Clients of a slow query, and some of cheap ones; ``counts`` are their answers by query."""

    def __init__(self, bench: Served, slow: str, clients: int) -> None:
        self._bench = bench
        self._ended = asyncio.Event()
        sizes = {slow: clients, BY_KEY: 4, LIST: 2}
        self.counts = {query: [0] * size for query, size in sizes.items()}

    async def run(self, seconds: float, least: int) -> None:
        """Ask for some time, and until each cheap client has ``least`` answers, or too long."""
        clients = [
            asyncio.create_task(self._ask(query, number))
            for query, counts in self.counts.items()
            for number in range(len(counts))
        ]
        await asyncio.sleep(seconds)
        for _ in range(2000):
            if min(self.cheap) >= least:
                break
            await asyncio.sleep(0.01)
        self._ended.set()
        await asyncio.gather(*clients)

    async def _ask(self, query: str, number: int) -> None:
        while not self._ended.is_set():
            body = await self._bench.respond(query)
            assert b'"errors"' not in body, body
            self.counts[query][number] += 1

    @property
    def cheap(self) -> list[int]:
        """Answers of each client that asks for a key or a list."""
        return self.counts[BY_KEY] + self.counts[LIST]


def crowded(
    bench: Served, slow: str, clients: int, seconds: float, least: int = 0
) -> dict[str, list[int]]:
    """Return the answers of each client by query, while many are slow."""
    crowd = Crowd(bench, slow, clients)
    bench.run(crowd.run(seconds, least))
    return crowd.counts


def gauge(bench: Served, name: str, kind: str) -> int:
    head = f'fraiseql_pool_{name}{{class="{kind}"}} '
    (line,) = [line for line in bench.service.metrics() if line.startswith(head)]
    return int(line.removeprefix(head))


@pytest.fixture(scope="module")
def tables(database: str) -> str:
    """Address of a database with the tables."""
    at_once(execute(database, TABLES))
    return database


def test_slow_lists_do_not_starve_cheap_queries(
    tables: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with served(tables, queries=QUERIES) as bench:
        answered = crowded(bench, SLOW_LIST, 40, 0.8, 10)
        assert all(answered[SLOW_LIST]), "each slow client is answered, too"
        assert min(answered[BY_KEY] + answered[LIST]) >= 10
    monkeypatch.setattr(Latencies, "of", lambda *_: UNTIMED)
    with served(tables, queries=QUERIES) as bench:
        in_one_queue = crowded(bench, SLOW_LIST, 40, 0.8)
    assert sum(answered[BY_KEY]) > 10 * sum(in_one_queue[BY_KEY])


@pytest.mark.parametrize("slow", ["slowItem(id: 2) { name }", "slowByHand", "slowTransaction"])
def test_whatever_was_slow_before_leaves_connections_to_others(tables: str, slow: str) -> None:
    with served(tables, queries=QUERIES, pool_size=4) as bench:
        for _ in range(3):
            bench.data(f"{{ {slow} }}")
        answered = crowded(bench, f"{{ {slow} }}", 8, 0.4, 5)
        assert min(answered[BY_KEY] + answered[LIST]) >= 5
        assert min(answered[BY_KEY]) > max(answered[f"{{ {slow} }}"])
        assert [gauge(bench, "limit", kind) for kind in KINDS] == [4, 3, 2]
        assert [gauge(bench, "waiting", kind) for kind in KINDS] == [0, 0, 0]


def test_metrics_tell_who_holds_and_waits(tables: str) -> None:
    with served(tables, queries=QUERIES, pool_size=2) as bench:

        async def run() -> None:
            clients = [asyncio.create_task(bench.respond(SLOW_LIST)) for _ in range(3)]
            await asyncio.sleep(0.1)
            assert [gauge(bench, "held", kind) for kind in KINDS] == [0, 1, 0]
            assert [gauge(bench, "waiting", kind) for kind in KINDS] == [0, 2, 0]
            for client in clients:
                client.cancel()
            await asyncio.gather(*clients, return_exceptions=True)
            assert await bench.respond(BY_KEY)
            async with asyncio.timeout(10):
                while gauge(bench, "held", "list"):
                    await bench.respond(BY_KEY)

        bench.run(run())


def test_a_transaction_that_was_slow_may_read_beside_itself(tables: str) -> None:
    with served(tables, queries=QUERIES, pool_size=2) as bench:
        for _ in range(2):
            assert bench.data("{ slowNested }") == {"slowNested": 3}
