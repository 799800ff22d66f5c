"""Flight: of all who ask for one key in a process, one computes and the others wait.

Whoever waits is given a value that was looked up, or computed, from its arrival on and not before:
so a client that wrote and then asks is never given what was read before it wrote.
"""

import asyncio
from enum import Enum
from typing import Any, Final, Generic, TypeVar

T = TypeVar("T")


class Turn(Enum):
    """What one who waited is told, where it is not a value."""

    LEAD = "lead"
    ALONE = "alone"


_MOST_STRIKES: Final = 2
"""Failures in a row after which those who wait compute by themselves: one after the other they
would wait for as many failures as there are of them."""


class Flight(Generic[T]):
    """The one computation of a key, and who waits for it; steered by the one who leads.

    Attributes:
        members: Those who arrived before what they are to be given was begun.
    """

    __slots__ = ("_flights", "_key", "_later", "_sealed", "_strikes", "members")

    def __init__(self, flights: "dict[bytes, Flight[T]]", key: bytes) -> None:
        self._flights = flights
        self._key = key
        self._sealed = False
        self._strikes = 0
        self.members: list[asyncio.Future[T | Turn]] = []
        self._later: list[asyncio.Future[T | Turn]] = []

    def begin(self) -> bool:
        """Have those who arrive from now on wait for the next flight; return whether any wait."""
        self._sealed = True
        return bool(self.members)

    def reopen(self) -> None:
        """Begin again later: who arrived meanwhile is in time for it."""
        self._sealed = False
        self.members += self._later
        self._later.clear()

    def land(self, value: T) -> None:
        """Give the members what was found or computed since ``begin``."""
        self._tell(value)

    def end(self) -> None:
        """Have the first of those who arrived too late lead the next flight, if there are any."""
        self._strikes = 0
        self.reopen()
        self._pass_on()

    def give_up(self, *, failed: bool) -> None:
        """Pass the lead on to one who waits; after several failures they compute by themselves.

        Args:
            failed: Whether the computation failed, or gave what is not for others; false where the
                one who leads was cancelled.
        """
        self._strikes += failed
        if self._strikes >= _MOST_STRIKES:
            self.disperse()
        else:
            self.reopen()
            self._pass_on()

    def disperse(self) -> None:
        """Have the members compute by themselves, all at once."""
        self._tell(Turn.ALONE)
        self.end()

    def join(self) -> "asyncio.Future[T | Turn]":
        """Return what is told to one who arrives now."""
        place: asyncio.Future[T | Turn] = asyncio.get_running_loop().create_future()
        (self._later if self._sealed else self.members).append(place)
        return place

    def _tell(self, value: T | Turn) -> None:
        members, self.members = self.members, []
        for member in members:
            if not member.done():
                member.set_result(value)

    def _pass_on(self) -> None:
        while self.members:
            member = self.members.pop(0)
            if not member.done():
                member.set_result(Turn.LEAD)
                return
        del self._flights[self._key]


class Flights(Generic[T]):
    """The flights of one process, by key."""

    __slots__ = ("_flights",)

    def __init__(self) -> None:
        self._flights: dict[bytes, Flight[T]] = {}

    def __len__(self) -> int:
        """Return how many keys are looked up or computed now."""
        return len(self._flights)

    def lead(self, key: bytes) -> Flight[T] | None:
        """Return a new flight to lead; None where there is one already."""
        if key in self._flights:
            return None
        flight = self._flights[key] = Flight(self._flights, key)
        return flight

    async def wait(self, key: bytes, patience: float) -> T | Turn | Flight[T]:
        """Wait for the flight that there is: for its value, its lead, or word to compute alone.

        Args:
            key: Of the flight.
            patience: Seconds after which one computes alone.
        """
        flight = self._flights[key]
        place = flight.join()
        timer = asyncio.get_running_loop().call_later(patience, _expire, place)
        try:
            turn = await place
        except asyncio.CancelledError:
            if place.done() and not place.cancelled() and place.result() is Turn.LEAD:
                # The lead was handed over in the very moment of the cancellation.
                flight.give_up(failed=False)
            raise
        finally:
            timer.cancel()
        return flight if turn is Turn.LEAD else turn


def _expire(place: "asyncio.Future[Any]") -> None:
    if not place.done():
        place.set_result(Turn.ALONE)
