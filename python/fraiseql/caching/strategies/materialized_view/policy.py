"""When to refresh a view, by its declaration and its state."""

from dataclasses import dataclass
from math import inf
from typing import Final

from fraiseql.schema.storage import MaterializedView

SHORTEST: Final = 1.0
"""Least seconds between two refreshes; twice the duration of one if that is more."""

LOOK: Final = 0.5
"""Seconds between two checks for new writes."""

_LONGEST_LOOK: Final = 30.0
_LONGEST_BACKOFF: Final = 300.0


@dataclass(frozen=True, slots=True)
class RefreshState:
    """The state of a view.

    Attributes:
        age: Seconds; 0 if no write is missing, None if unknown.
        since: Seconds since its last refresh began.
        took: Duration of that refresh in seconds.
        fails: Failed attempts since.
        since_failed: Seconds since the last failure, or None.
        age_unknown: Whether the age was unknown after the last refresh: a trigger is missing.
    """

    age: float | None
    since: float
    took: float
    fails: int = 0
    since_failed: float | None = None
    age_unknown: bool = False


@dataclass(frozen=True, slots=True)
class Policy:
    """When to refresh a view; all in seconds.

    Attributes:
        every: Longest time between refreshes while rows are written, or None.
        on_write: Whether a write causes a refresh as soon as the shortest interval has passed.
        lag: Age that the view should not exceed, or None.
    """

    every: float | None = None
    on_write: bool = False
    lag: float | None = None

    @classmethod
    def of(cls, declared: MaterializedView) -> "Policy":
        """Return the policy of a declaration."""
        return cls(declared.every, declared.on_write, declared.lag)

    def wait(self, view: RefreshState) -> float:
        """Return the seconds until a refresh is due; 0 if it is due now.

        A view that misses no write is never refreshed.
        """
        if view.age == 0:
            return inf
        pause = max(SHORTEST, 2 * view.took) - view.since
        if view.fails:
            pause = max(pause, _backoff(view.fails) - (view.since_failed or 0))
        if view.age is None:
            # The age stays unknown until the trigger is repaired.
            return max(0.0, pause, _LONGEST_LOOK - view.since if view.age_unknown else 0.0)
        return max(0.0, pause, min(self._waits(view, view.age)))

    def _waits(self, view: RefreshState, age: float) -> list[float]:
        waits = [0.0] if self.on_write else []
        if self.every is not None:
            waits.append(self.every - view.since)
        if self.lag is not None:
            # Early enough to end in time, even if it takes twice as long as the last one.
            waits.append(self.lag - age - 2 * view.took - 2 * LOOK)
        return waits or [inf]

    def look_again(self, view: RefreshState) -> float:
        """Return the seconds until the next check of the view."""
        wait = self.wait(view)
        if wait == inf:
            prompt = self.on_write or (self.lag is not None and self.lag < 2 * _LONGEST_LOOK)
            return LOOK if prompt else min(_LONGEST_LOOK, (self.every or self.lag or inf) / 4)
        return min(max(wait, LOOK), _LONGEST_LOOK)


def _backoff(fails: int) -> float:
    return float(min(2.0 ** min(fails, 16), _LONGEST_BACKOFF))
