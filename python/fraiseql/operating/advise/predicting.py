"""Predicted gains of candidates."""

from typing import Final

from fraiseql.operating.advise.candidate import INDEX_KINDS, Candidate, Prediction

UNSURE: Final = 4.0
_SAME: Final = 0.02
"""Difference of a gain from 1 that no change explains."""


def predict(
    before_ms: float, floor: float, costs: tuple[float, float], factor: float
) -> Prediction:
    """Return the predicted time of a statement.

    Args:
        before_ms: Its mean time now.
        floor: Milliseconds of a statement that reads nothing.
        costs: Costs of its plan now and with the candidate.
        factor: The gain lies within this factor.
    """
    before_cost, after_cost = costs
    ratio = after_cost / max(before_cost, 1e-9)
    after = floor + max(before_ms - floor, 0.0) * ratio
    why = (
        f"{floor:.3f} ms of a round trip, and the rest at the ratio of the costs"
        f" {before_cost:,.0f} to {after_cost:,.0f}"
    )
    return prediction(before_ms, after, factor, why)


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
