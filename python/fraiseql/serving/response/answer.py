"""Answers of root fields, from result caches or computed, concurrently."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any, Final, Protocol

from graphql.execution.values import VariableValues

from fraiseql.database import Identity, WriteTransaction
from fraiseql.errors import ResponseTooLarge
from fraiseql.events import Timings
from fraiseql.native import LargeText
from fraiseql.results import CacheableField, CacheResult, ComputedValue, FieldRequest
from fraiseql.serving.execution.context_reads import ContextReads
from fraiseql.serving.execution.resolvers import argument_values
from fraiseql.serving.execution.run import Run
from fraiseql.serving.execution.stored_statement import StalenessReport
from fraiseql.serving.preparation.serving_plan import RootPart, ServingPlan
from fraiseql.serving.response.body import Extract
from fraiseql.serving.response.errors import NO_DATA, ResponseErrors
from fraiseql.sources import Freshness

Value = bytes | Extract | None
"""JSON text of a root field's value; None when ``data`` is null or the client has the value."""

_TOO_OLD: Final = "source_stale"


class NewRun(Protocol):
    """Makes a run of one root field."""

    def __call__(
        self,
        *,
        python: bool,
        reads: ContextReads | None = None,
        db: WriteTransaction | None = None,
    ) -> Run:
        """Return the run.

        Args:
            python: Whether it calls Python functions.
            reads: Records their reads of the request.
            db: The transaction that they run in; None for none.
        """


@dataclass(slots=True)
class FieldResult:
    """The result of one root field.

    Attributes:
        value: Its value.
        errors: Errors of fields in it.
        reports: Sources of the value that may be stale.
        answered: The answer of a result cache; None when none was used.
    """

    value: Value
    errors: Sequence[Mapping[str, Any]] = ()
    reports: Sequence[StalenessReport] = ()
    answered: CacheResult | None = None

    @property
    def unchanged(self) -> bool:
        """Whether the client already has the value."""
        return self.answered is not None and self.answered.unchanged


@dataclass(slots=True)
class PartitionedRequest:
    """One request of a partitioned operation.

    Attributes:
        identity: Role and session variables.
        context: The context of resolvers.
        values: Coerced variables.
        raw: Variables as sent.
        full: Returns graphql-core's view of the variables.
        new_run: Makes a run of one of its root fields.
        timings: Records the time of rendering.
        errors: Makes the errors of the response.
        reports: Stale sources that Python functions read, by response key.
        etags: The digests that the client has, by response key.
    """

    identity: Identity
    context: Mapping[str, Any]
    values: Mapping[str, Any]
    raw: Mapping[str, Any]
    full: Callable[[], VariableValues]
    new_run: NewRun
    timings: Timings
    errors: ResponseErrors
    reports: dict[str, list[StalenessReport]]
    etags: Mapping[str, frozenset[str]] = field(default_factory=dict)


def add_report(reports: dict[str, list[StalenessReport]], report: StalenessReport) -> None:
    """Record a stale source that a Python function read."""
    reports.setdefault(report.key, []).append(report)


async def render(
    serving: ServingPlan, run: Run, timings: Timings, response_errors: ResponseErrors
) -> tuple[bytes | LargeText, Sequence[Mapping[str, Any]]]:
    """Run a plan, and return the rendered ``{"data": …}`` and the errors to show.

    Args:
        serving: The plan.
        run: The request.
        timings: Records the time of each step.
        response_errors: Makes the errors to show.
    """
    start = perf_counter()
    streams = await serving.compiled.roots(run)
    timings.sql = perf_counter() - start
    return await render_streams(serving, run, streams, timings, response_errors)


async def render_streams(
    serving: ServingPlan,
    run: Run,
    streams: list[Any],
    timings: Timings,
    response_errors: ResponseErrors,
) -> tuple[bytes | LargeText, Sequence[Mapping[str, Any]]]:
    """Return the same as ``render``, for root fields that have run.

    Args:
        serving: The plan.
        run: The request.
        streams: The values of the root fields.
        timings: Records the time of rendering.
        response_errors: Makes the errors to show.
    """
    compiled, shape = serving.compiled, serving.shape
    fetched = perf_counter()
    most = run.budget.most
    try:
        body, errors, missing = shape.render(streams, most)
        while missing:
            await compiled.compute(run, missing, streams)
            body, errors, missing = shape.render(streams, most)
    except OverflowError:
        timings.render = perf_counter() - fetched
        response_errors.of_fields((), compiled.plan, run.failures)
        return NO_DATA, (response_errors.described(ResponseTooLarge(most)),)
    shown: Sequence[Mapping[str, Any]] = ()
    if errors or compiled.errors or run.failures:
        shown = [
            *response_errors.of_fields(errors or (), compiled.plan, run.failures),
            *[error.formatted for error in compiled.errors],
        ]
    timings.render = perf_counter() - fetched
    return body, shown


