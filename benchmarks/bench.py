"""Environment of a measurement."""

from dataclasses import dataclass

from benchmarks.operations import Operation, operations
from benchmarks.plan import Plan
from benchmarks.postgres import Database
from benchmarks.processes import Cores


@dataclass(frozen=True, slots=True)
class Bench:
    """The sizes of the run, the database that holds the data, and the cores to use."""

    plan: Plan
    database: Database
    cores: Cores

    @property
    def operations(self) -> tuple[Operation, ...]:
        """Q1 to Q4, with variables that fit the data."""
        return operations(self.plan.size)

    @property
    def environment(self) -> dict[str, str]:
        """Environment variables of every application."""
        return {"BENCH_DATABASE_URL": self.database.url}
