"""Choice of the candidates that save most."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from fraiseql.operating.advise.candidate import Advice, Candidate, Prediction, WriteCost
from fraiseql.operating.advise.examined import (
    LEAST_SHARE,
    REGRESSION,
    SLOW_SHARE,
    ExaminedStatement,
    RejectedCandidate,
)
from fraiseql.operating.advise.planned_gains import PlannedGains
from fraiseql.operating.advise.situation import Situation
from fraiseql.operating.advise.what_if import WhatIf

_EQUAL: Final = 0.98
"""Values that differ less are equal."""

_PREFERRED: Final = {
    "partial index": 0,
    "rolling index": 0,
    "result cache": 0,
    "materialized view": 2,
    "stale": 3,
}
"""Order among equal values: small before large, exact answers before those that lag."""

_STORED_KINDS: Final = frozenset({"generated column", "projection", "materialized view"})
"""Changes that store documents: they have to save more to be worth their disk and their care."""

_INDEX_WRITE_US: Final = 1.5
_GIN_WRITE_US: Final = 10.0


@dataclass(frozen=True, slots=True)
class AdviceProposal:
    """A candidate, with the predictions that no plan gives.

    Attributes:
        candidate: The change.
        predictions: Of stored documents and caches, by statement; None for indexes, which plans
            predict.
        us_per_write: Microseconds that it adds to a written row; None for that of an index.
        ms_per_second: Milliseconds per second of its own work, such as refreshes.
        notes: Limits of the figures.
    """

    candidate: Candidate
    predictions: Mapping[str, Prediction] | None = None
    us_per_write: float | None = None
    ms_per_second: float = 0.0
    notes: tuple[str, ...] = ()


def merged_proposals(proposals: Iterable[AdviceProposal]) -> list[AdviceProposal]:
    """Return the proposals, each change once with the predictions for all its statements."""
    by_change: dict[tuple[str, str, str], AdviceProposal] = {}
    for each in proposals:
        candidate = each.candidate
        key = (candidate.kind, candidate.target, candidate.declaration)
        own = by_change.get(key)
        by_change[key] = each if own is None else _joined(own, each)
    return list(by_change.values())


def _joined(first: AdviceProposal, second: AdviceProposal) -> AdviceProposal:
    own, other = first.candidate, second.candidate
    candidate = replace(
        own,
        operations=tuple(dict.fromkeys((*own.operations, *other.operations))),
        statements=tuple(dict.fromkeys((*own.statements, *other.statements))),
        size=max(own.size, other.size),
    )
    dearest = max(first, second, key=lambda each: each.us_per_write or 0.0)
    predictions = {**(first.predictions or {}), **(second.predictions or {})}
    most = max(first.ms_per_second, second.ms_per_second)
    return replace(dearest, candidate=candidate, predictions=predictions, ms_per_second=most)


@dataclass(frozen=True, slots=True)
class _Judged:
    """A proposal, after the advice that precedes it."""

    proposal: AdviceProposal
    advice: Advice
    value: float
    after: Mapping[str, float]
    low: float
    slowest: float


@dataclass(slots=True)
class _State:
    """The advice so far."""

    now: dict[str, float]
    indexes: list[Candidate] = field(default_factory=list)
    stored: set[str] = field(default_factory=set)


class Choice:
    """Chooses among candidates.

    Args:
        situation: The application, its trace and its database.
        what_if: Plans statements with candidates.
    """

    def __init__(self, situation: Situation, what_if: WhatIf) -> None:
        self._situation = situation
        self._workload = situation.workload
        self._state = _State({})
        self._gains = PlannedGains(situation, what_if)

    @property
    def now(self) -> Mapping[str, float]:
        """Milliseconds of each statement with the advice so far."""
        return self._state.now

    async def choose(
        self, proposals: Sequence[AdviceProposal], examined: Sequence[ExaminedStatement]
    ) -> tuple[list[Advice], list[RejectedCandidate]]:
        """Return the advice beyond that of earlier calls, and the other candidates with reasons."""
        state = self._state
        for each in examined:
            state.now.setdefault(each.statement.id, each.statement.mean_ms)
        rest, advice = list(proposals), list[Advice]()
        rejected: list[RejectedCandidate] = []
        while rest:
            judged = [await self._judged(each, examined, state) for each in rest]
            payable = [each for each in judged if not _refusal(each)]
            if not payable:
                rejected += [
                    RejectedCandidate(
                        each.proposal.candidate, _refusal(each), each.advice.predictions
                    )
                    for each in judged
                ]
                break
            best = _best(payable)
            advice.append(best.advice)
            rest = [each for each in rest if each is not best.proposal]
            state.now |= best.after
            if best.proposal.predictions is None:
                state.indexes.append(best.proposal.candidate)
            else:
                state.stored |= set(best.after)
        return advice, rejected

    async def hypothetical(
        self, proposal: AdviceProposal, examined: Sequence[ExaminedStatement]
    ) -> Advice:
        """Return the predictions of a proposal, whether it pays or not."""
        for each in examined:
            self._state.now.setdefault(each.statement.id, each.statement.mean_ms)
        return (await self._judged(proposal, examined, self._state)).advice

    async def _judged(
        self, proposal: AdviceProposal, examined: Sequence[ExaminedStatement], state: _State
    ) -> _Judged:
        alone: dict[str, Prediction] = {}
        after: dict[str, float] = {}
        for each in examined:
            own = await self._alone(proposal, each)
            if own is None or each.statement.id in state.stored:
                continue
            alone[each.statement.id] = own
            after[each.statement.id] = await self._after(proposal, each, own, state)
        saved, low_saved, calls = self._saved(alone, after, state)
        writes = self._writes(proposal, calls)
        cost_per_second = writes.ms_per_second + proposal.ms_per_second
        whole = self._workload.total_ms / self._workload.seconds
        helped = {key: own for key, own in alone.items() if abs(own.gain - 1) > REGRESSION - 1}
        advice = Advice(
            proposal.candidate,
            helped,
            writes,
            saved,
            saved / whole if whole else 0.0,
            calls,
            notes=proposal.notes,
        )
        low = max((own.low for own in alone.values()), default=0.0)
        slowest = min((own.gain for own in alone.values()), default=1.0)
        return _Judged(proposal, advice, low_saved - cost_per_second, after, low, slowest)

    async def _alone(
        self, proposal: AdviceProposal, examined: ExaminedStatement
    ) -> Prediction | None:
        """Return the prediction for a statement without other advice; None if it is not touched."""
        statement, candidate = examined.statement, proposal.candidate
        if proposal.predictions is not None:
            return proposal.predictions.get(statement.id)
        if candidate.table not in examined.tables:
            return None
        return await self._gains.predicted(examined, [candidate])

    async def _after(
        self,
        proposal: AdviceProposal,
        examined: ExaminedStatement,
        alone: Prediction,
        state: _State,
    ) -> float:
        """Return the time of a statement with the advice so far and a proposal."""
        before = [each for each in state.indexes if each.table in examined.tables]
        if proposal.predictions is not None or not before:
            return alone.after_ms
        together = await self._gains.predicted(examined, [*before, proposal.candidate])
        return alone.after_ms if together is None else together.after_ms

    def _saved(
        self, alone: Mapping[str, Prediction], after: Mapping[str, float], state: _State
    ) -> tuple[float, float, float]:
        """Return milliseconds per second that are saved, those at least, and helped calls."""
        saved = low = calls = 0.0
        for statement in self._workload.statements:
            own = alone.get(statement.id)
            if own is None:
                continue
            rate = statement.calls / self._workload.seconds
            now, then = state.now[statement.id], after[statement.id]
            saved += (now - then) * rate
            low += (now - min(then * own.factor, max(now, then))) * rate
            calls += rate if own.gain > REGRESSION else 0.0
        return saved, low, calls

    def _writes(self, proposal: AdviceProposal, calls: float) -> WriteCost:
        rate = self._situation.writes([proposal.candidate.table], calls)
        usual = _GIN_WRITE_US if proposal.candidate.kind == "gin index" else _INDEX_WRITE_US
        return WriteCost(rate, usual if proposal.us_per_write is None else proposal.us_per_write)


def _best(judged: Sequence[_Judged]) -> _Judged:
    """Return the proposal of the largest value; among equal ones the one that costs least."""
    most = max(each.value for each in judged)
    equal = [each for each in judged if each.value >= most * _EQUAL]
    return min(
        equal, key=lambda each: (_PREFERRED.get(each.proposal.candidate.kind, 1), -each.value)
    )


def _refusal(judged: _Judged) -> str:
    """Return why a candidate is not recommended; empty if it is."""
    advice = judged.advice
    if judged.slowest < 1 / REGRESSION:
        return f"a statement would take {1 / judged.slowest:.1f} times as long"
    if advice.candidate.kind == "drop index":
        return ""
    if judged.low <= 1 or advice.saved_ms_per_second <= 0:
        return _gainless(judged)
    least = SLOW_SHARE if advice.candidate.kind in _STORED_KINDS else LEAST_SHARE
    if advice.share < least:
        return f"it saves {advice.share:.2%} of the traced time, less than {least:.0%}"
    if judged.value <= 0:
        costs = advice.writes.ms_per_second + judged.proposal.ms_per_second
        saved = advice.saved_ms_per_second
        return f"reads save {saved:.3f} ms/s, writes and refreshes cost {costs:.3f} ms/s"
    return ""


def _gainless(judged: _Judged) -> str:
    if not judged.low:
        return "no examined statement would use it"
    if judged.low <= 1:
        return f"it may gain nothing: {judged.low:.1f}x at the lower end of its interval"
    return "it saves nothing beyond the other advice"