async def answer_parts(parts: Sequence[RootPart], request: PartitionedRequest) -> list[FieldResult]:
    """Return the result of each of ``parts``, in their order."""
    if len(parts) == 1:
        return [await _answer(parts[0], request)]
    return list(await asyncio.gather(*[_answer(part, request) for part in parts]))


async def answer_unchanged(
    parts: Sequence[RootPart], results: Sequence[FieldResult], request: PartitionedRequest
) -> list[FieldResult]:
    """Return the results with the values that the client has: its whole response is outdated."""
    request.etags = {}
    missing = [part for part, result in zip(parts, results, strict=True) if result.unchanged]
    answers = iter(await answer_parts(missing, request))
    return [next(answers) if result.unchanged else result for result in results]


async def _answer(part: RootPart, request: PartitionedRequest) -> FieldResult:
    variant = part.variant(request.identity)
    if variant is None:
        computed: FieldResult = (await _compute(part, None, request)).payload
        return computed

    async def compute() -> ComputedValue:
        return await _compute(part, variant.part, request)

    answered = await variant.unit.answer(_ask(part, request), compute)
    if answered.computed is None and _too_old(variant.part.freshness, answered):
        answered = CacheResult("stale", computed=await compute(), detail=_TOO_OLD)
    if answered.computed is not None:
        result: FieldResult = answered.computed.payload
        result.answered = answered
        return result
    return FieldResult(answered.value, (), _reports(part.key, variant.part, answered), answered)


def _ask(part: RootPart, request: PartitionedRequest) -> FieldRequest:
    return FieldRequest(
        request.raw,
        lambda: argument_values(part.arguments, request.values, request.full),
        request.identity,
        request.context,
        request.etags.get(part.key, frozenset()),
    )


async def _compute(
    part: RootPart, cacheable: CacheableField | None, request: PartitionedRequest
) -> ComputedValue:
    """Compute a root field without caches; safe to repeat and to cancel."""
    reads = _recorded_reads(part, cacheable, request)
    run, body, errors = await _rendered(part, request, reads)
    if errors and reads is not None and reads.looked_into:
        # The code may need the object itself, not its proxy: compute again, do not store.
        run, body, errors = await _rendered(part, request, None)
        cacheable = None
    own, read = run.noted or [], request.reports.get(part.key, [])
    result = FieldResult(value_of(body, part.name), errors, [*own, *read])
    unvaried = () if reads is None else tuple(reads.unvaried)
    if cacheable is None or not isinstance(result.value, bytes) or errors or unvaried:
        return ComputedValue(None, cacheable=False, payload=result, unvaried=unvaried)
    age = own[0].seconds if own else None
    return ComputedValue(result.value, _sound(cacheable, own, read), result, age)


async def _rendered(
    part: RootPart, request: PartitionedRequest, reads: ContextReads | None
) -> tuple[Run, bytes | LargeText, Sequence[Mapping[str, Any]]]:
    request.reports.pop(part.key, None)
    run = request.new_run(python=part.serving.compiled.needs_python, reads=reads)
    timings = Timings()
    body, errors = await render(part.serving, run, timings, request.errors)
    request.timings.render += timings.render
    return run, body, errors


def _recorded_reads(
    part: RootPart, cacheable: CacheableField | None, request: PartitionedRequest
) -> ContextReads | None:
    """Return the recorder of Python functions' reads, when their answer may be stored."""
    if cacheable is None or not part.serving.compiled.needs_python:
        return None
    cache = cacheable.cache
    return ContextReads(cache.vary, cache.shared, cacheable.variables, request.identity)


def value_of(body: bytes | LargeText, name: bytes) -> Value:
    """Cut the value of the only field out of ``{"data":{"key":VALUE}}``."""
    start = len(b'{"data":{') + len(name)
    if isinstance(body, LargeText):
        return Extract(body, start, len(body) - len(b"}}"))
    return None if body == NO_DATA else body[start : -len(b"}}")]


def _sound(
    part: CacheableField, own: Sequence[StalenessReport], read: Sequence[StalenessReport]
) -> bool:
    """Whether a value was read from the planned sources, and nothing older."""
    if part.freshness is None:
        return all(report.seconds == 0 for report in (*own, *read))
    return bool(own) and all(report.seconds == 0 for report in read)


def _too_old(freshness: Freshness | None, answered: CacheResult) -> bool:
    """Whether the declaration of the stored documents rejects the age of an answer."""
    if freshness is None or freshness.when_stale == "serve":
        return False
    age = _source_age(answered)
    return age is None or (freshness.bound is not None and age > freshness.bound)


def _source_age(answered: CacheResult) -> float | None:
    """Return the age of a value that was read from stored documents.

    A value from before a refresh was read from the documents of that time, whose age is unknown.
    """
    return answered.source_seconds if answered.lag_seconds == 0 else None


def _reports(key: str, part: CacheableField, answered: CacheResult) -> Sequence[StalenessReport]:
    if part.freshness is not None:
        return (StalenessReport(key, part.type_name, _source_age(answered)),)
    if answered.lag_seconds == 0:
        return ()
    return (StalenessReport(key, part.type_name, answered.lag_seconds),)
