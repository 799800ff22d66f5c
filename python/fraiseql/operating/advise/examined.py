"""Examined statements, and the reasons for leaving others as they are."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from fraiseql.database import Pool
from fraiseql.operating.advise.candidate import INDEX_KINDS, Advice, Candidate, Prediction
from fraiseql.operating.advise.plan_session import PlanSession, PlanTree
from fraiseql.operating.advise.scans import PlanScan, scans
from fraiseql.operating.advise.workload import Workload, WorkloadStatement
from fraiseql.operating.trace.synthetic import synthetic_samples

LEAST_SHARE: Final = 0.01
"""Share of the traced time that advice saves at least."""

REGRESSION: Final = 1.1
"""A statement that takes longer than this times its former time is slower."""

LEAST_MS: Final = 1.0
"""A statement that takes less is left as it is, unless it takes ``SLOW_SHARE`` of the time."""

SLOW_SHARE: Final = 0.05
_EXAMINED: Final = 50


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

    @property
    def guesses(self) -> bool:
        """Whether its plan guesses how many rows are between values that it does not know."""
        ranges = (each for scan in self.scans for each in scan.comparisons if each.sort == "range")
        return not self.statement.samples and any("$" in each.operand for each in ranges)


async def with_drawn(pool: Pool, examined: ExaminedStatement) -> ExaminedStatement:
    """Return a statement with parameters from the statistics of columns, if its plan guesses.

    Raises:
        DatabaseError: The database cannot be reached.
    """
    statement = examined.statement
    if not examined.guesses:
        return examined
    drawn = await synthetic_samples(pool, statement.sql, statement.param_types)
    if isinstance(drawn, str):
        return examined
    return replace(examined, statement=replace(statement, drawn=tuple(drawn)))


@dataclass(frozen=True, slots=True)
class LeftStatement:
    """A statement without advice, the reason, and whether it takes too little time."""

    statement: WorkloadStatement
    reason: str
    small: bool = False


@dataclass(frozen=True, slots=True)
class RejectedCandidate:
    """A candidate that is not recommended, the reason, and its predictions by statement."""

    candidate: Candidate
    reason: str
    predictions: Mapping[str, Prediction] = field(default_factory=dict)


async def examine_statements(
    session: PlanSession, workload: Workload, *, small: bool = False
) -> tuple[list[ExaminedStatement], list[LeftStatement]]:
    """Return the statements that are worth a plan, and the others.

    Args:
        session: Plans in the database of the application.
        workload: The trace.
        small: Whether statements that take little time are examined too.
    """
    examined, left = [], []
    for place, statement in enumerate(workload.statements):
        little = "" if small else _small(statement, workload)
        reason = little if place < _EXAMINED else f"not among the first {_EXAMINED}"
        # Constants of these plans are those of the statement: no parameter has a value.
        plans = [] if reason else await session.plans(replace(statement, samples=()))
        if reason or not plans:
            refused = "PostgreSQL refuses to plan it"
            left.append(LeftStatement(statement, reason or refused, bool(little)))
            continue
        examined.append(ExaminedStatement(statement, plans[0], tuple(scans(plans[0]))))
    return examined, left


def _small(statement: WorkloadStatement, workload: Workload) -> str:
    share = workload.share(statement)
    if share < LEAST_SHARE:
        return f"takes {share:.1%} of the traced time, less than {LEAST_SHARE:.0%}"
    if statement.mean_ms < LEAST_MS and share < SLOW_SHARE:
        return f"takes {statement.mean_ms:.2f} ms and {share:.1%} of the traced time"
    return ""


def left_statements(
    examined: Sequence[ExaminedStatement],
    advice: Sequence[Advice],
    workload: Workload,
    cached: Collection[str],
    rejected: Sequence[RejectedCandidate] = (),
) -> list[LeftStatement]:
    """Return the examined statements that no advice helps, with the reasons.

    Args:
        examined: The statements.
        advice: The advice.
        workload: The trace.
        cached: Root fields whose results are cached.
        rejected: The candidates that are not recommended.
    """
    helped = {
        statement_id
        for each in advice
        for statement_id, own in each.predictions.items()
        if own.gain > REGRESSION
    }
    return [
        LeftStatement(each.statement, _reason(each, workload, cached, rejected))
        for each in examined
        if each.statement.id not in helped
    ]


def _reason(
    examined: ExaminedStatement,
    workload: Workload,
    cached: Collection[str],
    rejected: Sequence[RejectedCandidate],
) -> str:
    statement = examined.statement
    figures = f"{statement.mean_ms:.2f} ms, {workload.share(statement):.0%} of the traced time"
    if statement.root in cached:
        return f"{figures}; its results are cached, and these are the misses"
    if not examined.scans:
        return f"{figures}; it reads no table"
    tried = [each for each in rejected if statement.id in each.candidate.statements]
    kinds = {each.candidate.kind for each in tried}
    if all(scan.index for scan in examined.scans) and not kinds & INDEX_KINDS:
        figures = f"{figures}; every table is read through an index"
        if not tried:
            return figures
    if not tried:
        return f"{figures}; no change was found that may help"
    first, others = tried[0], len(tried) - 1
    more = f", nor do {others} others (--json names them)" if others else ""
    return f"{figures}; {first.candidate.title} does not pay: {first.reason}{more}"
