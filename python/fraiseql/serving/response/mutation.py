"""Answers of mutations: root fields in order, in transactions."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from random import uniform
from time import perf_counter
from typing import Any, Final

from graphql import GraphQLField

from fraiseql.database import Pool, RefusableRows, WriteTransaction, write_transaction
from fraiseql.errors import Forbidden, FraiseQLError, InputError, sqlstate_of
from fraiseql.events import Timings
from fraiseql.schema import Schema
from fraiseql.schema.definitions import WriteOptions
from fraiseql.schema.mutations import LEVELS
from fraiseql.serving.execution.changed_types import ChangedTypes, joined
from fraiseql.serving.execution.run import Run
from fraiseql.serving.execution.violations import CONFLICTS, for_client, refused
from fraiseql.serving.preparation.serving_plan import RootPart, ServingPlan
from fraiseql.serving.response.answer import (
    FieldResult,
    PartitionedRequest,
    render_streams,
    value_of,
)
from fraiseql.serving.response.assemble import assemble
from fraiseql.serving.response.outage import outage
from fraiseql.serving.response.response import Response
from fraiseql.serving.response.staleness import staleness, withheld

_RETRIES: Final = 3
_PAUSE: Final = 0.02
"""Most seconds before the first retry; twice as long before each further one."""


@dataclass(frozen=True, slots=True)
class _Outcome:
    """The outcome of the root fields of one transaction.

    Attributes:
        results: Their values and errors, if all succeeded; else that of the field that failed, if
            it has one.
        failed: The field that failed; None if all succeeded, or the commit of several did not.
        failure: Exception of its function, or of the commit; None if the errors are in ``results``.
        conflict: Whether another attempt may succeed.
        changed: Keys of the written rows by type, if they are reported.
        created: The rows of an input, of which the commit may have refused one.
    """

    results: Sequence[FieldResult] = ()
    failed: RootPart | None = None
    failure: Exception | None = None
    conflict: bool = False
    changed: Mapping[str, Sequence[Any] | None] = field(default_factory=dict)
    created: RefusableRows | None = None


@dataclass(frozen=True, slots=True)
class MutationAnswers:
    """Answers the mutations of an application.

    Attributes:
        pool: Connections.
        schema: The declarations.
        whole: Whether all root fields of an operation are in one transaction.
        changes: Reports the written types; None to report none.
    """

    pool: Pool
    schema: Schema
    whole: bool
    changes: ChangedTypes | None = None

    async def answer(self, serving: ServingPlan, request: PartitionedRequest) -> Response:
        """Run the root fields of an operation in order; return the response after the commits."""
        start, parts = perf_counter(), serving.serial
        results: list[FieldResult] = []
        changed: dict[str, Sequence[Any] | None] = {}
        for unit in [parts] if self.whole else [(part,) for part in parts]:
            outcome = await self._unit(unit, request)
            results += outcome.results
            for name, keys in outcome.changed.items():
                changed[name] = joined(changed.get(name, ()), keys)
            if results and results[-1].value is None:
                # The response has no data, and later fields do not run.
                break
        request.timings.sql = max(0.0, perf_counter() - start - request.timings.render)
        extensions: dict[str, Any] = {}
        if self.changes is not None and changed:
            extensions["fraiseql"] = {"changed": self.changes.extension(changed)}
        return _response(serving, results, extensions)

    async def _unit(self, parts: Sequence[RootPart], request: PartitionedRequest) -> _Outcome:
        """Return the answers of the root fields of one transaction."""
        functions = [root.definition for part in parts for root in part.serving.compiled.python]
        if not functions:
            return _Outcome([await _plain(part, request) for part in parts])
        options = [definition.write or WriteOptions() for definition in functions]
        name = ", ".join(definition.name for definition in functions)
        retries = _RETRIES if all(option.retry for option in options) else 0
        level = max([option.isolation or "" for option in options], key=LEVELS.index) or None
        outcome = await self._attempt(parts, request, name, level)
        for retry in range(retries):
            if not outcome.conflict:
                break
            await asyncio.sleep(uniform(0, _PAUSE * 2**retry))  # noqa: S311 - no secret
            outcome = await self._attempt(parts, request, name, level)
        if outcome.failure is not None:
            if outcome.created is not None:
                await outcome.created.locate(self.pool, outcome.failure)
            return _Outcome([await self._refused(outcome.failed, outcome.failure, request)])
        if self.whole and outcome.failed is not None:
            return _Outcome([replace(result, value=None) for result in outcome.results])
        return outcome

    async def _attempt(
        self,
        parts: Sequence[RootPart],
        request: PartitionedRequest,
        name: str,
        isolation: str | None,
    ) -> _Outcome:
        """Run root fields in a transaction, which is committed if none of them fails."""
        done: list[FieldResult] = []
        part: RootPart | None = None
        created: RefusableRows | None = None
        try:
            async with write_transaction(self.pool, request.identity, name, isolation) as own:
                own.single = len(parts) == 1
                before = await self.changes.counts(own) if self.changes else {}
                for part in parts:
                    result, failures = await _run(part, request, own)
                    if result is None:
                        return _Outcome((), part, failures[0], _conflict(failures))
                    if self._is_refused(result):
                        return _Outcome((result,), part, conflict=_conflict(failures))
                    done.append(result)
                part = None if len(parts) > 1 else parts[0]
                changed: Mapping[str, Sequence[Any] | None] = {}
                if self.changes is not None:
                    after = await self.changes.counts(own)
                    changed = self.changes.changed(before, after, own.written)
                created = own.created
                await own.commit()
        except FraiseQLError as error:
            return _Outcome((), part or parts[0], error, _conflict([error]), created=created)
        return _Outcome(done, changed=changed)

    def _is_refused(self, result: FieldResult) -> bool:
        """Return whether an answer has an error that undoes its writes."""
        if self.whole:
            return bool(result.errors)
        return result.value is None or (result.value == b"null" and bool(result.errors))

    async def _refused(
        self, part: RootPart | None, failure: Exception, request: PartitionedRequest
    ) -> FieldResult:
        """Return the null of a field, and the error for the client."""
        declared = None if part is None else self._field(part)
        errors = [
            await for_client(self.pool, each, declared, self.schema) for each in _causes(failure)
        ]
        if part is None:
            return FieldResult(None, tuple([request.errors.described(each) for each in errors]))
        run = request.new_run(python=False)
        if not self.whole and _is_data(part, errors):
            item = run.encoded(refused(errors), part.serving.compiled.python[0].field.type_name)
            return await _rendered(part, run, part.serving.compiled.answered(item), request)
        results = [
            await _rendered(part, run, part.serving.compiled.failed(run, each), request)
            for each in errors
        ]
        shown = [error for result in results for error in result.errors]
        return FieldResult(None if self.whole else results[0].value, shown)

    def _field(self, part: RootPart) -> GraphQLField | None:
        mutation = self.schema.graphql.mutation_type
        roots = part.serving.compiled.python
        if mutation is None or not roots:
            return None
        declared: GraphQLField = mutation.fields[roots[0].definition.graphql_name]
        return declared


def _causes(failure: Exception) -> Sequence[Exception]:
    """Return the errors of the input in a group, or the failure itself."""
    if isinstance(failure, ExceptionGroup) and all(
        isinstance(each, InputError) for each in failure.exceptions
    ):
        return failure.exceptions
    return (failure,)


def _is_data(part: RootPart, errors: Sequence[Exception]) -> bool:
    """Return whether errors are in the data of a field: they are the client's own."""
    roots = part.serving.compiled.python
    options = roots[0].definition.write if roots else None
    return (
        options is not None
        and options.union
        and all(isinstance(error, InputError | Forbidden) for error in errors)
    )


