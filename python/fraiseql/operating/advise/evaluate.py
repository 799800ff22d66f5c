"""Advice measured in a scratch copy."""

from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Final

from fraiseql.database import Pool
from fraiseql.operating.advise.cached_trials import try_cache
from fraiseql.operating.advise.candidate import Advice, Candidate, WriteCost
from fraiseql.operating.advise.replay import USUAL_PAIRS, PairLimits
from fraiseql.operating.advise.scratch import USUAL_LIMITS, Scratch, ScratchLimits, embedded_scratch
from fraiseql.operating.advise.stored_trials import TriedApplication, try_stored
from fraiseql.operating.advise.trials import Trial, try_statements
from fraiseql.operating.advise.view_trials import try_view
from fraiseql.operating.trace.samples import (
    NotReplayed,
    ReplayedStatement,
    ReplayLimits,
    load_replay,
)
from fraiseql.sources import declared_relations

LEAST_SHARE: Final = 0.01
"""Share of the traced time that advice saves at least."""

_MOST: Final = 50
_LONGEST_MS: Final = 60_000.0


@dataclass(frozen=True, slots=True)
class EvaluateOptions:
    """Where and how candidates are measured.

    Attributes:
        scratch: ``embedded``, ``transaction``, or the address of a copy.
        limits: Limits of an embedded copy.
        pairs: How often statements run.
        watch: Called with each step before it begins.
    """

    scratch: str = "embedded"
    limits: ScratchLimits = USUAL_LIMITS
    pairs: PairLimits = USUAL_PAIRS
    watch: Callable[[str], None] = field(default=lambda _: None)


