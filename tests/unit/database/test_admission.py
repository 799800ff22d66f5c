"""Admission: limits of classes, order of queues, and no connection lost by any ending."""

import asyncio
from random import Random
from typing import Any, cast

import pytest

from fraiseql.database.admission import Admission, reserved_connections
from fraiseql.database.connection import Connection
from fraiseql.database.connection_pool import ConnectionPool
from fraiseql.database.connector import Connector
from fraiseql.database.identity import Identity
from fraiseql.database.latency import UNTIMED, Latencies, Latency, Priority
from fraiseql.errors import ConfigurationError, DatabaseUnavailable

KEY, LIST, SLOW = Priority


class FakeConnection:
    """A connection without a server."""

    def __init__(self) -> None:
        self.closed = False
        self.identity = Identity.NONE
        self.priority = KEY
        self.latency: Latency = UNTIMED
        self.tainted = False
        self.generation = 0
        self.since = 0.0

    def is_closed(self) -> bool:
        return self.closed

    def is_in_transaction(self) -> bool:
        return False

    def terminate(self) -> None:
        self.closed = True

    async def close(self, **_: float) -> None:
        await asyncio.sleep(0)
        self.closed = True

    async def reset_session(self) -> None:
        await asyncio.sleep(0)
        if self.closed:
            raise OSError


class FakeConnector:
    """Makes such connections, or fails at random."""

    def __init__(self, random: Random) -> None:
        self.random = random

    async def connect(self) -> Connection:
        await asyncio.sleep(0)
        if self.random.random() < 0.1:
            raise DatabaseUnavailable("It does not answer.")
        return cast("Connection", FakeConnection())


def connections_of(random: Random, size: int, share: float, timeout: float = 5.0) -> ConnectionPool:
    return ConnectionPool(cast("Connector", FakeConnector(random)), size, share, timeout)


def latency_of(priority: Priority) -> Latency:
    latency = Latency(priority)
    while priority is SLOW and latency.seconds < 0.5:
        latency.add(1.0)
    return latency


@pytest.mark.parametrize(
    ("size", "share", "limits"),
    [
        (1, 0.25, (1, 1, 1)),
        (2, 0.25, (2, 1, 1)),
        (3, 0.25, (3, 2, 1)),
        (4, 0.25, (4, 3, 2)),
        (10, 0.25, (10, 9, 8)),
        (40, 0.25, (40, 39, 30)),
        (10, 0.99, (10, 9, 1)),
        (10, 0.0, (10, 10, 10)),
    ],
)
def test_limits_of_classes(size: int, share: float, limits: tuple[int, ...]) -> None:
    assert Admission(size, share).limits == limits


@pytest.mark.parametrize("share", [-0.1, 1.0, float("nan"), float("inf")])
def test_a_share_that_is_none_is_refused(share: float) -> None:
    with pytest.raises(ConfigurationError, match="reserved_share"):
        reserved_connections(4, share)


def test_a_statement_is_slow_while_its_runs_take_long() -> None:
    latency = Latency(LIST)
    for _ in range(20):
        latency.add(0.02)
    assert latency.priority is LIST
    latency.add(15.0)
    assert latency.priority is SLOW
    latency.add_failed(0.0)
    assert latency.priority is SLOW, "a run that failed at once says nothing"
    for _ in range(8):
        latency.add(0.01)
    assert latency.priority is LIST
    latency.add_failed(15.0)
    assert latency.priority is SLOW, "a run that was cancelled late was slow"


def test_latencies_are_bounded() -> None:
    latencies = Latencies()
    for number in range(10_000):
        latencies.of(f"SELECT {number}", LIST)
    assert len(latencies) == 4_096
    assert latencies.of("SELECT 9999", LIST) is latencies.of("SELECT 9999", LIST)


async def wait_turns(kinds: list[Priority]) -> list[Priority]:
    """Return the order in which statements that wait for one connection are served."""
    connections = connections_of(Random(4), 1, 0.25)
    first = connections.try_acquire(Identity.NONE) or await connections.acquire()
    served: list[Priority] = []

    async def run(latency: Latency) -> None:
        connection = await connections.acquire(latency)
        served.append(latency.priority)
        connections.release(connection)

    tasks = [asyncio.create_task(run(latency_of(kind))) for kind in kinds]
    await asyncio.sleep(0)
    connections.release(first)
    await asyncio.gather(*tasks)
    return served


