"""Predicted gains of candidates."""

from dataclasses import dataclass
from typing import Final

from fraiseql.operating.advise.candidate import INDEX_KINDS, Candidate, Prediction

UNSURE: Final = 4.0
_ROW_MS: Final = 0.001
_MOST_ANSWER: Final = 0.5
"""Share of a statement's time that its answer takes at most: the time of a byte is rough."""

_LEAST_COST: Final = 0.5
_PAGE_IN_MEMORY: Final = 0.05
"""Share of a page's cost that remains where it is found in memory: 91 of 96 measured gains of
indexes are then within a factor of two, and 80 with the whole cost."""

_SAME: Final = 0.02
"""Difference of a gain from 1 that no change explains."""


@dataclass(frozen=True, slots=True)
class PlanCosts:
    """Costs of a statement's plan.

    Attributes:
        whole: As the planner has it.
        work: Without pages: that of the processor; None if it is not known.
    """

    whole: float
    work: float | None = None

    def divided(self, by: float) -> "PlanCosts":
        """Return the costs of fewer rows."""
        work = None if self.work is None else max(self.work / by, _LEAST_COST)
        return PlanCosts(max(self.whole / by, _LEAST_COST), work)

    def in_memory(self) -> float:
        """Return the cost if all pages are in memory, where they take little time."""
        if self.work is None:
            return self.whole
        return self.work + _PAGE_IN_MEMORY * max(self.whole - self.work, 0.0)


def predict(
    before_ms: float, fixed: tuple[float, float], costs: tuple[PlanCosts, PlanCosts], factor: float
) -> Prediction:
    """Return the predicted time of a statement.

    Args:
        before_ms: Its mean time now.
        fixed: Milliseconds of a statement that reads nothing, and of its answer: costs of plans
            have neither.
        costs: Costs of its plan now and with the candidate.
        factor: The gain lies within this factor.
    """
    before, after = costs
    known = before.work is not None and after.work is not None
    # Both of one kind.
    now, then = [each.in_memory() if known else each.whole for each in (before, after)]
    floor, answer = fixed
    ratio = then / max(now, 1e-9)
    rest = max(before_ms - floor, 0.0)
    answer = min(answer, _MOST_ANSWER * rest)
    after_ms = floor + answer + (rest - answer) * ratio
    why = (
        f"{floor:.3f} ms of a round trip, {answer:.3f} ms of the answer, and the rest at the"
        f" ratio of the costs{' in memory' if known else ''} {now:,.0f} to {then:,.0f}"
    )
    return prediction(before_ms, after_ms, factor, why)


def answer_ms(rows: float, size: float, build: float) -> float:
    """Return the milliseconds to build and send an answer.

    Args:
        rows: Its rows.
        size: Its bytes.
        build: Milliseconds of building a byte of a document.
    """
    return rows * _ROW_MS + size * build


def prediction(before_ms: float, after_ms: float, factor: float, why: str) -> Prediction:
    """Return a prediction whose gain is within a factor."""
    gain = before_ms / max(after_ms, 1e-6)
    # A plan that does not change has no interval around it.
    spread = factor if abs(gain - 1) > _SAME else 1.0
    return Prediction(before_ms, after_ms, gain, gain / spread, gain * spread, why, factor)


def factor_of(candidate: Candidate, usual: float) -> float:
    """Return the factor of a candidate: larger where the planner has no statistics."""
    unsure = candidate.kind in INDEX_KINDS and candidate.kind in ("expression index", "gin index")
    return max(usual, UNSURE) if unsure else usual


def row_error(estimated: float, actual: float) -> float:
    """Return the estimated rows of a plan by the actual ones; 1 if a document has all rows."""
    return 1.0 if actual <= 0 or estimated <= 1 else estimated / max(actual, 1.0)
