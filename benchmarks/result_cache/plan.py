"""Sizes of full and quick runs of result caches."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Plan:
    """Sizes of a run; the base tables are those of stored documents.

    Attributes:
        rounds: Rounds of each way; ways take turns.
        read_seconds: Length of a round of hits by one client.
        settling: Whether rounds of more clients are longer, so that one-time work of each
            connection, mostly planning, does not count.
        write_seconds: Length of a round of writers.
        keys: Entries among which hits are drawn.
        sizes: Bytes of their bodies.
        clients: Numbers of clients.
        tables: Tables among which writers of cold tags draw.
        processes: Processes that ask for one cold key.
        callers: Callers in all of them.
        trace: Requests of a trace whose hits are counted; half as many come before them.
        universe: Keys of a trace.
        share: Part of the keys that the cache holds.
        skews: Exponents of the traces' distributions.
        hits: Hits of which WAL and dead rows are counted.
        storm_seconds: Length of the write storm.
        storm_bytes: Bytes that the cache may take in it.
    """

    rounds: int = 2
    read_seconds: float = 1
    settling: bool = True
    write_seconds: float = 2
    keys: int = 500
    sizes: tuple[int, ...] = (1_000, 100_000)
    clients: tuple[int, ...] = (1, 8, 32)
    tables: int = 64
    processes: int = 8
    callers: int = 1_000
    trace: int = 40_000
    universe: int = 20_000
    share: float = 0.1
    skews: tuple[float, ...] = (0.9, 1.1)
    hits: int = 10_000
    storm_seconds: float = 15
    storm_bytes: int = 16_000_000

    def seconds(self, clients: int) -> float:
        """Return the length of a round of hits by so many clients."""
        return self.read_seconds * (max(1.0, clients / 4) if self.settling else 1.0)


FULL = Plan()
QUICK = Plan(
    rounds=1,
    settling=False,
    write_seconds=1,
    keys=50,
    tables=8,
    processes=2,
    callers=40,
    trace=2_000,
    universe=3_000,
    share=0.3,
    skews=(1.0,),
    hits=500,
    storm_seconds=3,
    storm_bytes=8_000_000,
)
