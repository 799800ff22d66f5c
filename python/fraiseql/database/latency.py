"""Latency of statements: a weighted mean for each, and the priority it gives."""

from contextvars import ContextVar
from enum import IntEnum
from typing import Final

_WEIGHT: Final = 0.25
"""What the last run counts in the mean."""

_SLOW: Final = 0.1
"""Seconds of the mean from which a statement is slow."""

_CHEAP: Final = 0.05
"""Seconds of the mean below which a slow statement is slow no more."""

_LONGEST: Final = 1.0
"""Seconds that a run counts at most, so that one that met a lock is forgotten after a few."""

_MOST: Final = 4_096
"""Statements whose latency is remembered."""


class Priority(IntEnum):
    """Which statements are given a connection first: lower numbers."""

    KEY = 0
    LIST = 1
    SLOW = 2


caller: Final[ContextVar[str]] = ContextVar("fraiseql_caller", default="")
"""Name of the field whose Python function runs."""


class Latency:
    """Mean time of one statement, later runs weighing more.

    Waiting for a connection is not counted: a queue makes nothing slow that waits in it.

    Args:
        usual: Priority of the statement while it is not slow.

    Attributes:
        priority: Its priority now.
        seconds: The mean.
    """

    __slots__ = ("_usual", "priority", "seconds")

    def __init__(self, usual: Priority) -> None:
        self._usual = usual
        self.priority = usual
        self.seconds = 0.0

    def add(self, seconds: float) -> None:
        """Count a run that ended well."""
        if seconds > _LONGEST:  # noqa: PLR1730 - min() is slower here
            seconds = _LONGEST
        mean = self.seconds
        self.seconds = mean = mean + (seconds - mean) * _WEIGHT
        if mean > _SLOW:
            self.priority = Priority.SLOW
        elif mean < _CHEAP:
            self.priority = self._usual

    def add_failed(self, seconds: float) -> None:
        """Count a run that failed or was cancelled: it would have taken this long at least."""
        if seconds > self.seconds:
            self.add(seconds)


class _Untimed(Latency):
    """Of the framework's own statements: they are never slow."""

    __slots__ = ()

    def add(self, seconds: float) -> None:
        """Count nothing."""


UNTIMED: Final = _Untimed(Priority.KEY)


class Latencies:
    """Latencies by statement; the oldest make room for new ones."""

    __slots__ = ("_known",)

    def __init__(self) -> None:
        # By hash: two texts that share one share a mean, and long texts take no memory.
        self._known: dict[int, Latency] = {}

    def __len__(self) -> int:
        return len(self._known)

    def of(self, statement: str, usual: Priority) -> Latency:
        """Return the latency of a statement, of which ``usual`` is the priority at first."""
        key = hash(statement)
        return self._known.get(key) or self._add(key, usual)

    def _add(self, key: int, usual: Priority) -> Latency:
        if len(self._known) >= _MOST:
            del self._known[next(iter(self._known))]
        latency = self._known[key] = Latency(usual)
        return latency
