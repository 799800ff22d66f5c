"""Sizes of full and quick runs of the native server."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Plan:
    """Sizes of a run; the base tables are those of stored documents.

    Attributes:
        rounds: Rounds of each server and operation; servers take turns.
        seconds: Length of a round.
        keys: Entries among which hits are drawn.
        connections: Numbers of connections over HTTP.
    """

    rounds: int = 3
    seconds: float = 2
    keys: int = 200
    connections: tuple[int, ...] = (1, 16, 128)


FULL = Plan()
QUICK = Plan(rounds=1, seconds=1, keys=20, connections=(1, 16))
