"""Settings that change plans, measured before they are proposed."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from fraiseql.operating.trace.samples import NotReplayed, ReplayedStatement
from fraiseql.operating.tune.proposals import Proposal, Tuning
from fraiseql.operating.tune.replay import SLOWER, PairedTimes, Replay
from fraiseql.operating.tune.target import SkippedSetting


@dataclass(frozen=True, slots=True)
class Measurement:
    """The statements that were run.

    Attributes:
        times: Times of each with the old settings and with all new ones that are proposed.
        others: Statements that were not run, with reasons.
    """

    times: tuple[PairedTimes, ...]
    others: tuple[NotReplayed, ...]


async def measured(
    tuning: Tuning,
    replay: Replay,
    statements: Sequence[ReplayedStatement],
    others: Sequence[NotReplayed],
) -> tuple[Tuning, Measurement]:
    """Propose the candidates with which no statement is slower in two runs on new connections.

    Args:
        tuning: A tuning with candidates.
        replay: Runs the statements.
        statements: Statements to run; without any, the candidates stay.
        others: Statements that cannot be run.

    Raises:
        DatabaseError: The database cannot be reached.
    """
    if not statements or not tuning.candidates:
        return tuning, Measurement((), tuple(others))
    accepted, dropped = list(tuning.candidates), []
    times, failed = await _confirmed(replay, statements, accepted)
    while accepted and _slow(times):
        culprits = await _culprits(replay, times, accepted)
        dropped += [SkippedSetting(name, reason) for name, reason in culprits.items()]
        accepted = [each for each in accepted if each.name not in culprits]
        if accepted:
            times, failed = await _confirmed(replay, statements, accepted)
    done = replace(
        tuning,
        proposals=(*tuning.proposals, *(_with_evidence(each, times) for each in accepted)),
        candidates=(),
        skipped=(*tuning.skipped, *dropped),
    )
    return done, Measurement(tuple(times), (*others, *failed))


async def _confirmed(
    replay: Replay, statements: Sequence[ReplayedStatement], candidates: Sequence[Proposal]
) -> tuple[list[PairedTimes], list[NotReplayed]]:
    """Return the times of a run in which a statement is slower; of two runs if it is in neither.

    Other work on the machine may hide in one run that a statement is slower.
    """
    values = _values(candidates)
    first, failed = await replay.compare(statements, values)
    if _slow(first):
        return first, failed
    second, _ = await replay.compare(statements, values)
    return second if _slow(second) else _pooled(first, second), failed


def _pooled(first: Sequence[PairedTimes], second: Sequence[PairedTimes]) -> list[PairedTimes]:
    """Return the statements with the pairs of both runs."""
    again = {each.statement.id: each for each in second}
    return [
        PairedTimes(each.statement, each.old + other.old, each.new + other.new)
        for each in first
        if (other := again.get(each.statement.id)) is not None
    ]


async def _culprits(
    replay: Replay, times: Sequence[PairedTimes], candidates: Sequence[Proposal]
) -> dict[str, str]:
    """Return the settings that alone make a statement slower, with the reason.

    If none does, the one with the largest ratio: together with the others it may.
    """
    slower = [each.statement for each in times if each.is_slower]
    alone = {each.name: (await replay.compare(slower, _values([each])))[0] for each in candidates}
    culprits = {name: _reason(own) for name, own in alone.items() if _slow(own)}
    if culprits:
        return culprits
    worst = max(alone, key=lambda name: max((each.ratio for each in alone[name]), default=0.0))
    together = _reason([each for each in times if each.is_slower])
    return {worst: f"together with others: {together}"}


def _slow(times: Sequence[PairedTimes]) -> bool:
    return any(each.is_slower for each in times)


def _reason(times: Sequence[PairedTimes]) -> str:
    """Return the slowest of statements, of which one is slower."""
    worst = max((each for each in times if each.is_slower), key=lambda each: each.ratio)
    name = worst.statement.root or worst.statement.id
    return f"{name} took {worst.ratio:.1f} times as long, more than {SLOWER}"


def _values(proposals: Sequence[Proposal]) -> dict[str, str]:
    return {each.name: each.new_text for each in proposals}


def _with_evidence(proposal: Proposal, times: Sequence[PairedTimes]) -> Proposal:
    figures = {
        "statements": len(times),
        "slowest_ratio": round(max((each.ratio for each in times), default=1.0), 2),
    }
    target = replace(proposal.target, evidence={**proposal.target.evidence, **figures})
    return replace(proposal, target=target)
