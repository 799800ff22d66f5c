"""Exponential backoff after store failures."""

from time import monotonic
from typing import Final

FIRST: Final = 1.0
LONGEST: Final = 30.0


class Backoff:
    """A pause that doubles with every failure, until a success."""

    __slots__ = ("_next", "_until")

    def __init__(self) -> None:
        self._until = 0.0
        self._next = 0.0

    @property
    def active(self) -> bool:
        """Whether to ask nothing now."""
        return self._until > 0.0 and monotonic() < self._until

    def failed(self) -> None:
        """Begin a pause twice as long as the last; failures during a pause change nothing."""
        if self.active:
            return
        pause = self._next or FIRST
        self._until = monotonic() + pause
        self._next = min(2 * pause, LONGEST)

    def succeeded(self) -> None:
        """Start over with the shortest pause."""
        if self._until:
            self._until = self._next = 0.0
