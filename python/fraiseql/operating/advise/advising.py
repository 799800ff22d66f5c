"""Advice for the operations of a trace."""

from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

from fraiseql.caching.strategies.base import ResolveContext
from fraiseql.caching.strategies.registry import load_context
from fraiseql.database import Pool
from fraiseql.errors import ConfigurationError
from fraiseql.operating.advise.cached_candidates import CachedCandidates, by_root
from fraiseql.operating.advise.candidate import Advice
from fraiseql.operating.advise.choice import AdviceProposal, Choice, merged_proposals
from fraiseql.operating.advise.decision import DecisionPath, decision_paths
from fraiseql.operating.advise.dropped_indexes import dropped_indexes
from fraiseql.operating.advise.examined import (
    LEAST_MS,
    ExaminedStatement,
    LeftStatement,
    RejectedCandidate,
    examine_statements,
    left_statements,
    with_drawn,
)
from fraiseql.operating.advise.forms import PredictionForm, open_form
from fraiseql.operating.advise.hypothetical import created_index, dropped_index
from fraiseql.operating.advise.index_candidates import IndexCandidates, merged
from fraiseql.operating.advise.plan_session import open_session
from fraiseql.operating.advise.scans import largest_sort
from fraiseql.operating.advise.situation import Situation
from fraiseql.operating.advise.stored_candidates import StoredCandidates
from fraiseql.operating.advise.table_facts import DatabaseFacts, load_table_facts
from fraiseql.operating.advise.workload import Workload, load_workload
from fraiseql.schema import Schema
from fraiseql.settings import Settings
from fraiseql.sizing.sizes import shown

_NEEDS_TWIN = (
    "An index that you name is planned in an empty copy of the database on the embedded server:"
    ' pip install "fraiseql[embedded]", and a role that may read the tables.'
)


@dataclass(frozen=True, slots=True)
class AdviseOptions:
    """Options of the user.

    Attributes:
        operation: Name or id of the only operation; None for all.
        top: Most recommendations.
        write_share: Share of writes among reads and writes; None takes the server's counts.
        create: A CREATE INDEX to predict instead.
        drop: An index to predict the loss of instead.
    """

    operation: str | None = None
    top: int = 10
    write_share: float | None = None
    create: str | None = None
    drop: str | None = None

    @property
    def hypothetical(self) -> bool:
        """Whether the user names the change."""
        return self.create is not None or self.drop is not None


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
        paths: Ways of the examined statements through the decision tree.
        notes: Limits of the figures.
        hypothetical: Whether the user named the change, which may not pay.
    """

    advice: tuple[Advice, ...]
    left: tuple[LeftStatement, ...]
    rejected: tuple[RejectedCandidate, ...]
    workload: Workload
    facts: DatabaseFacts
    floor: float
    form: str
    paths: tuple[DecisionPath, ...] = ()
    notes: tuple[str, ...] = field(default=())
    hypothetical: bool = False


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
        ConfigurationError: ``TRACE_EMPTY``: the trace contains nothing; or the user's change cannot
            be made.
        DatabaseError: The role may not read it, or the database cannot be reached.
    """
    workload = await load_workload(pool.inspect, options.operation)
    context = await load_context(schema, pool)
    async with open_session(pool) as session:
        examined, left = await examine_statements(session, workload, small=options.hypothetical)
    examined = [await with_drawn(pool, each) for each in examined]
    relations = [(scan.schema, scan.table) for each in examined for scan in each.scans]
    relations += [(table.schema, table.name) for table in context.tables.values()]
    facts = await load_table_facts(pool.inspect, relations)
    indexes = await _hypothetical(pool, options, facts)
    if not options.hypothetical:
        indexes = _index_proposals(context, examined, facts)
        indexes += [] if options.operation else await dropped_indexes(pool, settings, facts)
    async with _opened(pool, settings, facts, form, planned=bool(indexes)) as chosen:
        if options.hypothetical and chosen.reason:
            raise ConfigurationError(chosen.reason, hint=_NEEDS_TWIN, code="ADVISE_NO_SCRATCH")
        await chosen.what_if.add([each.candidate for each in indexes])
        if options.hypothetical:
            _check_made(chosen, indexes)
        situation = Situation(schema, workload, facts, chosen.times, options.write_share)
        report = await _report(
            situation, chosen, indexes, examined, hypothetical=options.hypothetical
        )
    return replace(
        report,
        advice=report.advice[: options.top],
        left=() if options.hypothetical else (*left, *report.left),
        notes=(*_notes(chosen, workload, options), *_spills(examined, facts)),
    )


