"""Costs of statements as if a candidate existed."""

from collections.abc import Iterable, Sequence
from typing import Final, Protocol

from fraiseql.operating.advise.candidate import Candidate
from fraiseql.operating.advise.plan_session import PlanSession, PlanTree
from fraiseql.operating.advise.scans import PlanScan, scans
from fraiseql.operating.advise.workload import WorkloadStatement

_TUPLE_COST: Final = 0.02
_DESCENT_COST: Final = 0.5
_LEAST_COST: Final = 0.5


class WhatIf(Protocol):
    """Plans statements with and without candidates.

    Attributes:
        name: Its name in the output.
        factor: The gain lies within this factor of the ratio of costs.
        refusals: Why a candidate cannot be made, by its id.
    """

    name: str
    factor: float
    refusals: dict[str, str]

    async def plans(self, statement: WorkloadStatement) -> Sequence[PlanTree]:
        """Return the plans without any candidate; empty if it cannot be planned."""

    async def add(self, candidates: Iterable[Candidate]) -> None:
        """Prepare for candidates."""

    async def cost_with(
        self, statement: WorkloadStatement, candidates: Sequence[Candidate]
    ) -> float | None:
        """Return the cost with candidates; None if it cannot be planned."""

    async def work_with(
        self, statement: WorkloadStatement, candidates: Sequence[Candidate]
    ) -> float | None:
        """Return the cost with candidates without pages; None if it is not known."""


class EstimatedCosts:
    """Costs computed from the plans that the database has now.

    Args:
        planner: Plans in the database of the application.
        page_cost: ``random_page_cost`` of the plans.
    """

    name = "EXPLAIN"
    factor = 4.0

    def __init__(self, planner: PlanSession, page_cost: float) -> None:
        self._planner = planner
        self._page_cost = page_cost
        self.refusals: dict[str, str] = {}

    async def plans(self, statement: WorkloadStatement) -> Sequence[PlanTree]:
        """Return the plans of a statement."""
        return await self._planner.plans(statement)

    async def add(self, candidates: Iterable[Candidate]) -> None:
        """Prepare for candidates: nothing to do."""

    async def cost_with(
        self, statement: WorkloadStatement, candidates: Sequence[Candidate]
    ) -> float | None:
        """Return the cost with indexes that return the rows of the largest scans only."""
        plans = await self.plans(statement)
        own = [each for each in candidates if statement.id in each.statements]
        costs = [self._with_indexes(plan, own) for plan in plans]
        return sum(costs) / len(costs) if costs else None

    async def work_with(
        self, statement: WorkloadStatement, candidates: Sequence[Candidate]
    ) -> float | None:
        """Return None: an index that does not exist has no plan."""
        del statement, candidates
        return None

    def _with_indexes(self, plan: PlanTree, candidates: Sequence[Candidate]) -> float:
        whole = float(plan["Total Cost"])
        saved = 0.0
        for scan in scans(plan):
            costs = [
                self._through_index(scan, each) for each in candidates if each.table == scan.name
            ]
            saved += max((scan.cost - min(costs)) * scan.loops, 0.0) if costs else 0.0
        return max(whole - saved, _LEAST_COST)

    def _through_index(self, scan: PlanScan, candidate: Candidate) -> float:
        served = scan.limit and _serves(scan, candidate)
        rows = min(scan.rows, scan.limit) if served else scan.rows
        return _DESCENT_COST + rows * (self._page_cost + _TUPLE_COST)


def _serves(scan: PlanScan, candidate: Candidate) -> bool:
    """Return whether an index may return rows in the order of a scan."""
    if not scan.order:
        return True
    item = scan.order[0][0]
    return (item.key or item.column) in candidate.ddl[0]
