"""Resting: after a failure nothing is asked for a while, so that failing costs requests nothing."""

from time import monotonic
from typing import Final

FIRST: Final = 1.0
LONGEST: Final = 30.0


class Rest:
    """Seconds of rest that double with every failure, until something succeeds."""

    __slots__ = ("_next", "_until")

    def __init__(self) -> None:
        self._until = 0.0
        self._next = 0.0

    @property
    def resting(self) -> bool:
        """Whether nothing is to be asked now."""
        return self._until > 0.0 and monotonic() < self._until

    def failed(self) -> None:
        """Rest, longer than the last time; who fails while there is a rest already adds nothing."""
        if self.resting:
            return
        rest = self._next or FIRST
        self._until = monotonic() + rest
        self._next = min(2 * rest, LONGEST)

    def succeeded(self) -> None:
        """Begin anew with the shortest rest."""
        if self._until:
            self._until = self._next = 0.0
