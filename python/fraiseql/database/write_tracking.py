"""Watching: whether a transaction of the application's own is open, and whether one may write."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final


class Writes:
    """Whether anything that runs under it may have written.

    Attributes:
        any: Whether a transaction that may write was begun.
    """

    __slots__ = ("_above", "any")

    def __init__(self, above: "Writes | None") -> None:
        self.any = False
        self._above = above

    def note(self) -> None:
        """Say that something may be written."""
        self.any = True
        if self._above is not None:
            self._above.note()


_open: Final[ContextVar[int]] = ContextVar("fraiseql_transactions", default=0)
_watching: Final[ContextVar[Writes | None]] = ContextVar("fraiseql_writes", default=None)


def in_transaction() -> bool:
    """Whether a block of ``Database.transaction`` is open around the caller."""
    return _open.get() > 0


@contextmanager
def watched_writes() -> Iterator[Writes]:
    """Watch what is run in the block, in tasks that it starts too."""
    writes = Writes(_watching.get())
    token = _watching.set(writes)
    try:
        yield writes
    finally:
        _watching.reset(token)


@contextmanager
def opened(*, writable: bool) -> Iterator[None]:
    """Surround the block of one transaction."""
    watching = _watching.get()
    if writable and watching is not None:
        watching.note()
    # Set back and not reset: an abandoned block may end in another context than it began in.
    before = _open.get()
    _open.set(before + 1)
    try:
        yield
    finally:
        _open.set(before)
