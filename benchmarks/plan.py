"""Sizes of full and quick runs."""

from dataclasses import dataclass

from benchmarks.data import FULL, QUICK, Size


@dataclass(frozen=True, slots=True)
class Plan:
    """Sizes of a run.

    Attributes:
        quick: Whether the run only checks that everything works, with rough figures.
        size: Size of the data.
        rounds: Rounds of each application and operation.
        round_seconds: Length of one round.
        transform_seconds: Time for each transform and size.
        transform_factors: How often the hundred documents are repeated.
        samples: First requests of each operation.
        large_documents: Documents of the large response.
    """

    quick: bool
    size: Size
    rounds: int
    round_seconds: float
    transform_seconds: float
    transform_factors: tuple[int, ...]
    samples: int
    large_documents: int


FULL_PLAN = Plan(
    quick=False,
    size=FULL,
    rounds=3,
    round_seconds=4,
    transform_seconds=4,
    transform_factors=(1, 10, 100),
    samples=30,
    large_documents=100_000,
)
QUICK_PLAN = Plan(
    quick=True,
    size=QUICK,
    rounds=1,
    round_seconds=1,
    transform_seconds=0.3,
    transform_factors=(1, 10, 100),
    samples=5,
    large_documents=8_000,
)
