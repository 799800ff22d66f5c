"""Gains of statements through indexes, predicted from plans."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from fraiseql.operating.advise.candidate import Candidate, Prediction
from fraiseql.operating.advise.examined import ExaminedStatement
from fraiseql.operating.advise.plan_session import cost
from fraiseql.operating.advise.predicting import (
    UNSURE,
    PlanCosts,
    answer_ms,
    factor_of,
    predict,
    row_error,
)
from fraiseql.operating.advise.rolling_candidates import with_bounds
from fraiseql.operating.advise.situation import Situation
from fraiseql.operating.advise.what_if import WhatIf
from fraiseql.operating.advise.workload import WorkloadStatement

_EQUAL: Final = 0.98
"""Costs that differ less are equal."""

_ROW_ERROR: Final = 10.0
"""A plan whose rows are wrong by more than this predicts roughly."""


class PlannedGains:
    """Predicts the gains of statements through indexes.

    Args:
        situation: The application, its trace and its database.
        what_if: Plans statements with candidates.
    """

    def __init__(self, situation: Situation, what_if: WhatIf) -> None:
        self._situation = situation
        self._what_if = what_if
        self._costs: dict[tuple[str, frozenset[str]], PlanCosts | None] = {}

    async def predicted(
        self, examined: ExaminedStatement, candidates: Sequence[Candidate]
    ) -> Prediction | None:
        """Return the prediction for a statement; None if it has no plan with the candidates."""
        statement = examined.statement
        plans = await self._what_if.plans(statement)
        after = await self._costs_with(statement, candidates)
        if not plans or after is None:
            return None
        before = PlanCosts(cost(plans))
        factor = max(factor_of(each, self._what_if.factor) for each in candidates)
        error = row_error(float(plans[0]["Plan Rows"]), statement.rows_per_call)
        if after.whole < before.whole * _EQUAL:
            before = await self._costs_with(statement, ()) or before
            if factor > self._what_if.factor and error > 1:
                # Such an index has no statistics; the trace knows how many rows it returns.
                after = after.divided(error)
        factor = max(factor, UNSURE) if error > _ROW_ERROR else factor
        size = statement.bytes / statement.calls
        answer = answer_ms(statement.rows_per_call, size, self._situation.times.build)
        fixed = self._situation.times.floor, answer
        return predict(statement.mean_ms, fixed, (before, after), factor)

    async def _costs_with(
        self, statement: WorkloadStatement, candidates: Sequence[Candidate]
    ) -> PlanCosts | None:
        """Return the costs with candidates; None if the statement cannot be planned."""
        key = (statement.id, frozenset(each.id for each in candidates))
        if key not in self._costs:
            sql = with_bounds(statement.sql, candidates, statement.samples)
            changed = replace(statement, sql=sql)
            whole = await self._what_if.cost_with(changed, candidates)
            work = None
            if whole is not None and self._situation.facts.in_memory:
                work = await self._what_if.work_with(changed, candidates)
            self._costs[key] = None if whole is None else PlanCosts(whole, work)
        return self._costs[key]
