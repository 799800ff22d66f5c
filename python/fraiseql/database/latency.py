"""Mean latency of statements, and the priority that follows from it."""

from contextvars import ContextVar
from enum import IntEnum
from time import perf_counter
from typing import Final

_WEIGHT: Final = 0.25
"""Weight of the last run in the mean."""

_SLOW: Final = 0.1
"""Mean seconds from which a statement is slow."""

_CHEAP: Final = 0.05
"""Mean seconds below which a slow statement is no longer slow."""

_LONGEST: Final = 1.0
"""Maximum seconds of a run that count, so that one wait for a lock is soon forgotten."""

_SLOW_IN_PIPELINE: Final = 0.001
"""Seconds of a slow run in a pipeline."""

_IN_A_ROW: Final = 8
"""Slow runs in a row after which a statement leaves: a busy machine delays single answers."""

_APART: Final = 10.0
"""Seconds until a statement that left a pipeline may use one again."""

_MOST: Final = 4_096
"""Maximum number of statements with a latency."""


class Priority(IntEnum):
    """Class of a statement; lower numbers get connections first."""

    KEY = 0
    LIST = 1
    SLOW = 2


caller: Final[ContextVar[str]] = ContextVar("fraiseql_caller", default="")
"""Name of the field whose Python function runs."""


class Latency:
    """Exponentially weighted mean duration of a statement.

    Time in a queue does not count, so that waiting makes no statement slow.

    Args:
        usual: Priority of the statement while it is not slow.

    Attributes:
        priority: Current priority.
        seconds: The mean.
    """

    __slots__ = ("_apart_until", "_slow_runs", "_usual", "priority", "seconds")

    def __init__(self, usual: Priority) -> None:
        self._usual = usual
        self._apart_until = 0.0
        self._slow_runs = 0
        self.priority = usual
        self.seconds = 0.0

    def add(self, seconds: float) -> None:
        """Add a successful run."""
        if seconds > _LONGEST:  # noqa: PLR1730 - min() is slower here
            seconds = _LONGEST
        mean = self.seconds
        self.seconds = mean = mean + (seconds - mean) * _WEIGHT
        if mean > _SLOW:
            self.priority = Priority.SLOW
        elif mean < _CHEAP:
            self.priority = self._usual

    def add_failed(self, seconds: float) -> None:
        """Add a failed or cancelled run, which would have taken at least this long."""
        if seconds > self.seconds:
            self.add(seconds)

    def pipelines(self) -> bool:
        """Return whether the statement is known to be quick enough for a pipeline."""
        if not 0.0 < self.seconds < _CHEAP:
            return False
        return not self._apart_until or perf_counter() >= self._apart_until

    def add_pipelined(self, seconds: float, now: float) -> None:
        """Add a run in a pipeline, or several that were answered together.

        A statement that is often slow leaves it.

        Args:
            seconds: Time of a run.
            now: The current time.
        """
        if seconds < _SLOW_IN_PIPELINE:
            self._slow_runs = 0
            return
        self._slow_runs += 1
        if self._slow_runs >= _IN_A_ROW:
            self.leave_pipelines(now)

    def leave_pipelines(self, now: float) -> None:
        """Use connections of its own for some seconds."""
        self._apart_until = now + _APART
        self._slow_runs = 0


class _Untimed(Latency):
    """Latency of internal statements, which are never slow."""

    __slots__ = ()

    def add(self, seconds: float) -> None:
        """Do nothing."""


UNTIMED: Final = _Untimed(Priority.KEY)


class Latencies:
    """Latencies by statement, in a bounded number; the oldest are dropped."""

    __slots__ = ("_latencies",)

    def __init__(self) -> None:
        # By hash, so that long texts take no memory; on a collision two statements share a mean.
        self._latencies: dict[int, Latency] = {}

    def __len__(self) -> int:
        return len(self._latencies)

    def of(self, statement: str, usual: Priority) -> Latency:
        """Return the latency of a statement; ``usual`` is its first priority."""
        key = hash(statement)
        return self._latencies.get(key) or self._add(key, usual)

    def _add(self, key: int, usual: Priority) -> Latency:
        if len(self._latencies) >= _MOST:
            del self._latencies[next(iter(self._latencies))]
        latency = self._latencies[key] = Latency(usual)
        return latency
