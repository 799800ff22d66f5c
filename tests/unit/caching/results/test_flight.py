"""Flight: whoever waits is told something, and nothing is left behind."""

import asyncio
import random

from fraiseql.caching.results.coalescing import Flight, Flights, Turn

KEY = b"key"


async def waiting(flights: Flights[int], count: int) -> list[asyncio.Task[object]]:
    tasks = [asyncio.create_task(flights.wait(KEY, 10)) for _ in range(count)]
    await asyncio.sleep(0)
    return list(tasks)


async def test_members_are_given_the_value_and_the_late_ones_a_turn() -> None:
    flights: Flights[int] = Flights()
    flight = flights.lead(KEY)
    assert flight is not None
    assert flights.lead(KEY) is None
    members = await waiting(flights, 3)
    assert flight.begin() is True
    late = await waiting(flights, 2)
    flight.land(7)
    assert await asyncio.gather(*members) == [7, 7, 7]
    flight.end()
    assert await late[0] is flight
    assert not late[1].done()
    flight.begin()
    flight.land(8)
    assert await late[1] == 8
    flight.end()
    assert len(flights) == 0


async def test_after_two_failures_all_compute_by_themselves() -> None:
    flights: Flights[int] = Flights()
    flight = flights.lead(KEY)
    assert flight is not None
    members = await waiting(flights, 5)
    flight.give_up(failed=True)
    assert await members[0] is flight
    flight.give_up(failed=True)
    assert await asyncio.gather(*members[1:]) == [Turn.ALONE] * 4
    assert len(flights) == 0


async def test_patience_ends() -> None:
    flights: Flights[int] = Flights()
    flight = flights.lead(KEY)
    assert flight is not None
    assert await flights.wait(KEY, 0.01) is Turn.ALONE
    flight.end()
    assert len(flights) == 0


async def test_whatever_happens_nobody_waits_for_ever_and_nothing_stays() -> None:
    """Callers that are cancelled, fail or succeed, at every moment there is."""
    for seed in range(100):
        flights: Flights[int] = Flights()
        chance = random.Random(seed)
        callers = [asyncio.create_task(caller(flights, chance)) for _ in range(20)]
        while not all(one.done() for one in callers):
            await asyncio.sleep(0)
            if chance.random() < 0.3:
                chance.choice(callers).cancel()
        await asyncio.gather(*callers, return_exceptions=True)
        assert len(flights) == 0, seed


async def caller(flights: Flights[int], chance: random.Random) -> None:
    for _ in range(chance.randrange(4)):
        await asyncio.sleep(0)
    flight = flights.lead(KEY)
    if flight is None:
        told = await flights.wait(KEY, 5)
        if not isinstance(told, Flight):
            return
        flight = told
    try:
        flight.begin()
        await asyncio.sleep(0)
        if chance.random() < 0.3:
            flight.reopen()
            await asyncio.sleep(0)
            flight.begin()
        await asyncio.sleep(0)
    except asyncio.CancelledError:
        flight.give_up(failed=False)
        raise
    if chance.random() < 0.5:
        flight.give_up(failed=True)
    else:
        flight.land(1)
        flight.end()