@dataclass(frozen=True, slots=True)
class TracedLoad:
    """What the trace says of statements.

    Attributes:
        calls: Runs per second by id of the statement.
        mean_ms: Mean duration by id.
        ms_per_second: Database time of all statements, in milliseconds per second.
    """

    calls: Mapping[str, float]
    mean_ms: Mapping[str, float]
    ms_per_second: float


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Measured advice.

    Attributes:
        scratch: Where it was measured.
        advice: Advice that stays, with its measurements.
        refused: Trials of candidates that measurements refuse.
        trials: All trials.
        others: Statements that could not be run, with reasons.
        synthetic: Number of statements whose parameters come from statistics.
    """

    scratch: Scratch
    advice: tuple[Advice, ...]
    refused: tuple[Trial, ...]
    trials: tuple[Trial, ...]
    others: tuple[NotReplayed, ...]
    synthetic: int


async def evaluate(
    pool: Pool,
    application: TriedApplication,
    advice: Sequence[Advice],
    load: TracedLoad,
    options: EvaluateOptions,
) -> Evaluation:
    """Measure advice; refuse changes that are wrong, slow a statement down, or do not pay.

    Args:
        pool: Connections to the application's database.
        application: The application.
        advice: Predicted advice.
        load: How often statements run.
        options: Where and how.

    Raises:
        ConfigurationError: ``ADVISE_NO_SCRATCH`` or ``TRACE_EMPTY``.
        DatabaseError: A database cannot be reached.
    """
    asked = ReplayLimits(_MOST, _LONGEST_MS, synthetic=True)
    statements, others = await load_replay(pool, asked)
    relations = _relations(application, advice, statements)
    kept: list[Advice] = []
    trials: list[Trial] = []
    async with _opened(application, relations, options) as scratch:
        for place, each in enumerate(advice, 1):
            options.watch(f"{place} of {len(advice)}: {each.candidate.title}")
            trial = await try_candidate(
                scratch, application, each.candidate, statements, options.pairs
            )
            measured = _measured(each, trial)
            trial = replace(trial, refusal=trial.refusal or _unpaid(measured, load))
            trials.append(trial)
            if not trial.refusal:
                kept.append(measured)
    return Evaluation(
        scratch,
        tuple(kept),
        tuple(each for each in trials if each.refusal),
        tuple(trials),
        tuple(dict.fromkeys((*others, *(other for each in trials for other in each.others)))),
        sum(each.synthetic for each in statements),
    )


def _relations(
    application: TriedApplication, advice: Sequence[Advice], statements: Sequence[ReplayedStatement]
) -> set[str]:
    """Return the relations to copy: those of statements and candidates."""
    names = {name for each in statements for name in each.relations}
    names |= {each.candidate.table for each in advice if each.candidate.table}
    if any(each.candidate.option in ("stored", "cache") for each in advice):
        declared = declared_relations(application.schema)
        names |= {name if "." in name else f"public.{name}" for name in declared}
    return names


@asynccontextmanager
async def _opened(
    application: TriedApplication, relations: Iterable[str], options: EvaluateOptions
) -> AsyncIterator[Scratch]:
    url = application.settings.database_url
    if options.scratch == "embedded":
        copying = embedded_scratch(url, application.settings, relations, options.limits)
        async with copying as scratch:
            yield scratch
    elif options.scratch == "transaction":
        yield Scratch("transaction", url)
    else:
        yield Scratch("url", options.scratch)


async def try_candidate(
    scratch: Scratch,
    application: TriedApplication,
    candidate: Candidate,
    statements: Sequence[ReplayedStatement],
    pairs: PairLimits,
) -> Trial:
    """Measure a candidate with the statements that it helps or that read its table.

    Args:
        scratch: Where.
        application: The application.
        candidate: The candidate.
        statements: Statements of the trace.
        pairs: How often they run.

    Raises:
        DatabaseError: A database cannot be reached.
    """
    own = [each for each in statements if _is_concerned(candidate, each)]
    if candidate.kind == "materialized view":
        return await try_view(scratch, candidate, own, pairs)
    if candidate.option == "stored":
        if not scratch.has_copies:
            return Trial(candidate, notes=("not measured: needs --scratch embedded",))
        return await try_stored(scratch, application, candidate, own, pairs)
    if candidate.option == "cache":
        return await _try_cache(scratch, application, candidate, own, pairs)
    return await try_statements(scratch, candidate, own, pairs)


async def _try_cache(
    scratch: Scratch,
    application: TriedApplication,
    candidate: Candidate,
    statements: Sequence[ReplayedStatement],
    pairs: PairLimits,
) -> Trial:
    if candidate.kind == "stale":
        return Trial(candidate, notes=("not measured: answers that lag need real times",))
    if not scratch.has_copies:
        return Trial(candidate, notes=("not measured: needs --scratch embedded",))
    return await try_cache(scratch, application, candidate, statements, writes=pairs.writes)


def _is_concerned(candidate: Candidate, statement: ReplayedStatement) -> bool:
    return statement.id in candidate.statements or candidate.table in statement.relations


def _measured(advice: Advice, trial: Trial) -> Advice:
    """Return advice with the measurements of its trial."""
    own = advice.candidate.statements or tuple(advice.predictions)
    gains = {key: gain for key, gain in trial.gains.items() if key in {*own, *advice.predictions}}
    writes = advice.writes
    if trial.before_us is not None and trial.after_us is not None:
        added = trial.after_us - trial.before_us
        # Noise, not a gain: only an index that goes makes writes faster.
        added = added if advice.candidate.kind == "drop index" else max(added, 0.0)
        writes = WriteCost(writes.rows_per_second, round(added, 2), measured=True)
    candidate = advice.candidate
    if trial.size:
        candidate = replace(candidate, size=trial.size)
    return replace(
        advice,
        candidate=candidate,
        measurements=gains or None,
        writes=writes,
        notes=(*advice.notes, *trial.notes),
    )


def _unpaid(advice: Advice, load: TracedLoad) -> str:
    """Return why advice does not pay by its measurements; empty if it does, or if it has none."""
    if not advice.measurements or advice.candidate.kind == "drop index":
        return ""
    saved = sum(
        load.calls.get(key, 0.0) * load.mean_ms.get(key, gain.before_ms) * (1 - 1 / gain.low)
        for key, gain in advice.measurements.items()
    )
    cost = advice.writes.ms_per_second
    if saved - cost <= 0:
        return (
            f"measured, it saves {saved:.3f} ms of database time a second, and writes cost"
            f" {cost:.3f} ms more"
        )
    if load.ms_per_second and saved < LEAST_SHARE * load.ms_per_second:
        return f"measured, it saves {saved / load.ms_per_second:.1%} of the traced time, below 1 %"
    return ""