async def test_cheap_statements_go_first_and_slow_ones_have_a_turn() -> None:
    assert await wait_turns([SLOW, LIST, KEY, SLOW, KEY]) == [KEY, KEY, LIST, SLOW, SLOW]
    served = await wait_turns([SLOW, *[KEY] * 40])
    assert served.index(SLOW) == 16


async def test_a_waiting_statement_that_turned_slow_changes_its_queue() -> None:
    connections = connections_of(Random(4), 1, 0.25)
    first = connections.try_acquire(Identity.NONE) or await connections.acquire()
    served: list[str] = []
    latencies = {"grown": Latency(LIST), "list": Latency(LIST)}

    async def run(name: str) -> None:
        connection = await connections.acquire(latencies[name])
        served.append(name)
        connections.release(connection)

    tasks = [asyncio.create_task(run(name)) for name in ("grown", "grown", "list")]
    await asyncio.sleep(0)
    latencies["grown"].add(1.0)
    connections.release(first)
    await asyncio.gather(*tasks)
    assert served == ["list", "grown", "grown"]


class Storm:
    """Statements of all classes that end in every way, with checks of the limits.

    Args:
        random: Source of randomness.
        size: Connections.
        share: Share of them that is reserved.
    """

    def __init__(self, random: Random, size: int, share: float) -> None:
        self.random = random
        self.connections = connections_of(random, size, share)
        self.limits = Admission(size, share).limits
        self.latencies = [latency_of(kind) for kind in Priority for _ in range(2)]
        self.held = dict.fromkeys(Priority, 0)

    async def statement(self) -> None:
        latency = self.random.choice(self.latencies)
        connection = self.connections.try_acquire(
            Identity.NONE, latency
        ) or await self.connections.acquire(latency)
        kind = connection.priority
        self.held[kind] += 1
        assert self.held[SLOW] <= self.limits[SLOW]
        assert self.held[SLOW] + self.held[LIST] <= self.limits[LIST]
        try:
            for _ in range(self.random.randrange(4)):
                await asyncio.sleep(0)
        except asyncio.CancelledError:
            self.held[kind] -= 1
            self.connections.discard(connection)
            raise
        self.held[kind] -= 1
        await self.end(connection, latency)

    async def end(self, connection: Connection, latency: Latency) -> None:
        """End the use of a connection in one of the ways of a pool."""
        ending = self.random.randrange(12)
        if ending == 0:
            connection.terminate()
        if ending == 1:
            self.connections.discard(connection)
        elif ending == 2:
            self.connections.release(await self.connections.replace(connection))
        elif ending <= 4:
            self.connections.reset(connection, failed=ending == 4)
        elif ending == 5:
            self.connections.put_back(connection)
        elif ending == 6:
            latency.add(self.random.choice([0.0, 1.0]))
            self.connections.release(connection)
        else:
            if ending == 7:
                self.connections.replace_all()
            self.connections.release(connection)

    async def client(self) -> None:
        for _ in range(self.random.randrange(1, 6)):
            task = asyncio.create_task(self.statement())
            if self.random.random() < 0.2:
                for _ in range(self.random.randrange(6)):
                    await asyncio.sleep(0)
                task.cancel()
            (outcome,) = await asyncio.gather(task, return_exceptions=True)
            expected = (type(None), asyncio.CancelledError, DatabaseUnavailable)
            assert isinstance(outcome, expected), outcome


@pytest.mark.parametrize("seed", range(25))
async def test_no_permit_and_no_turn_is_lost(seed: int) -> None:
    random = Random(seed)
    size = random.randrange(1, 7)
    storm = Storm(random, size, random.choice([0.0, 0.25, 0.5]))
    async with asyncio.timeout(4):  # below the timeout: an endless wait fails here
        await asyncio.gather(*[storm.client() for _ in range(30)])
    connections: Any = storm.connections
    await asyncio.gather(*connections._tasks)
    usage = connections.usage()
    assert [(used.held, used.waiting) for used in usage.values()] == [(0, 0)] * 3
    assert connections._count == len(connections._free) <= size
    await connections.close()


async def test_a_statement_that_times_out_leaves_its_queue() -> None:
    connections = connections_of(Random(4), 2, 0.25, timeout=0.01)
    slow = latency_of(SLOW)
    held = await connections.acquire(slow)
    with pytest.raises(DatabaseUnavailable, match=r"All 1 .* for slow statements"):
        await connections.acquire(slow)
    assert [used.waiting for used in connections.usage().values()] == [0, 0, 0]
    connections.release(await connections.acquire())
    connections.release(held)
    assert connections.try_acquire(Identity.NONE, slow) is not None
