"""Policy: when a view is refreshed, from what is declared of it and what is known of it."""

from dataclasses import dataclass
from math import inf
from typing import Final

from fraiseql.schema.storage import MaterializedView

SHORTEST: Final = 1.0
"""Seconds between two refreshes, at least; twice the time that one takes if that is more."""

LOOK: Final = 0.5
"""Seconds between two looks at whether something was written."""

_LONGEST_LOOK: Final = 30.0
_LONGEST_BACKOFF: Final = 300.0


@dataclass(frozen=True, slots=True)
class RefreshState:
    """What is known of a view.

    Attributes:
        age: Seconds; 0 when it lacks nothing, None when that is not known.
        since: Seconds since its last refresh began.
        took: Seconds that it took.
        fails: Attempts that failed since.
        since_failed: Seconds since the last of those, or None.
        age_unknown: Whether the last refresh could not tell its age either: a trigger is missing.
    """

    age: float | None
    since: float
    took: float
    fails: int = 0
    since_failed: float | None = None
    age_unknown: bool = False


@dataclass(frozen=True, slots=True)
class Policy:
    """When one view is refreshed; all in seconds.

    Attributes:
        every: Longest time between refreshes while something is written, or None.
        on_write: Whether a write brings a refresh as soon as the last one is not too recent.
        lag: Age that is not to be passed, or None.
    """

    every: float | None = None
    on_write: bool = False
    lag: float | None = None

    @classmethod
    def of(cls, declared: MaterializedView) -> "Policy":
        """Return the policy that a declaration asks for."""
        return cls(declared.every, declared.on_write, declared.lag)

    def wait(self, view: RefreshState) -> float:
        """Return the seconds until a refresh is due as things are; 0 when it is.

        A view that lacks nothing is not refreshed, whatever the time.
        """
        if view.age == 0:
            return inf
        held = max(SHORTEST, 2 * view.took) - view.since
        if view.fails:
            held = max(held, _backoff(view.fails) - (view.since_failed or 0))
        if view.age is None:
            # Another refresh would tell no more until somebody mends the trigger.
            return max(0.0, held, _LONGEST_LOOK - view.since if view.age_unknown else 0.0)
        return max(0.0, held, min(self._wishes(view, view.age)))

    def _wishes(self, view: RefreshState, age: float) -> list[float]:
        found = [0.0] if self.on_write else []
        if self.every is not None:
            found.append(self.every - view.since)
        if self.lag is not None:
            # Begun so early that it ends in time, even if it takes twice as long as the last.
            found.append(self.lag - age - 2 * view.took - 2 * LOOK)
        return found or [inf]

    def look_again(self, view: RefreshState) -> float:
        """Return the seconds after which the view should be looked at again."""
        wait = self.wait(view)
        if wait == inf:
            prompt = self.on_write or (self.lag is not None and self.lag < 2 * _LONGEST_LOOK)
            return LOOK if prompt else min(_LONGEST_LOOK, (self.every or self.lag or inf) / 4)
        return min(max(wait, LOOK), _LONGEST_LOOK)


def _backoff(fails: int) -> float:
    return float(min(2.0 ** min(fails, 16), _LONGEST_BACKOFF))
