"""Observation of the connections of a computation."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final

from fraiseql.database.origin import Origin


class Observation:
    """The connections that ran the statements of a block.

    Attributes:
        origins: Distinct origins of the connections.
        steady: Whether every statement ran with current plans, and without a change of settings.
    """

    __slots__ = ("_above", "origins", "steady")

    def __init__(self, above: "Observation | None" = None) -> None:
        self.origins: list[Origin] = []
        self.steady = True
        self._above = above

    def note(self, origin: Origin, *, steady: bool) -> None:
        """Record the connection of a statement, here and in the outer blocks.

        Args:
            origin: Origin of the connection.
            steady: Whether settings were the same before and after it.
        """
        if origin not in self.origins:
            self.origins.append(origin)
        self.steady = self.steady and steady
        if self._above is not None:
            self._above.note(origin, steady=steady)


observation: Final[ContextVar[Observation | None]] = ContextVar(
    "fraiseql_observation", default=None
)
"""Set during a computation whose result may be stored."""


@contextmanager
def observed() -> Iterator[Observation]:
    """Run the statements of the block with current plans and settings, and record connections.

    Includes tasks that the block starts.
    """
    current = Observation(observation.get())
    token = observation.set(current)
    try:
        yield current
    finally:
        observation.reset(token)
