"""Request coalescing: every waiter gets an outcome, and nothing is left behind."""

import asyncio
import random

from fraiseql.caching.results.coalescing import PendingFill, RequestCoalescer, WaitOutcome

KEY = b"key"


async def waiting(coalescer: RequestCoalescer[int], count: int) -> list[asyncio.Task[object]]:
    tasks = [asyncio.create_task(coalescer.wait(KEY, 10)) for _ in range(count)]
    await asyncio.sleep(0)
    return list(tasks)


async def test_waiters_get_the_value_and_late_ones_a_turn() -> None:
    coalescer: RequestCoalescer[int] = RequestCoalescer()
    pending = coalescer.start(KEY)
    assert pending is not None
    assert coalescer.start(KEY) is None
    waiters = await waiting(coalescer, 3)
    assert pending.begin() is True
    late = await waiting(coalescer, 2)
    pending.resolve(7)
    assert await asyncio.gather(*waiters) == [7, 7, 7]
    pending.end()
    assert await late[0] is pending
    assert not late[1].done()
    pending.begin()
    pending.resolve(8)
    assert await late[1] == 8
    pending.end()
    assert len(coalescer) == 0


async def test_after_two_failures_all_compute_by_themselves() -> None:
    coalescer: RequestCoalescer[int] = RequestCoalescer()
    pending = coalescer.start(KEY)
    assert pending is not None
    waiters = await waiting(coalescer, 5)
    pending.give_up(failed=True)
    assert await waiters[0] is pending
    pending.give_up(failed=True)
    assert await asyncio.gather(*waiters[1:]) == [WaitOutcome.UNCOALESCED] * 4
    assert len(coalescer) == 0


async def test_a_waiter_stops_waiting_in_time() -> None:
    coalescer: RequestCoalescer[int] = RequestCoalescer()
    pending = coalescer.start(KEY)
    assert pending is not None
    assert await coalescer.wait(KEY, 0.01) is WaitOutcome.UNCOALESCED
    pending.end()
    assert len(coalescer) == 0


async def test_no_caller_waits_for_ever_and_nothing_remains() -> None:
    """Callers that are cancelled, fail or succeed, at every moment there is."""
    for seed in range(100):
        coalescer: RequestCoalescer[int] = RequestCoalescer()
        chance = random.Random(seed)
        callers = [asyncio.create_task(caller(coalescer, chance)) for _ in range(20)]
        while not all(task.done() for task in callers):
            await asyncio.sleep(0)
            if chance.random() < 0.3:
                chance.choice(callers).cancel()
        await asyncio.gather(*callers, return_exceptions=True)
        assert len(coalescer) == 0, seed


async def caller(coalescer: RequestCoalescer[int], chance: random.Random) -> None:
    for _ in range(chance.randrange(4)):
        await asyncio.sleep(0)
    pending = coalescer.start(KEY)
    if pending is None:
        outcome = await coalescer.wait(KEY, 5)
        if not isinstance(outcome, PendingFill):
            return
        pending = outcome
    try:
        pending.begin()
        await asyncio.sleep(0)
        if chance.random() < 0.3:
            pending.reopen()
            await asyncio.sleep(0)
            pending.begin()
        await asyncio.sleep(0)
    except asyncio.CancelledError:
        pending.give_up(failed=False)
        raise
    if chance.random() < 0.5:
        pending.give_up(failed=True)
    else:
        pending.resolve(1)
        pending.end()
