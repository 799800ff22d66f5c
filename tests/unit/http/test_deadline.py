"""Deadline: a fast request costs no timer; a slow one ends in time, or with its client."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from fraiseql.http.asgi import Message
from fraiseql.http.deadline import Deadline, DeadlineClock, Ending

Work = Callable[[], Awaitable[object]]


async def never() -> Message:
    await asyncio.Event().wait()
    return {}


async def gone() -> Message:
    return {"type": "http.disconnect"}


async def guarded(
    seconds: float, work: Work, receive: Callable[[], Awaitable[Message]] = never
) -> Ending | None:
    """Run ``work`` as the endpoint does; how it was ended, or None."""
    deadline = Deadline(seconds, DeadlineClock())
    deadline.watch(receive)
    try:
        try:
            await work()
        finally:
            deadline.close()
    except asyncio.CancelledError:
        if deadline.ending is None:
            raise
    return deadline.ending


async def test_fast_work_makes_no_task_and_leaves_no_timer() -> None:
    calls = 0

    async def receive() -> Message:
        nonlocal calls
        calls += 1
        return await never()

    before = asyncio.all_tasks()
    assert await guarded(10, lambda: asyncio.sleep(0), receive) is None
    assert asyncio.all_tasks() == before
    await asyncio.sleep(0.1)
    assert calls == 0


@pytest.mark.parametrize("seconds", [0.02, 0.12])
async def test_slow_work_is_cancelled_at_the_deadline(seconds: float) -> None:
    loop = asyncio.get_running_loop()
    began = loop.time()
    assert await guarded(seconds, lambda: asyncio.sleep(5)) is Ending.EXPIRED
    assert seconds * 0.9 <= loop.time() - began < 4.5
    task = asyncio.current_task()
    assert task is not None
    assert task.cancelling() == 0, "our own cancellation was not taken back"


async def test_work_is_cancelled_when_the_client_goes() -> None:
    assert await guarded(10, lambda: asyncio.sleep(5), gone) is Ending.CLIENT_GONE


async def test_without_a_limit_only_the_client_ends_it() -> None:
    assert await guarded(0, lambda: asyncio.sleep(0.15)) is None
    assert await guarded(0, lambda: asyncio.sleep(5), gone) is Ending.CLIENT_GONE


async def test_the_empty_body_of_a_get_is_passed_over() -> None:
    messages: list[Message] = [{"type": "http.request"}, {"type": "http.disconnect"}]

    async def receive() -> Message:
        return messages.pop(0)

    assert await guarded(10, lambda: asyncio.sleep(5), receive) is Ending.CLIENT_GONE


async def test_a_body_replayed_without_end_does_not_spin() -> None:
    calls = 0

    async def receive() -> Message:
        nonlocal calls
        calls += 1
        return {"type": "http.request", "body": b"again"}

    assert await guarded(0.2, lambda: asyncio.sleep(5), receive) is Ending.EXPIRED
    assert calls < 20


async def test_a_cancellation_from_outside_is_passed_on() -> None:
    task = asyncio.create_task(guarded(10, lambda: asyncio.sleep(5)))
    await asyncio.sleep(0.1)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_a_cancellation_from_outside_wins_over_the_deadline() -> None:
    async def stubborn() -> None:
        try:
            await asyncio.sleep(5)
        except asyncio.CancelledError:
            # The deadline's; before it is through, the server stops as well.
            task = asyncio.current_task()
            assert task is not None
            task.cancel()
            await asyncio.sleep(5)

    task = asyncio.create_task(guarded(0.06, stubborn))
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_work_that_swallows_the_cancellation_leaves_the_task_clean() -> None:
    async def swallow() -> None:
        try:
            await asyncio.sleep(5)
        except asyncio.CancelledError:
            return

    assert await guarded(0.06, swallow) is Ending.EXPIRED
    async with asyncio.timeout(5):
        await asyncio.sleep(0)
    task = asyncio.current_task()
    assert task is not None
    assert task.cancelling() == 0