def _spills(examined: Sequence[ExaminedStatement], facts: DatabaseFacts) -> Iterator[str]:
    """Yield a note for each statement whose sort exceeds the memory of sorts."""
    for each in examined:
        size = largest_sort(each.plan)
        if size > facts.work_mem:
            yield (
                f"{each.statement.root} sorts about {shown(round(size))}, more than work_mem"
                f" {shown(round(facts.work_mem))}: see fraiseql tune."
            )


async def _report(
    situation: Situation,
    form: PredictionForm,
    indexes: Sequence[AdviceProposal],
    examined: Sequence[ExaminedStatement],
    *,
    hypothetical: bool,
) -> AdviceReport:
    """Return the advice for the examined statements."""
    choice = Choice(situation, form.what_if)
    rejected: list[RejectedCandidate] = []
    if hypothetical:
        advice = [await choice.hypothetical(each, examined) for each in indexes]
    else:
        advice, rejected = await _chosen(situation, choice, indexes, examined)
    queries = situation.schema.queries
    cached = {name for name, query in queries.items() if query.cache is not None}
    return AdviceReport(
        tuple(advice),
        tuple(left_statements(examined, advice, situation.workload, cached, rejected)),
        tuple(rejected),
        situation.workload,
        situation.facts,
        situation.times.floor,
        form.what_if.name,
        () if hypothetical else tuple(decision_paths(situation, examined, advice)),
        hypothetical=hypothetical,
    )


async def _hypothetical(
    pool: Pool, options: AdviseOptions, facts: DatabaseFacts
) -> list[AdviceProposal]:
    """Return the changes that the user names."""
    proposals = []
    if options.create is not None:
        proposals.append(await created_index(pool.inspect, options.create, facts.tables))
    if options.drop is not None:
        proposals.append(await dropped_index(pool.inspect, options.drop))
    return proposals


def _check_made(form: PredictionForm, proposals: Sequence[AdviceProposal]) -> None:
    """Check that the changes that the user names can be made.

    Raises:
        ConfigurationError: One cannot.
    """
    for each in proposals:
        reason = form.what_if.refusals.get(each.candidate.id)
        if reason is not None:
            raise ConfigurationError(
                f"It cannot be made in an empty copy of the database: {reason}.",
                hint=f"Correct the statement; the copy ran: {'; '.join(each.candidate.ddl)}",
            )


async def _chosen(
    situation: Situation,
    choice: Choice,
    indexes: Sequence[AdviceProposal],
    examined: Sequence[ExaminedStatement],
) -> tuple[list[Advice], list[RejectedCandidate]]:
    """Return indexes that pay, and other changes that pay beyond them, the best first."""
    advice, rejected = await choice.choose(indexes, examined)
    more, others = await choice.choose(_stored_proposals(situation, examined, choice), examined)
    ranked = sorted([*advice, *more], key=lambda each: -each.saved_ms_per_second)
    return ranked, [*rejected, *others]


@asynccontextmanager
async def _opened(
    pool: Pool,
    settings: Settings,
    facts: DatabaseFacts,
    form: PredictionForm | None,
    *,
    planned: bool,
) -> AsyncIterator[PredictionForm]:
    """Open a form, unless there is one; without indexes to plan it needs no twin."""
    if form is not None:
        yield form
        return
    async with open_form(pool, settings, facts, twin=planned) as opened:
        yield opened


def _notes(form: PredictionForm, workload: Workload, options: AdviseOptions) -> tuple[str, ...]:
    notes = []
    if form.reason:
        notes.append(f"Predicted from the present plans only, which is rough. {form.reason}")
    if workload.others:
        notes.append(f"{workload.others} statements that write were not examined.")
    unknown = sum(bool(each.param_types) and not each.samples for each in workload.statements)
    if unknown:
        notes.append(
            f"{unknown} statements have no recorded parameters and were planned for any values;"
            " the setting trace=values records some."
        )
    if options.write_share is not None:
        notes.append(f"Writes are {options.write_share:.0%} of reads and writes, by --write-share.")
    return tuple(notes)


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
    return merged_proposals(proposals)