async def _run(
    part: RootPart, request: PartitionedRequest, transaction: WriteTransaction
) -> tuple[FieldResult | None, Sequence[Exception]]:
    """Return the answer of a field, None if its function failed; and all its errors."""
    request.reports.pop(part.key, None)
    run = request.new_run(python=True, db=transaction)
    streams = await part.serving.compiled.roots(run)
    if run.failures:
        return None, run.failures
    return await _rendered(part, run, streams, request), run.failures


async def _plain(part: RootPart, request: PartitionedRequest) -> FieldResult:
    """Return the answer of a field without a function: a constant, or an error."""
    run = request.new_run(python=False)
    return await _rendered(part, run, await part.serving.compiled.roots(run), request)


async def _rendered(
    part: RootPart, run: Run, streams: list[Any], request: PartitionedRequest
) -> FieldResult:
    timings = Timings()
    body, errors = await render_streams(part.serving, run, streams, timings, request.errors)
    request.timings.render += timings.render
    reports = [*(run.noted or ()), *request.reports.get(part.key, ())]
    return FieldResult(value_of(body, part.name), errors, reports)


def _conflict(errors: Sequence[Exception]) -> bool:
    return any(sqlstate_of(error) in CONFLICTS for error in errors)


def _response(
    serving: ServingPlan, results: Sequence[FieldResult], extensions: Mapping[str, Any]
) -> Response:
    errors = [error for result in results for error in result.errors]
    no_data = any(result.value is None for result in results)
    away = outage(errors, serving.roots, no_data=no_data) if errors else None
    if away is not None:
        return away
    reports = [report for result in results for report in result.reports]
    shown = {**extensions, **(staleness(reports, serving.compiled.plan) or {})}
    body = assemble(serving.serial, results, shown or None)
    return Response(body, withheld=withheld(reports))
