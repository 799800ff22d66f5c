"""Advice for the operations of a trace."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Final

from fraiseql.caching.strategies.base import ResolveContext
from fraiseql.caching.strategies.registry import load_context
from fraiseql.database import Pool
from fraiseql.operating.advise.cached_candidates import CachedCandidates, by_root
from fraiseql.operating.advise.candidate import Advice
from fraiseql.operating.advise.choice import LEAST_SHARE, REGRESSION, AdviceProposal, Choice
from fraiseql.operating.advise.dropped_indexes import dropped_indexes
from fraiseql.operating.advise.examined import (
    ExaminedStatement,
    LeftStatement,
    RejectedCandidate,
)
from fraiseql.operating.advise.forms import PredictionForm, open_form
from fraiseql.operating.advise.index_candidates import IndexCandidates, merged
from fraiseql.operating.advise.plan_session import PlanSession, open_session
from fraiseql.operating.advise.scans import scans
from fraiseql.operating.advise.situation import Situation
from fraiseql.operating.advise.stored_candidates import StoredCandidates
from fraiseql.operating.advise.table_facts import DatabaseFacts, load_table_facts
from fraiseql.operating.advise.workload import Workload, WorkloadStatement, load_workload
from fraiseql.schema import Schema
from fraiseql.settings import Settings

LEAST_MS: Final = 1.0
"""A statement that takes less is left as it is, unless it takes ``SLOW_SHARE`` of the time."""

SLOW_SHARE: Final = 0.05
_EXAMINED: Final = 50


@dataclass(frozen=True, slots=True)
class AdviseOptions:
    """Options of the user.

    Attributes:
        operation: Name or id of the only operation; None for all.
        top: Most recommendations.
        write_share: Share of writes among reads and writes; None takes the server's counts.
    """

    operation: str | None = None
    top: int = 10
    write_share: float | None = None


@dataclass(frozen=True, slots=True)
class AdviceReport:
    """The result of an examination.

    Attributes:
        advice: Recommendations, the best first.
        left: Statements without advice.
        rejected: Candidates that are not recommended.
        workload: The trace.
        facts: Facts of the database.
        floor: Milliseconds of a statement that reads nothing.
        form: Where the predictions come from.
        examined: The statements with a plan.
        notes: Limits of the figures.
    """

    advice: tuple[Advice, ...]
    left: tuple[LeftStatement, ...]
    rejected: tuple[RejectedCandidate, ...]
    workload: Workload
    facts: DatabaseFacts
    floor: float
    form: str
    examined: tuple[ExaminedStatement, ...] = ()
    notes: tuple[str, ...] = field(default=())


async def advise(
    pool: Pool,
    schema: Schema,
    settings: Settings,
    options: AdviseOptions,
    form: PredictionForm | None = None,
) -> AdviceReport:
    """Return advice for the operations of the trace.

    Nothing is changed, and no traced statement runs.

    Args:
        pool: Connections of the role that serves.
        schema: The declared schema.
        settings: Settings of the application, with the address of its database.
        options: Options of the user.
        form: Plans statements with candidates; None opens the best available one.

    Raises:
        ConfigurationError: ``TRACE_EMPTY``: the trace contains nothing.
        DatabaseError: The role may not read it, or the database cannot be reached.
    """
    workload = await load_workload(pool.inspect, options.operation)
    context = await load_context(schema, pool)
    async with open_session(pool) as planner:
        examined, left = await _examine(planner, workload)
    relations = [(scan.schema, scan.table) for each in examined for scan in each.scans]
    relations += [(table.schema, table.name) for table in context.tables.values()]
    facts = await load_table_facts(pool.inspect, relations)
    indexes = _index_proposals(context, examined, facts)
    if options.operation is None:
        indexes += await dropped_indexes(pool, settings, facts)
    async with _opened(pool, settings, facts, form) as chosen:
        await chosen.what_if.add([each.candidate for each in indexes])
        situation = Situation(schema, workload, facts, chosen.times, options.write_share)
        choice = Choice(situation, chosen.what_if)
        advice, rejected = await choice.choose(indexes, examined)
        stored = _stored_proposals(situation, examined, choice)
        more, others = await choice.choose(stored, examined)
    ranked = sorted([*advice, *more], key=lambda each: -each.saved_ms_per_second)
    return AdviceReport(
        tuple(ranked[: options.top]),
        (*left, *_without(examined, ranked, workload)),
        (*rejected, *others),
        workload,
        facts,
        chosen.times.floor,
        chosen.what_if.name,
        tuple(examined),
        _notes(chosen, workload, options),
    )


@asynccontextmanager
async def _opened(
    pool: Pool, settings: Settings, facts: DatabaseFacts, form: PredictionForm | None
) -> AsyncIterator[PredictionForm]:
    if form is not None:
        yield form
        return
    async with open_form(pool, settings.database_url, settings, facts) as opened:
        yield opened


def _notes(form: PredictionForm, workload: Workload, options: AdviseOptions) -> tuple[str, ...]:
    notes = []
    if form.reason:
        notes.append(f"Predicted from the present plans only, which is rough: {form.reason}")
    if workload.others:
        notes.append(f"{workload.others} statements that write were not examined.")
    if options.write_share is not None:
        notes.append(f"Writes are {options.write_share:.0%} of reads and writes, by --write-share.")
    return tuple(notes)


async def _examine(
    planner: PlanSession, workload: Workload
) -> tuple[list[ExaminedStatement], list[LeftStatement]]:
    """Return the statements that are worth a plan, and the others."""
    examined, left = [], []
    for place, statement in enumerate(workload.statements):
        reason = _small(statement, workload) if place < _EXAMINED else "not among the first 50"
        # Constants of these plans are those of the statement: no parameter has a value.
        plans = [] if reason else await planner.plans(replace(statement, samples=()))
        if reason or not plans:
            left.append(LeftStatement(statement, reason or "PostgreSQL refuses to plan it"))
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


def _index_proposals(
    context: ResolveContext, examined: Sequence[ExaminedStatement], facts: DatabaseFacts
) -> list[AdviceProposal]:
    indexes = IndexCandidates(context, facts.tables)
    candidates = merged(
        candidate
        for each in examined
        for scan in each.scans
        for candidate in indexes.of_scan(scan, each.statement)
    )
    return [AdviceProposal(each) for each in candidates]


def _stored_proposals(
    situation: Situation, examined: Sequence[ExaminedStatement], choice: Choice
) -> list[AdviceProposal]:
    """Return the proposals for what indexes leave."""
    stored = StoredCandidates(situation, choice.now)
    cached = CachedCandidates(situation, choice.now)
    slow = [each for each in examined if choice.now[each.statement.id] >= LEAST_MS]
    proposals = [proposal for each in slow for proposal in stored.of(each)]
    for root, own in by_root(slow):
        proposals += cached.of_root(root, own)
    return proposals


def _without(
    examined: Sequence[ExaminedStatement], advice: Sequence[Advice], workload: Workload
) -> list[LeftStatement]:
    """Return the examined statements that no advice helps."""
    helped = {
        statement_id
        for each in advice
        for statement_id, own in each.predictions.items()
        if own.gain > REGRESSION
    }
    return [
        LeftStatement(each.statement, _reason(each, workload))
        for each in examined
        if each.statement.id not in helped
    ]


def _reason(examined: ExaminedStatement, workload: Workload) -> str:
    statement = examined.statement
    figures = f"{statement.mean_ms:.2f} ms, {workload.share(statement):.0%} of the traced time"
    if not examined.scans:
        return f"{figures}; it reads no table"
    if all(scan.index for scan in examined.scans):
        return f"{figures}; every table is read through an index"
    return f"{figures}; no candidate is predicted to pay"
