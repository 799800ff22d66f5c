"""Answering: the parts of one request, from result caches or computed, side by side."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any, Final, Protocol

from graphql.execution.values import VariableValues

from fraiseql.database import Identity
from fraiseql.errors import ResponseTooLarge
from fraiseql.events import Timings
from fraiseql.native import LargeText
from fraiseql.results import Answered, Ask, Computed, Part
from fraiseql.serving.execution.context_reads import ContextReads
from fraiseql.serving.execution.resolvers import argument_values
from fraiseql.serving.execution.run import Run
from fraiseql.serving.execution.stored_statement import StalenessReport
from fraiseql.serving.preparation.serving_plan import RootPart, ServingPlan
from fraiseql.serving.response.body import Extract
from fraiseql.serving.response.errors import NO_DATA, ResponseErrors
from fraiseql.sources import Freshness

Value = bytes | Extract | None
"""JSON text of a root field's value; None where there is none: ``data`` is null, or the client has
it."""

_TOO_OLD: Final = "source_stale"


class NewRun(Protocol):
    """Makes a run of one root field."""

    def __call__(self, *, python: bool, reads: ContextReads | None = None) -> Run:
        """Return it.

        Args:
            python: Whether Python functions take part.
            reads: Notes what they read of the request.
        """


@dataclass(slots=True)
class Given:
    """What one root field gave to the response.

    Attributes:
        value: Its value.
        errors: Errors of fields in it.
        noted: What it was answered from that may be stale.
        answered: How a result cache answered it; None where none was asked.
    """

    value: Value
    errors: Sequence[Mapping[str, Any]] = ()
    noted: Sequence[StalenessReport] = ()
    answered: Answered | None = None

    @property
    def unchanged(self) -> bool:
        """Whether the client has the value."""
        return self.answered is not None and self.answered.unchanged


@dataclass(slots=True)
class Asked:
    """One request of a split operation.

    Attributes:
        identity: Role and session variables.
        context: What resolvers see.
        values: Coerced variables.
        raw: Variables as sent.
        full: graphql-core's picture of the variables.
        new_run: Makes a run of one of its root fields.
        timings: Takes the time of rendering.
        errors: Makes the errors of the response.
        read: What Python functions read that may be stale, by response key.
        known: For each response key, the digests that the client has.
    """

    identity: Identity
    context: Mapping[str, Any]
    values: Mapping[str, Any]
    raw: Mapping[str, Any]
    full: Callable[[], VariableValues]
    new_run: NewRun
    timings: Timings
    errors: ResponseErrors
    read: dict[str, list[StalenessReport]]
    known: Mapping[str, frozenset[str]] = field(default_factory=dict)


def note_under_key(read: dict[str, list[StalenessReport]], noted: StalenessReport) -> None:
    """Keep what a Python function read."""
    read.setdefault(noted.key, []).append(noted)


async def render(
    serving: ServingPlan, run: Run, timings: Timings, response_errors: ResponseErrors
) -> tuple[bytes | LargeText, Sequence[Mapping[str, Any]]]:
    """Run a plan, and return the rendered ``{"data": …}`` and the errors to show.

    Args:
        serving: The plan.
        run: The request.
        timings: Takes the time of each step.
        response_errors: Makes the errors to show.
    """
    compiled, shape = serving.compiled, serving.shape
    start = perf_counter()
    streams = await compiled.roots(run)
    fetched = perf_counter()
    timings.sql = fetched - start
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


async def answer_parts(parts: Sequence[RootPart], asked: Asked) -> list[Given]:
    """Return what each of ``parts`` gives to the response, in their order."""
    if len(parts) == 1:
        return [await _answer(parts[0], asked)]
    return list(await asyncio.gather(*[_answer(part, asked) for part in parts]))


async def answer_anew(
    parts: Sequence[RootPart], given: Sequence[Given], asked: Asked
) -> list[Given]:
    """Return the same with the values that the client has, whose response is another one."""
    asked.known = {}
    missing = [part for part, one in zip(parts, given, strict=True) if one.unchanged]
    found = iter(await answer_parts(missing, asked))
    return [next(found) if one.unchanged else one for one in given]


async def _answer(part: RootPart, asked: Asked) -> Given:
    variant = part.variant(asked.identity)
    if variant is None:
        computed: Given = (await _compute(part, None, asked)).rest
        return computed

    async def compute() -> Computed:
        return await _compute(part, variant.part, asked)

    answered = await variant.unit.answer(_ask(part, asked), compute)
    if answered.computed is None and _too_old(variant.part.freshness, answered):
        answered = Answered("stale", computed=await compute(), detail=_TOO_OLD)
    if answered.computed is not None:
        given: Given = answered.computed.rest
        given.answered = answered
        return given
    return Given(answered.value, (), _noted(part.key, variant.part, answered), answered)


def _ask(part: RootPart, asked: Asked) -> Ask:
    return Ask(
        asked.raw,
        lambda: argument_values(part.arguments, asked.values, asked.full),
        asked.identity,
        asked.context,
        asked.known.get(part.key, frozenset()),
    )


async def _compute(part: RootPart, kept: Part | None, asked: Asked) -> Computed:
    """Answer a root field as if there were no caches; it can be done again, and be cancelled."""
    reads = _watched(part, kept, asked)
    run, body, errors = await _rendered(part, asked, reads)
    if errors and reads is not None and reads.looked_into:
        # Code may need an object itself in place of its stand-in. Then the answer is not stored.
        run, body, errors = await _rendered(part, asked, None)
        kept = None
    own, read = run.noted or [], asked.read.get(part.key, [])
    given = Given(_value(body, part.name), errors, [*own, *read])
    unvaried = () if reads is None else tuple(reads.unvaried)
    if kept is None or not isinstance(given.value, bytes) or errors or unvaried:
        return Computed(None, sound=False, rest=given, unvaried=unvaried)
    age = own[0].seconds if own else None
    return Computed(given.value, _sound(kept, own, read), given, age)


async def _rendered(
    part: RootPart, asked: Asked, reads: ContextReads | None
) -> tuple[Run, bytes | LargeText, Sequence[Mapping[str, Any]]]:
    asked.read.pop(part.key, None)
    run = asked.new_run(python=part.serving.compiled.needs_python, reads=reads)
    timings = Timings()
    body, errors = await render(part.serving, run, timings, asked.errors)
    asked.timings.render += timings.render
    return run, body, errors


def _watched(part: RootPart, kept: Part | None, asked: Asked) -> ContextReads | None:
    """Return what notes the reads of Python functions, where their answer may be stored."""
    if kept is None or not part.serving.compiled.needs_python:
        return None
    cache = kept.cache
    return ContextReads(cache.vary, cache.shared, kept.variables, asked.identity)


def _value(body: bytes | LargeText, name: bytes) -> Value:
    """Cut the value of the only field out of ``{"data":{"key":VALUE}}``."""
    start = len(b'{"data":{') + len(name)
    if isinstance(body, LargeText):
        return Extract(body, start, len(body) - len(b"}}"))
    return None if body == NO_DATA else body[start : -len(b"}}")]


def _sound(part: Part, own: Sequence[StalenessReport], read: Sequence[StalenessReport]) -> bool:
    """Whether a value is what the part is planned to be answered from, and nothing older."""
    if part.freshness is None:
        return all(noted.seconds == 0 for noted in (*own, *read))
    return bool(own) and all(noted.seconds == 0 for noted in read)


def _too_old(freshness: Freshness | None, answered: Answered) -> bool:
    """Whether the declaration of what is kept in the tables' place wants another answer."""
    if freshness is None or freshness.when_stale == "serve":
        return False
    age = _source_age(answered)
    return age is None or (freshness.bound is not None and age > freshness.bound)


def _source_age(answered: Answered) -> float | None:
    """Return the age of a value that was read from what may be stale.

    A value that lacks a refresh was read from what was there before it: how old that was is not
    known any more.
    """
    return answered.source_seconds if answered.seconds == 0 else None


def _noted(key: str, part: Part, answered: Answered) -> Sequence[StalenessReport]:
    if part.freshness is not None:
        return (StalenessReport(key, part.type_name, _source_age(answered)),)
    if answered.seconds == 0:
        return ()
    return (StalenessReport(key, part.type_name, answered.seconds),)
