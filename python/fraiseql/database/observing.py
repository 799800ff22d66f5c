"""Observation of the connections that a computation uses."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final

from fraiseql.database.origin import Origin


class Observation:
    """The connections that ran the statements of a block.

    Attributes:
        origins: Of each connection, once.
        steady: Whether every statement ran with current plans, and without a change of settings.
    """

    __slots__ = ("_above", "origins", "steady")

    def __init__(self, above: "Observation | None" = None) -> None:
        self.origins: list[Origin] = []
        self.steady = True
        self._above = above

    def note(self, origin: Origin, *, steady: bool) -> None:
        """Add what a statement ran under, here and to the blocks around.

        Args:
            origin: Of its connection.
            steady: Whether that was the same before and after it.
        """
        if origin not in self.origins:
            self.origins.append(origin)
        self.steady = self.steady and steady
        if self._above is not None:
            self._above.note(origin, steady=steady)


observation: Final[ContextVar[Observation | None]] = ContextVar(
    "fraiseql_observation", default=None
)
"""Set while something is computed that may be stored."""


@contextmanager
def observed() -> Iterator[Observation]:
    """Run the block's statements with current plans and settings, and note their connections.

    Tasks that the block starts are observed too.
    """
    seen = Observation(observation.get())
    token = observation.set(seen)
    try:
        yield seen
    finally:
        observation.reset(token)
