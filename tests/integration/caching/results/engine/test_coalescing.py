"""Single flight: of all who ask for a key at the same time, one computes."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress

import asyncpg
import pytest

from fraiseql.results import CacheResult, ComputedValue
from tests.integration.caching.results.engine.cache_fixture import (
    CacheFixture,
    cache_fixture,
    until,
    value_of,
)

CALLERS = 1_000


class Gate:
    """A computation that goes on when it is told to.

    Attributes:
        begun: How often it began.
        ended: How often it came to its end.
    """

    def __init__(self, fixture: CacheFixture) -> None:
        self._fixture = fixture
        self.open = asyncio.Event()
        self.begun = self.ended = 0

    async def compute(self) -> ComputedValue:
        self.begun += 1
        await self.open.wait()
        result = await self._fixture.read()
        self.ended += 1
        return result


@pytest.fixture
async def other(env: str, fixture: CacheFixture) -> AsyncIterator[CacheFixture]:
    """What another process would have: other connections, another memory."""
    async with cache_fixture(env) as running:
        yield running


async def test_a_thousand_callers_on_a_cold_key_compute_once(fixture: CacheFixture) -> None:
    cached, gate = fixture.cached(), Gate(fixture)
    callers = [asyncio.create_task(fixture.ask(cached, gate.compute)) for _ in range(CALLERS)]
    await until(lambda: gate.begun)
    gate.open.set()
    answers = await asyncio.gather(*callers)
    await fixture.settled()
    assert gate.begun == 1
    assert len({value_of(answer) for answer in answers}) == 1
    assert sum(answer.computed is not None for answer in answers) == 1
    # Those that a busy machine lets in after the computation are hits.
    shared = [answer for answer in answers if answer.computed is None]
    assert all(answer.collapsed or answer.outcome == "hit" for answer in shared)
    assert any(answer.collapsed for answer in shared)


async def test_a_caller_during_a_computation_gets_no_older_read(
    fixture: CacheFixture, admin: asyncpg.Connection
) -> None:
    """A client that wrote and then asks reads its own write, whoever computes meanwhile."""
    cached = fixture.cached()
    read, go_on = asyncio.Event(), asyncio.Event()

    async def compute() -> ComputedValue:
        result = await fixture.read()
        read.set()
        await go_on.wait()
        return result

    early = asyncio.create_task(fixture.ask(cached, compute))
    await read.wait()
    await admin.execute("UPDATE item SET name = 'mine' WHERE id = 3")
    late = [asyncio.create_task(fixture.ask(cached)) for _ in range(20)]
    await asyncio.sleep(0)
    go_on.set()
    assert b"mine" not in (value_of(await early) or b"")
    for answer in await asyncio.gather(*late):
        assert b"mine" in (value_of(answer) or b"")
    await admin.execute("UPDATE item SET name = 'item3' WHERE id = 3")
    await fixture.settled()


async def test_when_the_one_who_computes_is_cancelled_one_takes_over(fixture: CacheFixture) -> None:
    cached, gate = fixture.cached(), Gate(fixture)
    winner = asyncio.create_task(fixture.ask(cached, gate.compute))
    await until(lambda: gate.begun)
    # Their turn ended before they came: they wait for the next one.
    callers = [asyncio.create_task(fixture.ask(cached, gate.compute)) for _ in range(50)]
    await asyncio.sleep(0.01)
    winner.cancel()
    with suppress(asyncio.CancelledError):
        await winner
    await until(lambda: gate.begun == 2)
    for caller in callers[::3]:
        caller.cancel()
    gate.open.set()
    answers = await asyncio.gather(*callers, return_exceptions=True)
    await fixture.settled()
    answered = [answer for answer in answers if isinstance(answer, CacheResult)]
    assert len(answered) >= 32
    assert len({value_of(answer) for answer in answered}) == 1
    # One more, if the one who had taken over was among those that were cancelled.
    assert gate.begun <= 3


async def test_a_failure_is_its_own_and_one_more_tries(fixture: CacheFixture) -> None:
    cached, begun = fixture.cached(), 0

    async def compute() -> ComputedValue:
        nonlocal begun
        begun += 1
        await asyncio.sleep(0.05)
        if begun == 1:
            raise LookupError
        return await fixture.read()

    callers = [asyncio.create_task(fixture.ask(cached, compute)) for _ in range(100)]
    answers = await asyncio.gather(*callers, return_exceptions=True)
    await fixture.settled()
    assert sum(isinstance(answer, LookupError) for answer in answers) == 1
    assert begun == 2


async def test_what_always_fails_is_not_tried_by_one_after_the_other(fixture: CacheFixture) -> None:
    cached, begun = fixture.cached(), 0

    async def compute() -> ComputedValue:
        nonlocal begun
        begun += 1
        await asyncio.sleep(0.05)
        raise LookupError

    start = asyncio.get_running_loop().time()
    callers = [asyncio.create_task(fixture.ask(cached, compute)) for _ in range(200)]
    answers = await asyncio.gather(*callers, return_exceptions=True)
    assert all(isinstance(answer, LookupError) for answer in answers)
    assert begun == 200
    assert asyncio.get_running_loop().time() - start < 200 * 0.05 / 2
    await fixture.settled()


async def test_two_processes_compute_once(fixture: CacheFixture, other: CacheFixture) -> None:
    cached, present = fixture.cached(), other.cached()
    gate = Gate(fixture)
    mine = [asyncio.create_task(fixture.ask(cached, gate.compute)) for _ in range(50)]
    await until(lambda: gate.begun)
    theirs = [asyncio.create_task(other.ask(present)) for _ in range(50)]
    await asyncio.sleep(0.2)
    assert other.computed == 0
    gate.open.set()
    answers = await asyncio.gather(*mine, *theirs)
    assert (fixture.computed, other.computed) == (1, 0)
    assert len({value_of(answer) for answer in answers}) == 1
    await fixture.settled()
    await other.settled()


async def test_a_process_that_dies_while_it_computes_is_replaced(
    fixture: CacheFixture, other: CacheFixture, admin: asyncpg.Connection
) -> None:
    cached, gate = fixture.cached(), Gate(fixture)
    stuck = asyncio.create_task(fixture.ask(cached, gate.compute))
    await until(lambda: gate.begun)
    waiting = asyncio.create_task(other.ask(other.cached()))
    await asyncio.sleep(0.1)
    assert not waiting.done()
    # What a process leaves behind that is killed: its connections end.
    await admin.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND state = 'idle in transaction'"
    )
    answer = await asyncio.wait_for(waiting, 5)
    assert other.computed == 1
    gate.open.set()
    assert value_of(await stuck) == value_of(answer)
    await fixture.settled()
    await other.settled()


async def test_a_caller_after_the_wait_limit_gets_no_older_read(
    env: str, other: CacheFixture, admin: asyncpg.Connection
) -> None:
    async with cache_fixture(env, request_timeout=0.1) as impatient:
        elsewhere, gate = Gate(other), Gate(impatient)
        leading = asyncio.create_task(other.ask(other.cached(), elsewhere.compute))
        await until(lambda: elsewhere.begun)
        cached, read = impatient.cached(), asyncio.Event()

        async def compute() -> ComputedValue:
            result = await impatient.read()
            read.set()
            return ComputedValue((await gate.compute()).value and result.value, cacheable=True)

        early = asyncio.create_task(impatient.ask(cached, compute))
        await read.wait()
        await admin.execute("UPDATE item SET name = 'late' WHERE id = 5")
        late = asyncio.create_task(impatient.ask(cached))
        await asyncio.sleep(0)
        gate.open.set()
        assert b'"late"' not in (value_of(await early) or b"")
        assert b'"late"' in (value_of(await late) or b"")
        await admin.execute("UPDATE item SET name = 'item5' WHERE id = 5")
        elsewhere.open.set()
        await leading
        await impatient.settled()
        await other.settled()


async def test_those_who_wait_hold_no_connection(env: str, admin: asyncpg.Connection) -> None:
    async with (
        cache_fixture(env, pool_size=1, cache_connections=2) as narrow,
        cache_fixture(env) as winner,
    ):
        gate = Gate(winner)
        leading = asyncio.create_task(winner.ask(winner.cached(), gate.compute))
        await until(lambda: gate.begun)
        cached = narrow.cached()
        callers = [asyncio.create_task(narrow.ask(cached)) for _ in range(100)]
        await asyncio.sleep(0.1)
        clock, took = asyncio.get_running_loop().time, []
        for _ in range(20):
            start = clock()
            await narrow.pool.fetch_bytes("SELECT 1")
            took.append(clock() - start)
        # One that waits for a connection waits until the gate opens.
        assert sorted(took)[10] < 1.0
        assert narrow.computed == 0
        gate.open.set()
        await asyncio.gather(leading, *callers)
        assert narrow.computed == 0
        await narrow.settled()
        await winner.settled()


async def test_one_connection_is_enough(env: str, admin: asyncpg.Connection) -> None:
    async with cache_fixture(env, pool_size=1, cache_connections=1) as narrow:
        cached = narrow.cached()
        answers = await asyncio.gather(*(narrow.ask(cached) for _ in range(20)))
        assert narrow.computed == 1
        assert len({value_of(answer) for answer in answers}) == 1
        await narrow.settled()
        assert (await narrow.ask(cached)).outcome == "hit"


async def test_an_answer_too_large_for_the_store_is_shared_all_the_same(
    env: str, admin: asyncpg.Connection
) -> None:
    async with cache_fixture(env, cache_max_entry_bytes=20) as small:
        cached, gate = small.cached(), Gate(small)
        callers = [asyncio.create_task(small.ask(cached, gate.compute)) for _ in range(100)]
        await until(lambda: gate.begun)
        gate.open.set()
        answers = await asyncio.gather(*callers)
        # Callers that came after the first look-up was sent share the next computation.
        assert gate.begun <= 2
        assert not any(answer.stored for answer in answers)
        assert small.events()["too_large"] == gate.begun
        await small.settled()
