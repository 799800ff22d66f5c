"""Request coalescing: one request computes a key, the others wait.

A waiter gets only a value that was looked up or computed after it arrived. So a client that wrote
and then asks never gets a value from before its write.
"""

import asyncio
from enum import Enum
from typing import Any, Final, Generic, TypeVar

T = TypeVar("T")


class WaitOutcome(Enum):
    """The turn of a waiter that gets no value."""

    PROMOTED = "promoted"
    """It computes for those who still wait."""

    UNCOALESCED = "uncoalesced"
    """It computes for itself alone."""


_MAX_FAILURES: Final = 2
"""Failures in a row after which all waiters compute for themselves; otherwise they would wait for
one failure after another."""


class PendingFill(Generic[T]):
    """The pending computation of a key, and its waiters; driven by the request that computes.

    Attributes:
        waiters: Those who arrived in time for the current computation.
    """

    __slots__ = ("_closed", "_failures", "_key", "_late", "_pending", "waiters")

    def __init__(self, pending: "dict[bytes, PendingFill[T]]", key: bytes) -> None:
        self._pending = pending
        self._key = key
        self._closed = False
        self._failures = 0
        self.waiters: list[asyncio.Future[T | WaitOutcome]] = []
        self._late: list[asyncio.Future[T | WaitOutcome]] = []

    def begin(self) -> bool:
        """Have later arrivals wait for the next computation; return whether anybody waits."""
        self._closed = True
        return bool(self.waiters)

    def reopen(self) -> None:
        """Admit the late arrivals, for a computation that begins later."""
        self._closed = False
        self.waiters += self._late
        self._late.clear()

    def resolve(self, value: T) -> None:
        """Give the waiters the value that was found or computed since ``begin``."""
        self._notify(value)

    def end(self) -> None:
        """Promote the first late arrival, if there is one."""
        self._failures = 0
        self.reopen()
        self._promote_next()

    def give_up(self, *, failed: bool) -> None:
        """Promote the next waiter; after several failures release all.

        Args:
            failed: Whether computing failed, or its value is not for others; false where the
                request was cancelled.
        """
        self._failures += failed
        if self._failures >= _MAX_FAILURES:
            self.release_all()
        else:
            self.reopen()
            self._promote_next()

    def release_all(self) -> None:
        """Have every waiter compute for itself."""
        self._notify(WaitOutcome.UNCOALESCED)
        self.end()

    def join(self) -> "asyncio.Future[T | WaitOutcome]":
        """Return the future of a new waiter."""
        waiter: asyncio.Future[T | WaitOutcome] = asyncio.get_running_loop().create_future()
        (self._late if self._closed else self.waiters).append(waiter)
        return waiter

    def _notify(self, value: T | WaitOutcome) -> None:
        waiters, self.waiters = self.waiters, []
        for waiter in waiters:
            if not waiter.done():
                waiter.set_result(value)

    def _promote_next(self) -> None:
        while self.waiters:
            waiter = self.waiters.pop(0)
            if not waiter.done():
                waiter.set_result(WaitOutcome.PROMOTED)
                return
        del self._pending[self._key]


class RequestCoalescer(Generic[T]):
    """Pending computations of one process, by key."""

    __slots__ = ("_pending",)

    def __init__(self) -> None:
        self._pending: dict[bytes, PendingFill[T]] = {}

    def __len__(self) -> int:
        """Return the number of pending keys."""
        return len(self._pending)

    def start(self, key: bytes) -> PendingFill[T] | None:
        """Start computing a key; None where another request does."""
        if key in self._pending:
            return None
        pending = self._pending[key] = PendingFill(self._pending, key)
        return pending

    async def wait(self, key: bytes, max_wait: float) -> T | WaitOutcome | PendingFill[T]:
        """Wait for the value of a pending key, or for the turn to compute it.

        Args:
            key: The pending key.
            max_wait: Seconds after which the caller computes for itself.
        """
        pending = self._pending[key]
        waiter = pending.join()
        timer = asyncio.get_running_loop().call_later(max_wait, _expire, waiter)
        try:
            outcome = await waiter
        except asyncio.CancelledError:
            if waiter.done() and not waiter.cancelled() and waiter.result() is WaitOutcome.PROMOTED:
                # It was promoted at the very moment of its cancellation.
                pending.give_up(failed=False)
            raise
        finally:
            timer.cancel()
        return pending if outcome is WaitOutcome.PROMOTED else outcome


def _expire(waiter: "asyncio.Future[Any]") -> None:
    if not waiter.done():
        waiter.set_result(WaitOutcome.UNCOALESCED)
