"""Sizes of full and quick runs of hits from memory."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Plan:
    """Sizes of a run; the base tables are those of stored documents.

    Attributes:
        rounds: Rounds of each way; ways take turns.
        seconds: Length of a round.
        keys: Entries among which hits are drawn.
        connections: Numbers of connections over HTTP.
        beside: Numbers of connections beside writers.
        clients: Numbers of concurrent requests in one process, and of clients in C.
        rate: Writes per second beside the requests.
        entries: Entries whose memory is measured.
        write_seconds: Length of a round of writers that are measured themselves.
        writers: Numbers of those writers.
    """

    rounds: int = 3
    seconds: float = 1
    keys: int = 200
    connections: tuple[int, ...] = (1, 16, 128)
    beside: tuple[int, ...] = (16, 128)
    clients: tuple[int, ...] = (1, 8, 32)
    rate: int = 1_000
    entries: int = 100_000
    write_seconds: float = 2
    writers: tuple[int, ...] = (1, 16)


FULL = Plan()
QUICK = Plan(
    rounds=1,
    seconds=1,
    keys=50,
    connections=(1, 16),
    beside=(16,),
    clients=(1, 8),
    rate=200,
    entries=1_000,
    write_seconds=1,
)
