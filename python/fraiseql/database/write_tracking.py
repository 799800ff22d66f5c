"""Tracking of the application's transactions and whether they may write."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final


class TrackedWrites:
    """Whether a block may have written.

    Attributes:
        any: Whether a writable transaction was begun.
    """

    __slots__ = ("_above", "any")

    def __init__(self, above: "TrackedWrites | None") -> None:
        self.any = False
        self._above = above

    def note(self) -> None:
        """Record a writable transaction."""
        self.any = True
        if self._above is not None:
            self._above.note()


_open: Final[ContextVar[int]] = ContextVar("fraiseql_transactions", default=0)
_watching: Final[ContextVar[TrackedWrites | None]] = ContextVar("fraiseql_writes", default=None)


def in_transaction() -> bool:
    """Return whether the caller is inside a block of ``Database.transaction``."""
    return _open.get() > 0


@contextmanager
def watched_writes() -> Iterator[TrackedWrites]:
    """Track writable transactions of the block and of tasks that it starts."""
    writes = TrackedWrites(_watching.get())
    token = _watching.set(writes)
    try:
        yield writes
    finally:
        _watching.reset(token)


@contextmanager
def opened(*, writable: bool) -> Iterator[None]:
    """Record an open transaction during the block."""
    watching = _watching.get()
    if writable and watching is not None:
        watching.note()
    # Not reset with a token: an abandoned block may end in another context.
    before = _open.get()
    _open.set(before + 1)
    try:
        yield
    finally:
        _open.set(before)
