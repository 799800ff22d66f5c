"""Sizes of full and quick runs of stored documents."""

from dataclasses import dataclass

from benchmarks.data import Size


@dataclass(frozen=True, slots=True)
class Plan:
    """Sizes of a run.

    Attributes:
        quick: Whether the run only checks that everything works, with rough figures.
        size: Size of the data.
        rounds: Rounds of each variant; variants take turns.
        read_seconds: Length of a round of reads.
        write_seconds: Length of a round of writes.
        parents: Users whose documents the writers change.
        bulk_rows: Rows of the large statement.
        bulk_rounds: How often the large statement runs.
        wal_transactions: Transactions whose WAL is counted.
        refreshes: Refreshes of each kind and share of changed rows.
        lag_seconds: How long staleness is watched.
        events: Rows of the table whose indexes are measured.
        executions: Executions of which planning and execution times are the medians.
    """

    quick: bool
    size: Size
    rounds: int
    read_seconds: float
    write_seconds: float
    parents: int
    bulk_rows: int
    bulk_rounds: int
    wal_transactions: int
    refreshes: int
    lag_seconds: float
    events: int
    executions: int


FULL = Plan(
    quick=False,
    size=Size(20_000),
    rounds=2,
    read_seconds=1,
    write_seconds=2,
    parents=1_000,
    bulk_rows=10_000,
    bulk_rounds=5,
    wal_transactions=1_000,
    refreshes=3,
    lag_seconds=15,
    events=200_000,
    executions=200,
)
QUICK = Plan(
    quick=True,
    size=Size(1_000),
    rounds=1,
    read_seconds=1,
    write_seconds=1,
    parents=100,
    bulk_rows=1_000,
    bulk_rounds=2,
    wal_transactions=100,
    refreshes=1,
    lag_seconds=4,
    events=20_000,
    executions=30,
)
