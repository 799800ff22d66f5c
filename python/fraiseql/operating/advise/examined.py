"""Examined statements, and the reasons for leaving others as they are."""

from dataclasses import dataclass

from fraiseql.operating.advise.candidate import Candidate
from fraiseql.operating.advise.plan_session import PlanTree
from fraiseql.operating.advise.scans import PlanScan
from fraiseql.operating.advise.workload import WorkloadStatement


@dataclass(frozen=True, slots=True)
class ExaminedStatement:
    """A statement and its plan for any values."""

    statement: WorkloadStatement
    plan: PlanTree
    scans: tuple[PlanScan, ...]

    @property
    def tables(self) -> frozenset[str]:
        """The tables that it reads, each ``schema.name``."""
        return frozenset(scan.name for scan in self.scans)


@dataclass(frozen=True, slots=True)
class LeftStatement:
    """A statement without advice, and the reason."""

    statement: WorkloadStatement
    reason: str


@dataclass(frozen=True, slots=True)
class RejectedCandidate:
    """A candidate that is not recommended, and the reason."""

    candidate: Candidate
    reason: str
